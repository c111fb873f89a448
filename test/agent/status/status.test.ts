import assert from 'node:assert/strict';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import {
  readStatus,
  STATUS_FILE,
  STATUS_GAP_MS,
  STATUS_MS,
  type StatusFacts,
  StatusKeeper,
} from '../../../agent/status/status.ts';
import { temporaryDir, until } from '../../support/agent-kit.ts';

const FACTS: StatusFacts = {
  ...{ site: 'hq', agent: 'do-1', epoch: 1, log: 'l', enrolled_ms: 1, collector: 'https://c' },
  ...{ run: 'r', list: null, engines: null, last_delivery_ms: null, last_proof_ms: null },
  spool: {
    ...{ waiting: 0, held: 0, oldest_ms: null, bytes: 1, bytes_max: 100 },
    ...{ seq: 0, sent_to: 0, proven_to: 0 },
  },
  clock: { synchronised: false, source: null, offset_ms: null },
  ...{ delivery_problem: '', last_problem: null, noticed: null },
};

/** A keeper whose sleeps end by hand, or by their signal. */
function keeper(state_dir: string) {
  const slept: number[] = [];
  let wake = (): void => undefined;
  let seq = 0;
  const kept = new StatusKeeper({
    ...{ state_dir, software: '0.1.0', pid: process.pid },
    platform: { wall_ms: () => 5, monotonic_ms: () => 7.4, bootId: () => 'b' },
    sleep: (ms, signal) => {
      slept.push(ms);
      return new Promise((resolve) => {
        wake = resolve;
        signal.addEventListener('abort', () => resolve());
      });
    },
    facts: () => ({ ...FACTS, spool: { ...FACTS.spool, seq } }),
  });
  const setSeq = (value: number): void => {
    seq = value;
  };
  return { kept, slept, wake: () => wake(), setSeq };
}

test('changes are written together a second later, ages every 30 s, the end at once', async (t) => {
  const dir = temporaryDir(t);
  const { kept, slept, wake, setSeq } = keeper(dir);
  kept.start();
  assert.deepEqual(slept, [STATUS_MS]);
  const first = readStatus(dir);
  assert.equal(first?.state, 'waiting_for_list');
  assert.equal(first?.pid, process.pid);
  assert.equal(first?.started_mono_ms, 7);
  assert.equal(statSync(join(dir, STATUS_FILE)).mode & 0o777, 0o600);
  if (existsSync('/proc/self/stat')) assert.match(first?.process?.start_ticks ?? '', /^\d+$/);

  setSeq(1);
  kept.changed();
  kept.changed();
  await until(() => slept.length === 2, 'the gap');
  assert.deepEqual(slept, [STATUS_MS, STATUS_GAP_MS]);
  assert.equal(readStatus(dir)?.spool.seq, 0, 'not yet');
  setSeq(2);
  kept.changed();
  wake();
  await until(() => slept.length === 3, 'the next wait');
  assert.equal(readStatus(dir)?.spool.seq, 2);
  assert.deepEqual(slept, [STATUS_MS, STATUS_GAP_MS, STATUS_MS], 'one writing for all three');

  setSeq(3);
  wake();
  await until(() => slept.length === 4, 'the wait after that');
  assert.equal(readStatus(dir)?.spool.seq, 3, 'without a word of anybody');
  await kept.stop();
  assert.equal(readStatus(dir)?.state, 'stopped');
});
