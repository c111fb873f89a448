import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import test from 'node:test';
import { cristian, RunClock } from '../../agent/clock.ts';
import type { ListInForce } from '../../agent/record/draft.ts';
import { EARLY_GAP_MS, EARLY_PER_HOUR_MAX, EarlyLimit } from '../../agent/record/early.ts';
import { Recorder } from '../../agent/record.ts';
import { createSealer, type SealedBatch } from '../../agent/seal.ts';
import { Walk } from '../../agent/walk.ts';
import { toBase64 } from '../../shared/bytes.ts';
import { checkLink } from '../../shared/evidence/chain.ts';
import type { ClockSample } from '../../shared/measure/batch.ts';
import { parseHeader } from '../../shared/measure/header.ts';
import { encodeRuns } from '../../shared/measure/runs.ts';
import { parseResultSection } from '../../shared/measure/section.ts';
import type { PublicTarget } from '../../shared/measure/targets.ts';
import { unpackSection } from '../../shared/node/section-bytes.ts';
import { testSigner } from '../fixtures/test-keys.ts';
import { crypto } from '../support/agent-kit.ts';

const HOUR_MS = 3_600_000;
const START_UTC_MS = 1_790_000_040_000;
const HASH = toBase64(new Uint8Array(32));
const probes = { icmp: { interval_ms: 1_000, timeout_ms: 800 } };
const GATEWAY: PublicTarget = {
  code: 'gw',
  kind: 'gateway',
  own: true,
  reachability: 'icmp',
  probes,
  commitment: HASH,
};
const list = (version: number): ListInForce => ({ version, hash: HASH, targets: [GATEWAY] });

function sample(mono_ms: number, offset_ms: number, more: Partial<ClockSample> = {}): ClockSample {
  const wall_ms = mono_ms + offset_ms;
  return { mono_ms, wall_ms, source: 'kernel', sync: true, error_ms: 1, ...more };
}

function walkAt(first: ClockSample) {
  const now = { ms: first.mono_ms };
  const clock = new RunClock();
  clock.kernel(first);
  const early = new EarlyLimit();
  const recorder = new Recorder({
    monotonic_ms: () => now.ms,
    offset_ms: () => clock.offset_ms ?? 0,
    carrierLostSince: () => false,
    encodeRuns,
    onEarly: (sent_mono_ms) => early.wish(sent_mono_ms),
    onProblem: () => undefined,
    list: list(1),
  });
  const batches: SealedBatch[] = [];
  const store = {
    head: { epoch: 1, seq: 0, hash: new Uint8Array(32) },
    put(batch: SealedBatch) {
      store.head = { epoch: 1, seq: batch.seq, hash: new Uint8Array(batch.hash) };
    },
  };
  let runs = 0;
  const restarted: number[] = [];
  const walk = new Walk({
    ...{ monotonic_ms: () => now.ms, recorder, clock, early, store, boot: 'boot' },
    sealer: createSealer({
      ...{ crypto, signer: testSigner('agent'), site: 'hq', agent: 'do-1', software: '0.1.0' },
      randomBytes: (count) => randomBytes(count),
    }),
    newRunId: () => {
      runs += 1;
      return `run-${runs}`;
    },
    seen: () => ({ log: 'l', size: 1 }),
    engine: () => ({ icmp: 'none', arp: 'none' }),
    host: () => undefined,
    onSealed: (batch) => batches.push(batch),
    onNewRun: () => restarted.push(now.ms),
    onList: () => undefined,
  });
  const headers = () => batches.map(({ header }) => parseHeader(header));
  return { now, clock, recorder, early, walk, headers, restarted, store, batches };
}

/** One tick a second until `end_ms`; verdicts come 800 ms later. */
function probe(w: ReturnType<typeof walkAt>, series: number, from_n: number, to_n: number): void {
  for (let n = from_n; n < to_n; n++) {
    w.now.ms = 1_250 + n * 1_000 + 800;
    w.recorder.row({ series, n, codes: ['r'], rtt_us: [300], lag_ms: 0 });
    w.walk.tick();
  }
}

const SERIES = { id: 1, probe: 'icmp', t0_ms: 1_250, interval_ms: 1_000, targets: [0] } as const;

test('every UTC minute is one batch, chained, closed to the minute', () => {
  const w = walkAt(sample(1_000, START_UTC_MS));
  w.recorder.open(SERIES);
  probe(w, 1, 0, 200);
  const headers = w.headers();
  assert.deepEqual(
    headers.map(({ cause }) => cause),
    ['minute', 'minute', 'minute'],
  );
  assert.deepEqual(
    headers.map(({ closed_to_ms }) => closed_to_ms % 60_000),
    [0, 0, 0],
  );
  for (const [i, header] of headers.entries()) {
    assert.equal(header.seq, i + 1);
    assert.ok(header.sealed_ms - header.closed_to_ms < 1_000);
  }
  assert.equal(headers[0]?.clock.length, 1);
});

test('a regular batch waits at most 3 s for verdicts; late ones go into the next', () => {
  const w = walkAt(sample(1_000, START_UTC_MS));
  w.recorder.open(SERIES);
  const minute_mono_ms = 60_000 - (START_UTC_MS % 60_000);
  probe(w, 1, 0, 10);
  w.now.ms = minute_mono_ms + 2_900;
  w.walk.tick();
  assert.equal(w.headers().length, 0);
  w.now.ms = minute_mono_ms + 3_000;
  w.walk.tick();
  const [header] = w.headers();
  assert.equal(header?.closed_to_ms, 1_250 + 10_000 + START_UTC_MS, 'it says what is missing');
});

test('early batches keep their distance and their number', () => {
  const limit = new EarlyLimit();
  assert.equal(limit.grant(0), false, 'nobody wished');
  limit.wish();
  assert.equal(limit.grant(0), true);
  limit.sealed();
  limit.wish();
  assert.equal(limit.grant(EARLY_GAP_MS - 1), false);
  assert.equal(limit.grant(EARLY_GAP_MS), true, 'the wish is kept');
  let granted = 2;
  for (let ms = 2 * EARLY_GAP_MS; ms < HOUR_MS; ms += EARLY_GAP_MS) {
    limit.wish();
    if (limit.grant(ms)) granted += 1;
  }
  assert.equal(granted, EARLY_PER_HOUR_MAX);
});

test('a loss behind the minute is sealed early although the minute still waits for verdicts', () => {
  const w = walkAt(sample(1_000, START_UTC_MS));
  w.recorder.open(SERIES);
  // Its verdict of the minute that ends is still to come: the regular batch waits for it.
  w.recorder.open({ ...SERIES, id: 2, t0_ms: 15_500, interval_ms: 10_000 });
  const minute_mono_ms = 60_000 - (START_UTC_MS % 60_000);
  const last = Math.floor((minute_mono_ms - 1_250) / 1_000);
  probe(w, 1, 0, last);
  for (let n = last; n < last + 3; n++) {
    w.now.ms = 1_250 + n * 1_000 + 800;
    w.recorder.row({ series: 1, n, codes: ['n'], rtt_us: [-1], lag_ms: 0 });
    w.walk.tick();
  }
  for (; w.now.ms < minute_mono_ms + 4_000; w.now.ms += 200) w.walk.tick();
  assert.deepEqual(
    w.headers().map(({ cause }) => cause),
    ['minute', 'early'],
  );
});

test('a new run and a stop close a list change that was due before they seal', () => {
  for (const end of ['newRun', 'stop'] as const) {
    const w = walkAt(sample(1_000, START_UTC_MS));
    w.recorder.open(SERIES);
    probe(w, 1, 0, 5);
    const from_ms = w.walk.announceList(list(2));
    const last = Math.ceil((from_ms - 1_250) / 1_000);
    w.recorder.open({ ...SERIES, id: 2, t0_ms: 1_250 + last * 1_000 });
    probe(w, 1, 5, last - 1);
    w.now.ms = from_ms + 2_100;
    w.recorder.row({ series: 2, n: 0, codes: ['r'], rtt_us: [5], lag_ms: 0 });
    w.walk.tick();
    assert.equal(w.headers().length, 0, 'the last verdict of the old list is still to come');
    if (end === 'stop') w.walk.stop();
    else w.walk.newRun(sample(w.now.ms, START_UTC_MS));
    const [closing, next, ...more] = w.headers();
    assert.deepEqual([closing?.cause, closing?.list.version], ['list', 1]);
    assert.ok((closing?.closed_to_ms ?? Infinity) <= from_ms + START_UTC_MS);
    assert.equal(next?.list.version, 2);
    assert.equal(next?.sections.length, 1, 'the first row of the new list is in it');
    assert.equal(more.length, 0);
    assert.equal(w.walk.changing, false);
  }
});

test('a list change in mid-minute closes the old list at a whole minute', () => {
  const w = walkAt(sample(1_000, START_UTC_MS));
  w.recorder.open(SERIES);
  probe(w, 1, 0, 5);
  const from_ms = w.walk.announceList(list(2));
  assert.equal((from_ms + START_UTC_MS) % 60_000, 0);
  assert.ok(from_ms - w.now.ms >= 5_000);
  const last = Math.ceil((from_ms - 1_250) / 1_000);
  w.recorder.open({ ...SERIES, id: 2, t0_ms: 1_250 + last * 1_000 });
  probe(w, 1, 5, last - 1);
  assert.equal(w.headers().length, 0);
  w.now.ms = from_ms + 400;
  w.walk.tick();
  assert.equal(w.headers().length, 0, 'the last verdict of the old list is still to come');
  w.recorder.row({ series: 1, n: last - 1, codes: ['n'], rtt_us: [-1], lag_ms: 0 });
  w.recorder.close(1);
  w.recorder.row({ series: 2, n: 0, codes: ['r'], rtt_us: [5], lag_ms: 0 });
  w.walk.tick();
  w.now.ms = from_ms + 61_000;
  w.recorder.close(2);
  w.walk.tick();
  const [closing, next] = w.headers();
  assert.equal(closing?.cause, 'list');
  assert.equal(closing?.list.version, 1);
  assert.deepEqual(
    closing?.events.map(({ code, value, utc_ms }) => ({ code, value, utc_ms })),
    [{ code: 'list_applied', value: 2, utc_ms: from_ms + START_UTC_MS }],
  );
  assert.equal(next?.list.version, 2);
  assert.ok((next?.sections.length ?? 0) > 0);
});

test('clock steps of −1 h and +30 min do not move the offset of the run', () => {
  for (const step_ms of [-HOUR_MS, HOUR_MS / 2]) {
    const w = walkAt(sample(1_000, START_UTC_MS));
    w.now.ms = 20_000;
    w.clock.stepped();
    w.walk.kernelSample(sample(20_000, START_UTC_MS + step_ms));
    assert.equal(w.clock.offset_ms, START_UTC_MS);
    const collector = sample(25_000, START_UTC_MS + 40, { source: 'collector', error_ms: 50 });
    w.walk.collectorSample(collector, sample(25_000, START_UTC_MS + step_ms));
    w.walk.kernelSample(sample(30_000, START_UTC_MS + step_ms));
    assert.equal(w.clock.offset_ms, START_UTC_MS, 'the kernel is not believed any more');
    assert.equal(w.walk.run, 'run-1');
    // Set right again and confirmed by the collector, its word counts again.
    w.walk.kernelSample(sample(40_000, START_UTC_MS));
    w.walk.collectorSample(
      { ...collector, mono_ms: 41_000, wall_ms: 41_000 + START_UTC_MS },
      sample(41_000, START_UTC_MS),
    );
    w.walk.kernelSample(sample(42_000, START_UTC_MS + 3));
    assert.equal(w.clock.offset_ms, START_UTC_MS + 3);
    assert.deepEqual(w.restarted, []);
  }
});

test('an unsynchronised start becomes a new run when the collector tells the time', () => {
  const wrong_ms = 86_400_000;
  const w = walkAt(sample(1_000, wrong_ms, { sync: false, source: 'none', error_ms: null }));
  assert.equal(w.clock.synchronised, false);
  w.now.ms = 9_000;
  const told = cristian(8_000, 8_100, START_UTC_MS + 8_050);
  assert.ok(told !== undefined);
  w.walk.collectorSample(told, sample(9_000, wrong_ms, { sync: false }));
  assert.equal(w.walk.run, 'run-2');
  assert.equal(w.clock.offset_ms, START_UTC_MS);
  assert.equal(w.clock.synchronised, true);
  assert.deepEqual(w.restarted, [9_000]);
  const [old] = w.headers();
  assert.deepEqual([old?.cause, old?.run], ['run', 'run-1']);
  assert.equal(old?.clock[0]?.sync, false);
  w.walk.stop();
  const [first, last] = w.headers();
  assert.deepEqual([last?.cause, last?.run, last?.clock.length], ['stop', 'run-2', 1]);
  assert.equal(last?.events.at(-1)?.code, 'stop');
  assert.ok(first !== undefined && last !== undefined);
  const hash = crypto.sha256(new Uint8Array());
  assert.equal(checkLink({ epoch: 1, seq: 1, hash }, last), 'broken_prev');
});

test('a run names its programs and writes SNMP tables whole, at its start and after a lost batch', () => {
  const w = walkAt(sample(1_000, START_UTC_MS));
  const poll = () => {
    w.now.ms += 100;
    const times = { requested_mono_ms: w.now.ms, response_ms: 2 };
    const system = { ...times, ok: true, sys_uptime_ticks: w.now.ms, scalars: {} } as const;
    const columns = { ifInErrors: new Map([[1, w.now.ms]]) };
    w.recorder.poll(0, { system, status: { ...system, columns, truncated: false } }, 1);
  };
  const seal = (how: 'minute' | 'run') => {
    poll();
    if (how === 'run') w.walk.newRun(sample(w.now.ms, START_UTC_MS));
    else w.now.ms += 60_000;
    w.walk.tick();
  };
  const { put } = w.store;
  seal('minute');
  seal('minute');
  w.store.put = () => {
    throw new Error('the disk broke');
  };
  assert.throws(() => seal('minute'), /disk/);
  w.store.put = put;
  seal('minute');
  seal('run');
  seal('minute');
  const whole = w.batches.flatMap(({ sections: [infra] }) => {
    // The minute of the lost batch is closed by one that holds nothing.
    if (infra === undefined) return [];
    const { snmp } = parseResultSection(unpackSection('infra', infra), null, 'infra');
    return snmp?.[0]?.polls.map(([, , , , , held]) => held !== undefined && 'columns' in held);
  });
  assert.deepEqual(whole, [true, false, true, false, true]);
  const headers = w.headers();
  for (const [i, { run, engine, software }] of headers.entries()) {
    const first = run !== headers[i - 1]?.run;
    assert.deepEqual([engine?.icmp, software], first ? ['none', '0.1.0'] : [undefined, undefined]);
  }
  assert.equal(w.walk.run, 'run-2');
});

test('a slow answer says nothing of the time', () => {
  assert.equal(cristian(0, 2_000, START_UTC_MS), undefined);
  assert.equal(cristian(0, 100, START_UTC_MS)?.error_ms, 50);
});
