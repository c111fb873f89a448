import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CheckResult } from '../../../agent/probe/check.ts';
import { type CheckPlan, createCheckEngines } from '../../../agent/probe/checks.ts';
import { RecordingSink, realClock, until } from './recording-sink.ts';

const ACCEPTED: CheckResult = { code: 'r', outcome: 'accepted', phases_us: [7] };
const SERVFAIL: CheckResult = { code: 'n', outcome: 'servfail', phases_us: [9], status: 2 };

function plan(index: number, more: Partial<CheckPlan> = {}): CheckPlan {
  return {
    ...{ index, probe: 'tcp', check: 0, interval_ms: 1_000, timeout_ms: 400 },
    ask: async () => ACCEPTED,
    ...more,
  };
}

async function withEngines<T>(
  work: (
    engines: ReturnType<typeof createCheckEngines>,
    sink: RecordingSink,
    clock: ReturnType<typeof realClock>,
  ) => Promise<T>,
): Promise<T> {
  const sink = new RecordingSink();
  const clock = realClock();
  let ids = 0;
  const engines = createCheckEngines({ sink, clock, next_id: () => ++ids });
  try {
    return await work(engines, sink, clock);
  } finally {
    await engines.stop();
  }
}

test('a series per probe and check; verdicts carry how they came about', async () => {
  await withEngines(async (engines, sink, clock) => {
    const failing: Partial<CheckPlan> = { probe: 'dns', ask: async () => SERVFAIL };
    const from_ms = clock.monotonic_ms();
    await engines.apply([plan(3), plan(5), plan(3, { check: 1 }), plan(3, failing)], from_ms);
    await until('rows of all', () => [0, 1, 2].every((k) => sink.rowsOf(k).length > 1));
    const named = sink.opened.map(({ probe, check, targets }) => [probe, check, targets.join()]);
    assert.deepEqual(named, [
      ['tcp', undefined, '3,5'],
      ['tcp', 1, '3'],
      ['dns', undefined, '3'],
    ]);
    const [first] = sink.rowsOf(0);
    assert.deepEqual(first?.codes, ['r', 'r']);
    assert.deepEqual(first?.rtt_us, [7, 7]);
    assert.deepEqual(
      first?.details?.map((detail) => detail?.result),
      [ACCEPTED, ACCEPTED],
    );
    const due_ms = sink.opened[0]?.t0_ms ?? 0;
    const sent_ms = first?.details?.[0]?.sent_ms ?? 0;
    assert.ok(Number.isInteger(sent_ms) && sent_ms >= due_ms && sent_ms < due_ms + 400);
    const [answer] = sink.rowsOf(2);
    assert.deepEqual(answer?.codes, ['n']);
    assert.deepEqual(answer?.details?.[0]?.result, SERVFAIL);
  });
});

test('many checks start in bursts a second apart, each in its own slot', async () => {
  await withEngines(async (engines, sink, clock) => {
    const many = Array.from({ length: 40 }, (_, k) => plan(k, { interval_ms: 10_000 }));
    await engines.apply(many, clock.monotonic_ms());
    assert.equal(sink.opened.length, 4);
    const starts = sink.opened.map(({ t0_ms }) => t0_ms);
    const offset_ms = clock.wall_ms() - clock.monotonic_ms();
    const slots = new Set(starts.map((ms) => Math.floor((ms + offset_ms) / 10_000)));
    assert.equal(slots.size, 1);
    assert.equal(sink.opened.flatMap(({ targets }) => targets).length, 40);
    for (const ms of starts) assert.ok([0, 1_000, 2_000, 3_000].includes(ms - (starts[0] ?? 0)));
  });
});

test('who found no turn in half of his time is x without details, not accused', async () => {
  await withEngines(async (engines, sink, clock) => {
    const slow = async (deadline: AbortSignal): Promise<CheckResult> => {
      await new Promise((resolve) => deadline.addEventListener('abort', resolve, { once: true }));
      return { code: 'n', outcome: 'connect_timeout', phases_us: [null, null, null, null, null] };
    };
    const http: Partial<CheckPlan> = { probe: 'http', ask: slow };
    const crowd = Array.from({ length: 17 }, (_, k) => plan(k, http));
    await engines.apply(crowd, clock.monotonic_ms());
    await until('all rows', () => sink.opened.every((_, k) => sink.rowsOf(k).length > 0));
    // Whose turn comes last is chance: they are told apart by what is said of each.
    const said = sink.opened.flatMap((_, k) => {
      const { codes = [], details } = sink.rowsOf(k)[0] ?? {};
      return codes.map((code, at) => (details?.[at] ? `${code} with details` : code));
    });
    assert.deepEqual(said.sort(), [...Array<string>(16).fill('n with details'), 'x']);
  });
});

test('an answer that a stalled process read too late is no reply', async () => {
  await withEngines(async (engines, sink, clock) => {
    const stall = async (): Promise<CheckResult> => {
      const end_ms = clock.monotonic_ms() + 420;
      while (clock.monotonic_ms() < end_ms);
      return ACCEPTED;
    };
    await engines.apply([plan(0, { ask: stall })], clock.monotonic_ms());
    await until('a row', () => sink.rowsOf(0).length > 0);
    const [row] = sink.rowsOf(0);
    assert.deepEqual(row?.codes, ['n']);
    assert.equal(row?.details?.[0]?.result.outcome, 'timeout');
  });
});

test('a list change loses no slot; a stop ends what is asked and closes all series', async () => {
  await withEngines(async (engines, sink, clock) => {
    await engines.apply([plan(0), plan(1)], clock.monotonic_ms());
    await until('a row', () => sink.rowsOf(0).length > 0);
    const offset_ms = clock.wall_ms() - clock.monotonic_ms();
    const next_ms = Math.ceil((clock.monotonic_ms() + offset_ms + 500) / 1_000) * 1_000;
    await engines.apply([plan(1)], next_ms - offset_ms);
    await until('rows of the new list', () => sink.rowsOf(1).length > 1);
    let aborted = false;
    const endless = (deadline: AbortSignal) =>
      new Promise<CheckResult>(() =>
        deadline.addEventListener('abort', () => {
          aborted = true;
        }),
      );
    let asked = false;
    const ask = (deadline: AbortSignal): Promise<CheckResult> => {
      asked = true;
      return endless(deadline);
    };
    await engines.apply([plan(1, { ask })], clock.monotonic_ms());
    await until('it is asked', () => asked);
    await engines.stop();
    assert.ok(aborted);
    assert.equal(sink.closed.length, sink.opened.length);
    const slots = sink.ticksOf(1).map(({ at_ms }) => Math.floor((at_ms + offset_ms) / 1_000));
    for (const [k, slot] of slots.entries()) {
      const before = slots[k - 1];
      if (before !== undefined) assert.ok(slot === before || slot === before + 1);
    }
  });
});
