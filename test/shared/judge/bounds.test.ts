import assert from 'node:assert/strict';
import test from 'node:test';
import { decodeChunk, encodeChunk } from '../../../shared/judge/chunk.ts';
import { createJudgeState, foldInput } from '../../../shared/judge/judge.ts';
import { GAPS_MAX, LISTS_KEPT, PENDING_TICKS_MAX } from '../../../shared/judge/state.ts';
import type { JudgeInput } from '../../../shared/judge/types.ts';
import type { BatchHeader } from '../../../shared/measure/batch.ts';
import { HEADER, LIST } from '../measure/example.ts';

const T0 = 1_790_002_800_000;
const SYNC = { mono_ms: 0, wall_ms: T0, source: 'kernel', sync: true, error_ms: 1 } as const;
const FREE = { ...SYNC, source: 'none', sync: false } as const;

function batch(seq: number, s: string, more: Partial<BatchHeader>, n0 = 0): JudgeInput {
  const n = s === '' ? 0 : [...s.matchAll(/\d+/g)].reduce((sum, [count]) => sum + Number(count), 0);
  const closed_to_ms = T0 + (n0 + n) * 1_000;
  const header: BatchHeader = {
    ...{ ...HEADER, seq, events: [], clock: [SYNC], list: { version: 3, hash: 'h' } },
    ...{ closed_to_ms, ...more },
  };
  const part = { probe: 'icmp', t0: 0, i: 1_000, n0, n, targets: [0], s: [s] } as const;
  const sections = [{ v: 1 as const, series: n === 0 ? [] : [part] }];
  const recv_ms = closed_to_ms + 500;
  const { agent, epoch } = HEADER;
  return {
    kind: 'batch',
    leaf: seq + 100,
    recv_ms,
    agent,
    epoch,
    seq,
    header,
    sections,
    fault: null,
  };
}

function begin() {
  const state = createJudgeState();
  const { agent } = HEADER;
  foldInput(state, { kind: 'enrol', leaf: 0, agent, epoch: 1 });
  foldInput(state, { kind: 'targets', leaf: 1, agent, hash: 'h', list: LIST });
  return { state, agent, of: () => state.agents[agent] };
}

test('a month of a steady run without a clock is a few joined ticks', () => {
  const { state, of } = begin();
  for (let seq = 1; seq <= 720; seq++) {
    foldInput(state, batch(seq, 'r3600', { clock: [FREE] }, (seq - 1) * 3_600));
  }
  assert.deepEqual([of()?.pending.length, of()?.pending_ticks], [1, 1]);
  const out = foldInput(state, batch(721, 'r60', {}, 720 * 3_600));
  assert.equal(out.chunks.length, 720);
  assert.ok(out.chunks.every((chunk) => chunk.runs['sw-core']?.[0]?.slots === 3_600));
  assert.ok(JSON.stringify(state).length < 10_000);
});

test('what waits for a clock is given up beyond its limit', () => {
  const { state, of } = begin();
  const flapping = 'r1n1'.repeat(1_800);
  const count = Math.ceil(PENDING_TICKS_MAX / 3_600) + 1;
  for (let seq = 1; seq <= count; seq++) {
    foldInput(state, batch(seq, flapping, { clock: [FREE] }, (seq - 1) * 3_600));
    assert.ok((of()?.pending_ticks ?? 0) <= PENDING_TICKS_MAX);
  }
  foldInput(state, batch(count + 1, 'r60', {}, count * 3_600));
  const said = JSON.stringify(of()?.devices[0]);
  assert.ok(of()?.pending_ticks === 0 && said.length < 2_000_000);
});

test('gaps and lists that pile up are joined and dropped', () => {
  const { state, of, agent } = begin();
  for (let seq = 1; seq <= 3 * GAPS_MAX; seq++) {
    foldInput(state, batch(seq, 'r1', { run: `r${seq}`, closed_to_ms: T0 }, 2 * seq));
    assert.ok((of()?.gaps.length ?? 0) <= GAPS_MAX);
  }
  for (let version = 4; version < 4 + 2 * LISTS_KEPT; version++) {
    const list = { ...LIST, version };
    foldInput(state, { kind: 'targets', leaf: 1_000 + version, agent, hash: `h${version}`, list });
  }
  assert.equal(of()?.lists.length, LISTS_KEPT);
  assert.equal(of()?.lists.at(-1)?.version, 3 + 2 * LISTS_KEPT);
});

test('an agent that never says closed is not waited for longer than an hour', () => {
  const { state, of } = begin();
  foldInput(state, batch(1, 'r3600', { closed_to_ms: 0 }));
  foldInput(state, batch(2, 'r3600', { closed_to_ms: 0 }, 3_600));
  assert.equal(of()?.closed_ms, T0 + 7_199_000 - 3_600_000);
});

test('a clock of 1970 that claims to be right does not open fifty years of gaps', () => {
  const { state, of } = begin();
  const old = { ...SYNC, wall_ms: 86_400_000 };
  const out = foldInput(state, batch(1, 'r60', { clock: [old], closed_to_ms: 86_460_000 }));
  assert.equal(out.chunks.length, 0);
  const next = foldInput(state, batch(2, 'r60', { run: 'other' }, 60));
  assert.ok(next.chunks.length <= 48);
  assert.equal(of()?.closed_ms, T0 + 120_000);
});

test('a damaged chunk is named, a whole one comes back', () => {
  const { state } = begin();
  foldInput(state, batch(1, 'r1800n3r1797', {}));
  const [chunk] = foldInput(state, batch(2, 'r60', {}, 3_600)).chunks;
  assert.ok(chunk === undefined);
  const next = foldInput(state, batch(3, 'r3600', {}, 3_660)).chunks;
  assert.equal(next.length, 1);
  for (const one of next) {
    const text = encodeChunk(one);
    assert.deepEqual(decodeChunk(text), one);
    assert.deepEqual(decodeChunk(text, 'nobody').runs, {});
    for (const bad of ['', '[]', text.slice(1), text.replace('"R"', '"?"')]) {
      assert.throws(() => decodeChunk(bad), { code: 'CHUNK_FORMAT' });
    }
  }
});
