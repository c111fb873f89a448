import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  GENTLE_FACTOR_MAX,
  PACE_POLLS,
  type Pace,
  type PollCost,
  paceAfter,
  paceLadder,
  SLOW_POLLS,
  startPace,
} from '../../../agent/snmp/pace.ts';
import { INTERVALS_S } from '../../../shared/measure/codes.ts';

const GOOD: PollCost = { answers: 8, timeouts: 0, answer_ms: 8 * 10 };
const SLOW: PollCost = { ...GOOD, answer_ms: 8 * 31 };
const LOSSY: PollCost = { ...GOOD, timeouts: 3 };
const SILENT: PollCost = { answers: 0, timeouts: 2, answer_ms: 0 };

function after(pace: Pace, cost: PollCost, times: number): Pace {
  let now = pace;
  for (let i = 0; i < times; i++) now = paceAfter(now, cost);
  return now;
}

const cost = fc.record({
  answers: fc.nat(20),
  timeouts: fc.nat(10),
  answer_ms: fc.double({ min: 0, max: 20_000, noNaN: true }),
});
const base = fc.constantFrom(...INTERVALS_S.map((s) => s * 1_000));

test('intervals double on the grid, to four times the list at most', () => {
  assert.deepEqual(paceLadder(60_000), [60_000, 120_000]);
  assert.deepEqual(paceLadder(10_000), [10_000, 20_000, 30_000]);
  assert.deepEqual(paceLadder(30_000), [30_000, 60_000, 120_000]);
  assert.deepEqual(paceLadder(120_000), [120_000, 300_000]);
  assert.deepEqual(paceLadder(600_000), [600_000]);
});

test('answers three times slower than usual, three polls in a row, slow the polls down', () => {
  const usual = after(startPace(30_000), GOOD, PACE_POLLS);
  assert.equal(after(usual, SLOW, SLOW_POLLS - 1).interval_ms, 30_000);
  assert.equal(after(usual, SLOW, SLOW_POLLS).interval_ms, 60_000);
  assert.equal(after(usual, SLOW, 2 * SLOW_POLLS).interval_ms, 120_000);
  assert.equal(after(usual, SLOW, 3 * SLOW_POLLS).interval_ms, 120_000);
});

test('quick answers are never slow, and one that is always slow is usual', () => {
  const quick = after(startPace(60_000), { ...GOOD, answer_ms: 8 }, PACE_POLLS);
  assert.equal(after(quick, { ...GOOD, answer_ms: 8 * 19 }, 20).interval_ms, 60_000);
  assert.equal(after(startPace(60_000), { ...GOOD, answer_ms: 8_000 }, 50).interval_ms, 60_000);
});

test('over a fifth of timeouts in ten polls slows down, ten good polls speed up', () => {
  const gentle = after(startPace(60_000), LOSSY, PACE_POLLS);
  assert.equal(gentle.interval_ms, 120_000);
  assert.equal(after(startPace(60_000), LOSSY, PACE_POLLS - 1).interval_ms, 60_000);
  const fifth = { answers: 8, timeouts: 2, answer_ms: 80 };
  assert.equal(after(startPace(60_000), fifth, 50).interval_ms, 60_000);
  assert.equal(after(gentle, GOOD, PACE_POLLS - 1).interval_ms, 120_000);
  assert.equal(after(gentle, GOOD, PACE_POLLS).interval_ms, 60_000);
  const shaken = after(paceAfter(after(gentle, GOOD, PACE_POLLS - 1), LOSSY), GOOD, 5);
  assert.equal(shaken.interval_ms, 120_000);
});

test('a device that is off keeps its pace', () => {
  assert.equal(after(startPace(60_000), SILENT, 100).interval_ms, 60_000);
});

test('whatever comes: the interval is on the grid, in bounds, moves by one step, memory is capped', () => {
  fc.assert(
    fc.property(base, fc.array(cost, { maxLength: 150 }), (base_ms, costs) => {
      const ladder = paceLadder(base_ms);
      let pace = startPace(base_ms);
      for (const one of costs) {
        const next = paceAfter(pace, one);
        assert.ok(INTERVALS_S.some((s) => s * 1_000 === next.interval_ms));
        assert.ok(next.interval_ms >= base_ms);
        assert.ok(next.interval_ms <= GENTLE_FACTOR_MAX * base_ms);
        const step = ladder.indexOf(next.interval_ms) - ladder.indexOf(pace.interval_ms);
        assert.ok(Math.abs(step) <= 1);
        assert.ok(next.costs.length <= PACE_POLLS && next.response_ms.length <= 60);
        pace = next;
      }
      // Three ladders of good polls bring any device back.
      assert.equal(after(pace, GOOD, 3 * PACE_POLLS + 60).interval_ms, base_ms);
    }),
    { numRuns: 60 },
  );
});
