import assert from 'node:assert/strict';
import test from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { feedCounts, feedReading } from '../../../../shared/judge/counters/counters.ts';
import { type CountersState, createCounters } from '../../../../shared/judge/counters/state.ts';
import type { CountersOutput, Restart } from '../../../../shared/judge/counters/types.ts';
import { feed } from './device.ts';
import { histories, live, WIDTHS } from './world.ts';

/** A multiple of 15: fast-check does not end after a fraction of a run. */
const RUNS = 1_500;
/** Before which readings the state is stored and read again. */
const stores = fc.array(fc.boolean(), { minLength: 29, maxLength: 29 });

test('valid deltas never exceed what was truly counted, one by one and in sum', () => {
  fc.assert(
    fc.property(histories, (history) => {
      const { readings, truth } = live(history);
      const sums = new Map<string, bigint>();
      const ends = new Map<string, number>();
      for (const delta of feed(readings).deltas) {
        const key = `${delta.port}/${delta.column}`;
        // Intervals of one counter never overlap.
        assert.ok((ends.get(key) ?? 0) <= delta.from_ms && delta.from_ms < delta.to_ms, key);
        ends.set(key, delta.to_ms);
        if (delta.delta === null) continue;
        const from = truth.get(`${key}@${delta.from_ms}`);
        const to = truth.get(`${key}@${delta.to_ms}`);
        assert.ok(from !== undefined && to !== undefined, key);
        assert.ok(delta.delta >= 0n && delta.delta <= to - from, `${key} ${delta.delta}`);
        sums.set(key, (sums.get(key) ?? 0n) + delta.delta);
      }
      for (const key of Object.keys(WIDTHS)) {
        const all = [...truth].filter(([at]) => at.startsWith(`${key}@`)).map(([, n]) => n);
        assert.ok((sums.get(key) ?? 0n) <= (all.at(-1) ?? 0n), key);
      }
    }),
    { numRuns: RUNS },
  );
});

test('where nothing happens every delta of 64 bits is valid and exact', () => {
  fc.assert(
    fc.property(histories, ({ start, steps }) => {
      const quiet = steps.map((step) => ({
        ...step,
        event: 'none' as const,
        wait_s: Math.min(step.wait_s, 600),
        lost: false,
      }));
      const { readings, truth } = live({ start, steps: quiet });
      const { deltas, restarts } = feed(readings);
      assert.deepEqual(
        restarts.filter(({ kind }) => kind !== 'wrap'),
        [],
      );
      for (const { port, column, from_ms, to_ms, delta, validity } of deltas) {
        const key = `${port}/${column}`;
        if (WIDTHS[key] !== 64n) continue;
        assert.equal(validity, 'valid');
        const from = truth.get(`${key}@${from_ms}`) ?? 0n;
        assert.equal(delta, (truth.get(`${key}@${to_ms}`) ?? 0n) - from);
      }
    }),
    { numRuns: RUNS / 3 },
  );
});

test('each restart is found once, between its bounds, and of its kind; a wrap is none', () => {
  fc.assert(
    fc.property(histories, (history) => {
      // A restart just as sysUpTime wraps is the one that cannot be told: left out here.
      const start = { ...history.start, ticks: (history.start.ticks % 2 ** 31) + 100_000 };
      const { readings, restarts } = live({ ...history, start });
      const found = new Map<number, Restart>();
      for (const restart of feed(readings).restarts) found.set(restart.seen_ms, restart);
      const answered = readings.filter(({ outcome }) => outcome === 'ok');
      for (const [k, reading] of answered.entries()) {
        const since = answered[k - 1];
        if (since === undefined) continue;
        const true_ones = restarts.filter(
          ({ at_ms }) => at_ms > since.at_ms && at_ms <= reading.at_ms,
        );
        const newest = true_ones.at(-1);
        const one = found.get(reading.at_ms);
        assert.equal(one === undefined, newest === undefined, `${reading.at_ms}`);
        if (one === undefined || newest === undefined) continue;
        assert.ok(one.earliest_ms <= newest.at_ms && newest.at_ms <= one.latest_ms, 'bounds');
        if (!true_ones.some(({ reboot }) => reboot)) assert.notEqual(one.kind, 'wrap');
        if (newest.reboot) assert.equal(one.kind, 'reboot');
        const agents = true_ones.every(({ reboot }) => !reboot);
        if (agents && reading.scalars !== null) assert.equal(one.kind, 'agent_restart');
      }
    }),
    { numRuns: RUNS },
  );
});

test('other batches, and a state that was stored and read in between, change nothing', () => {
  fc.assert(
    fc.property(histories, stores, (history, mask) => {
      const { readings } = live(history);
      const whole = createCounters();
      const at_once = readings.map((reading) => feedReading(whole, reading));
      let state: CountersState = createCounters();
      const in_parts: CountersOutput[] = [];
      for (const [k, reading] of readings.entries()) {
        if (mask[k] === true) state = JSON.parse(JSON.stringify(state));
        in_parts.push(feedReading(state, reading));
      }
      // Without the differences of a failed comparison: shrinking would compute them each time.
      assert.ok(isDeepStrictEqual(in_parts, at_once), 'what is said');
      assert.ok(JSON.stringify(state) === JSON.stringify(whole), 'what is kept');
    }),
    { numRuns: RUNS / 5 },
  );
});

test('whoever wants the deltas of some columns only is told the same of them', () => {
  const columns = new Set(['ifHCInOctets', 'ifInOctets', 'ifInErrors']);
  fc.assert(
    fc.property(histories, (history) => {
      const { readings } = live(history);
      const [whole, counting] = [createCounters(), createCounters()];
      for (const reading of readings) {
        const all = feedReading(whole, reading).deltas.filter((one) => columns.has(one.column));
        assert.ok(isDeepStrictEqual(feedCounts(counting, reading, columns), all));
      }
    }),
    { numRuns: RUNS / 5 },
  );
});
