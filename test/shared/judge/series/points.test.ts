import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { slotMinutes } from '../../../../shared/judge/series/loss-minutes.ts';
import {
  lossPoints,
  pointCount,
  ratePoints,
  rttPoints,
} from '../../../../shared/judge/series/points.ts';
import { TrackBuilder } from '../../../../shared/judge/series/track.ts';
import { DAY_MINUTES, DAY_MS, MINUTE_MS } from '../../../../shared/judge/series/types.ts';
import type { SlotClass, SlotRun } from '../../../../shared/judge/types.ts';

const DAY = Date.UTC(2026, 10, 23);
const NUM = { numRuns: 150 };

/** A period inside two days and a step, both whole minutes. */
const grid = fc
  .tuple(fc.nat({ max: 2_000 }), fc.integer({ min: 1, max: 800 }), fc.integer({ min: 1, max: 90 }))
  .map(([begin, length, step]) => ({
    from_ms: DAY + begin * MINUTE_MS,
    to_ms: DAY + Math.min(begin + length, 2 * DAY_MINUTES) * MINUTE_MS,
    step_ms: step * MINUTE_MS,
  }));
const us = fc.option(fc.nat({ max: 50_000 }));
const dayColumn = (cell: fc.Arbitrary<number | null>) =>
  fc.array(cell, { minLength: DAY_MINUTES, maxLength: DAY_MINUTES });

function pieces<Known>(days: readonly Known[]) {
  return days.map((known, at) => {
    const day_ms = DAY + at * DAY_MS;
    return { day_ms, from_ms: day_ms, to_ms: day_ms + DAY_MS, known };
  });
}

/** The values of each point's minutes, the plain way. */
function naive<T>(
  { from_ms, to_ms, step_ms }: { from_ms: number; to_ms: number; step_ms: number },
  days: readonly (readonly (T | null)[])[],
): T[][] {
  const out: T[][] = [];
  for (let at = from_ms; at < to_ms; at += step_ms) {
    const values: T[] = [];
    for (let minute = at; minute < Math.min(at + step_ms, to_ms); minute += MINUTE_MS) {
      const number = (minute - DAY) / MINUTE_MS;
      const value = days[Math.floor(number / DAY_MINUTES)]?.[number % DAY_MINUTES] ?? null;
      if (value !== null) values.push(value);
    }
    out.push(values);
  }
  return out;
}

test('round trips: least, median of medians, worst, greatest', () => {
  fc.assert(
    fc.property(grid, fc.tuple(dayColumn(us), dayColumn(us)), (asked, columns) => {
      const days = columns.map((column) => {
        const plus = (more: number) => column.map((cell) => (cell === null ? null : cell + more));
        return { rtt: { min: column, med: plus(5), p95: plus(9), max: plus(20) }, loss: null };
      });
      const found = rttPoints(pieces(days), asked);
      for (const [at, values] of naive(asked, columns).entries()) {
        const sorted = values.toSorted((a, b) => a - b);
        const middle = sorted[Math.ceil(sorted.length / 2) - 1];
        const [least, greatest] = [sorted[0], sorted.at(-1)];
        const known = least !== undefined && greatest !== undefined && middle !== undefined;
        assert.equal(found.min[at], known ? least : null);
        assert.equal(found.med[at], known ? middle + 5 : null);
        assert.equal(found.p95[at], known ? greatest + 9 : null);
        assert.equal(found.max[at], known ? greatest + 20 : null);
      }
      assert.equal(found.min.length, pointCount(asked));
    }),
    NUM,
  );
});

test('loss is the sum of lost over the sum of known slots; ARP counts where asked', () => {
  const cell = fc.option(fc.tuple(fc.integer({ min: 1, max: 60 }), fc.nat(60), fc.nat(60)));
  fc.assert(
    fc.property(
      grid,
      fc.array(cell, { minLength: DAY_MINUTES, maxLength: DAY_MINUTES }),
      fc.boolean(),
      (asked, cells, arp) => {
        const pick = (k: 0 | 1 | 2) => cells.map((one) => one?.[k] ?? null);
        const loss = { slots: pick(0), lost: pick(1), arp: pick(2) };
        const found = lossPoints(pieces([{ rtt: null, loss }]), asked, arp);
        for (const [at, values] of naive(asked, [cells]).entries()) {
          const slots = values.reduce((sum, [all]) => sum + all, 0);
          const lost = values.reduce((sum, [, n, a]) => sum + n + (arp ? a : 0), 0);
          assert.equal(found.slots[at], slots === 0 ? null : slots);
          assert.equal(found.lost[at], slots === 0 ? null : lost);
          assert.equal(found.loss[at], slots === 0 ? null : lost / slots);
        }
      },
    ),
    NUM,
  );
});

/** Readings: gap to the one before and what was counted since (null: not valid). */
const readings = fc.array(
  fc.tuple(fc.integer({ min: 1_000, max: 900_000 }), fc.option(fc.nat({ max: 1e12 }))),
  { maxLength: 300 },
);

function tracksOf(
  spans: readonly [number, number, number | null][],
  metric: 'in_octets' | 'in_errors',
) {
  return [DAY, DAY + DAY_MS].map((day_ms) => {
    const builder = new TrackBuilder(day_ms, metric);
    for (const span of spans) builder.add(...span);
    return builder.track();
  });
}

test('rates: what was counted is spread over its own time, over both days, without a loss', () => {
  fc.assert(
    fc.property(
      grid,
      readings,
      fc.constantFrom('in_octets', 'in_errors'),
      (asked, list, metric) => {
        const spans: [number, number, number | null][] = [];
        let at = DAY - 700_000;
        for (const [gap_ms, delta] of list) {
          spans.push([at, at + gap_ms, delta]);
          at += gap_ms;
        }
        const { rate } = ratePoints(pieces(tracksOf(spans, metric as 'in_octets')), asked);
        for (const [point, found] of rate.entries()) {
          const from = asked.from_ms + point * asked.step_ms;
          const to = Math.min(from + asked.step_ms, asked.to_ms);
          let [count, covered_ms] = [0, 0];
          for (const [first, last, delta] of spans) {
            const shared = Math.min(last, to) - Math.max(first, from);
            if (delta === null || shared <= 0) continue;
            count += (delta * shared) / (last - first);
            covered_ms += shared;
          }
          if (covered_ms === 0) assert.equal(found, null);
          else {
            const wanted = (count / covered_ms) * 1_000;
            assert.ok(found !== null && Math.abs(found - wanted) <= 1e-9 * Math.max(1, wanted));
          }
        }
      },
    ),
    NUM,
  );
});

test('zeros that are joined are the same zeros', () => {
  const builder = new TrackBuilder(DAY, 'in_errors');
  for (let k = 0; k < 100; k++)
    builder.add(DAY + k * 60_000, DAY + (k + 1) * 60_000, k === 50 ? 3 : 0);
  assert.deepEqual(builder.track(), {
    times_ms: [0, 50, 51, 100].map((k) => DAY + k * 60_000),
    deltas: [0, 3, 0],
  });
});

test('a clock that was placed anew says nothing twice', () => {
  const builder = new TrackBuilder(DAY, 'in_octets');
  builder.add(DAY, DAY + 60_000, 60);
  builder.add(DAY + 30_000, DAY + 90_000, 60);
  builder.add(DAY + 90_000, DAY + 150_000, 60);
  assert.deepEqual(builder.track()?.deltas, [60, null, 60]);
});

const classes: readonly SlotClass[] = [
  'reply',
  'no_reply',
  'arp_only',
  'vantage_isolated',
  'not_sent',
  'conflict',
];

test('slots are counted in the minute in which they begin; what is unknown is left out', () => {
  const run = fc.tuple(
    fc.constantFrom(1, 5, 10, 60, 120, 600),
    fc.integer({ min: 1, max: 900 }),
    fc.constantFrom(...classes),
  );
  fc.assert(
    fc.property(fc.nat({ max: 200 }), fc.array(run, { maxLength: 12 }), (early, list) => {
      let at = DAY - early * 600_000;
      const runs: SlotRun[] = [];
      for (const [interval_s, slots, cls] of list) {
        const interval_ms = interval_s * 1_000;
        at = Math.ceil(at / interval_ms) * interval_ms;
        runs.push({
          device: 'gw',
          from_ms: at,
          interval_ms,
          slots,
          class: cls,
          code: null,
          agent: 'do-1',
          epoch: 1,
          seq: 1,
        });
        at += slots * interval_ms;
      }
      const { loss, answered } = slotMinutes(runs, DAY);
      const counts = new Map<string, number>();
      const touched = new Set<number>();
      for (const { from_ms, interval_ms, slots, class: cls } of runs) {
        for (let k = 0; k < slots; k++) {
          const begin = from_ms + k * interval_ms;
          const minute = Math.floor((begin - DAY) / MINUTE_MS);
          const key = `${minute}/${cls}`;
          counts.set(key, (counts.get(key) ?? 0) + 1);
          if (cls !== 'reply') continue;
          for (let ms = begin; ms < begin + interval_ms; ms += 1_000)
            touched.add(Math.floor((ms - DAY) / MINUTE_MS));
        }
      }
      for (let minute = 0; minute < DAY_MINUTES; minute++) {
        const [r = 0, n = 0, a = 0] = ['reply', 'no_reply', 'arp_only'].map((cls) =>
          counts.get(`${minute}/${cls}`),
        );
        const all = r + n + a;
        assert.equal(loss?.slots[minute] ?? null, all === 0 ? null : all);
        assert.equal(loss?.lost[minute] ?? null, all === 0 ? null : n);
        assert.equal(loss?.arp[minute] ?? null, all === 0 ? null : a);
        assert.equal(answered[minute], touched.has(minute) ? 1 : 0);
      }
    }),
    { numRuns: 60 },
  );
});
