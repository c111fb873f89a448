import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { buildCalendar } from '../../../shared/calendar/build.ts';
import { DAY_MS, dateOf, MINUTE_MS } from '../../../shared/calendar/dates.ts';
import { hourCells, hourMatrix_ms } from '../../../shared/calendar/hours.ts';
import { localDay, localMidnights } from '../../../shared/calendar/local-time.ts';
import { parseCalendar } from '../../../shared/calendar/parse.ts';
import {
  type Calendar,
  type CalendarDay,
  type MinuteSpan,
  WEEKDAYS,
  type Weekly,
} from '../../../shared/calendar/types.ts';
import { workingDays, workingSpans } from '../../../shared/calendar/working.ts';
import { total_ms } from '../../../shared/judge/spans.ts';
import { holiday, offsetAt_min, worksAt } from './zones.ts';

/** Histories play around leap day 2028, so month, leap and year edges all come up. */
const BASE_DAY = 21_230;
const BASE_MS = BASE_DAY * DAY_MS;

const spans: fc.Arbitrary<MinuteSpan[]> = fc
  .uniqueArray(fc.integer({ min: 0, max: 1_440 }), { maxLength: 6 })
  .map((minutes) => {
    const sorted = minutes.sort((a, b) => a - b);
    const out: MinuteSpan[] = [];
    for (let i = 0; i + 1 < sorted.length; i += 2) {
      out.push({ from_min: sorted[i] ?? 0, to_min: sorted[i + 1] ?? 0 });
    }
    return out;
  });

const weekly: fc.Arbitrary<Weekly> = fc.record({
  // Monday always works, so that a swapped day has a weekday to follow.
  mon: spans.map((list) => (list.length === 0 ? [{ from_min: 0, to_min: 1_440 }] : list)),
  tue: spans,
  wed: spans,
  thu: spans,
  fri: fc.constant([{ from_min: 0, to_min: 1_440 }]),
  sat: fc.constant([{ from_min: 0, to_min: 60 }]),
  sun: spans,
});

const days: fc.Arbitrary<CalendarDay[]> = fc.uniqueArray(
  fc
    .tuple(fc.integer({ min: -2, max: 10 }), fc.integer({ min: 0, max: 2 }), spans)
    .map(([day, kind, own]): CalendarDay => {
      const row = holiday(dateOf(BASE_DAY + day));
      if (kind === 0) return row;
      if (kind === 1 || own.length === 0) {
        return { ...row, kind: 'working', works_like: 'mon', spans: null };
      }
      return { ...row, kind: 'working', works_like: null, spans: own };
    }),
  { selector: (day) => day.date, maxLength: 5 },
);

/** Offsets jump by any whole minutes at any ms: stranger than any real zone. */
const calendar: fc.Arbitrary<Calendar> = fc
  .record({
    offsets: fc.uniqueArray(
      fc.record({
        from_ms: fc.integer({ min: BASE_MS - 2 * DAY_MS, max: BASE_MS + 8 * DAY_MS }),
        offset_min: fc.integer({ min: -720, max: 840 }),
      }),
      { selector: (offset) => offset.from_ms, minLength: 1, maxLength: 4 },
    ),
    week: weekly,
    counter: weekly,
    days,
  })
  .map(({ offsets, week, counter, days: rows }) =>
    buildCalendar({
      code: 'c',
      zone: 'Test/Zone',
      tzdata: '2026a',
      offsets,
      weekly: week,
      profiles: [{ code: 'mot-cua', name: { vi: 'Một cửa', en: 'Counter' }, weekly: counter }],
      days: rows,
    }),
  );

const profile = fc.constantFrom(null, 'mot-cua');
const moment = fc.integer({ min: BASE_MS - 2 * DAY_MS, max: BASE_MS + 8 * DAY_MS });

test('working spans equal a walk minute by minute in an artificial zone', () => {
  fc.assert(
    fc.property(calendar, profile, moment, (given, name, at_ms) => {
      // Whole minutes, offsets changing in them: the walk is exact, as the spans must be.
      const whole: Calendar = {
        ...given,
        offsets: given.offsets
          .map((offset) => ({
            ...offset,
            from_ms: Math.floor(offset.from_ms / MINUTE_MS) * MINUTE_MS,
          }))
          .filter((offset, i, all) => all[i + 1]?.from_ms !== offset.from_ms),
      };
      const from_ms = Math.floor(at_ms / MINUTE_MS) * MINUTE_MS;
      const to_ms = from_ms + 2 * DAY_MS;
      const found = workingSpans(whole, name, from_ms, to_ms);
      let i = 0;
      for (let t = from_ms; t < to_ms; t += MINUTE_MS) {
        while ((found[i]?.to_ms ?? Number.POSITIVE_INFINITY) <= t) i += 1;
        const inside = (found[i]?.from_ms ?? Number.POSITIVE_INFINITY) <= t;
        assert.equal(inside, worksAt(whole, name, t), new Date(t).toISOString());
      }
    }),
    { numRuns: 150 },
  );
});

test('spans are right to the millisecond at each of their edges', () => {
  fc.assert(
    fc.property(calendar, profile, moment, moment, (given, name, a, b) => {
      const from_ms = Math.min(a, b);
      const to_ms = Math.max(a, b);
      for (const span of workingSpans(given, name, from_ms, to_ms)) {
        assert.ok(worksAt(given, name, span.from_ms) && worksAt(given, name, span.to_ms - 1));
        if (span.from_ms > from_ms) assert.ok(!worksAt(given, name, span.from_ms - 1));
        if (span.to_ms < to_ms) assert.ok(!worksAt(given, name, span.to_ms));
      }
    }),
    { numRuns: 500 },
  );
});

test('spans are disjoint, ascending, inside the period, and never touch', () => {
  fc.assert(
    fc.property(calendar, profile, moment, moment, (given, name, from_ms, to_ms) => {
      let end_ms = Number.NEGATIVE_INFINITY;
      for (const span of workingSpans(given, name, from_ms, to_ms)) {
        assert.ok(from_ms <= span.from_ms && span.from_ms < span.to_ms && span.to_ms <= to_ms);
        assert.ok(end_ms < span.from_ms);
        end_ms = span.to_ms;
      }
    }),
    { numRuns: 500 },
  );
});

test('the parts of a split period add up to the whole: spans, days, cells, midnights', () => {
  fc.assert(
    fc.property(calendar, profile, moment, moment, moment, (given, name, x, y, z) => {
      const [a, b, c] = [x, y, z].sort((p, q) => p - q) as [number, number, number];
      const work = (from_ms: number, to_ms: number) => workingSpans(given, name, from_ms, to_ms);
      const whole = work(a, c);
      const parts = [...work(a, b), ...work(b, c)];
      assert.equal(total_ms(parts), total_ms(whole));
      const per_day = workingDays(given, name, a, c);
      assert.equal(
        per_day.reduce((sum, day) => sum + day.working_ms, 0),
        total_ms(whole),
      );
      const cells = hourMatrix_ms(given, whole);
      assert.deepEqual(cells, hourMatrix_ms(given, parts));
      assert.equal(
        cells.reduce((sum, cell) => sum + cell, 0),
        total_ms(whole),
      );
      assert.deepEqual(
        [...localMidnights(given, a, b), ...localMidnights(given, b, c)],
        localMidnights(given, a, c),
      );
    }),
    { numRuns: 500 },
  );
});

test('each hour cell lies in the one hour and weekday that the wall clock shows', () => {
  fc.assert(
    fc.property(calendar, moment, moment, (given, a, b) => {
      const span = { from_ms: Math.min(a, b), to_ms: Math.max(a, b) };
      const cells = a === b ? [] : hourCells(given, [span]);
      let end_ms = span.from_ms;
      for (const cell of cells) {
        assert.equal(cell.from_ms, end_ms);
        end_ms = cell.to_ms;
        for (const t of [cell.from_ms, cell.to_ms - 1]) {
          const wall = new Date(t + offsetAt_min(given.offsets, t) * MINUTE_MS);
          assert.equal(cell.hour, wall.getUTCHours());
          assert.equal(WEEKDAYS.indexOf(cell.weekday), (wall.getUTCDay() + 6) % 7);
          assert.equal(cell.cell, WEEKDAYS.indexOf(cell.weekday) * 24 + cell.hour);
        }
      }
      assert.equal(end_ms, span.to_ms);
    }),
    { numRuns: 300 },
  );
});

test('local midnights equal a walk that notes each new date', () => {
  fc.assert(
    fc.property(calendar, (given) => {
      const whole: Calendar = {
        ...given,
        offsets: given.offsets
          .map((o) => ({ ...o, from_ms: Math.floor(o.from_ms / MINUTE_MS) * MINUTE_MS }))
          .filter((o, i, all) => all[i + 1]?.from_ms !== o.from_ms),
      };
      const from_ms = BASE_MS - 3 * DAY_MS;
      const to_ms = BASE_MS + 9 * DAY_MS;
      const seen: number[] = [];
      let newest = localDay(whole, from_ms - 1).date;
      for (let t = from_ms; t < to_ms; t += MINUTE_MS) {
        const { date } = localDay(whole, t);
        if (date > newest) {
          seen.push(t);
          newest = date;
        }
      }
      assert.deepEqual(localMidnights(whole, from_ms, to_ms), seen);
    }),
    { numRuns: 25 },
  );
});

test('a built calendar comes back from JSON unchanged', () => {
  fc.assert(
    fc.property(calendar, (given) => {
      assert.deepEqual(parseCalendar(JSON.parse(JSON.stringify(given))), given);
    }),
    { numRuns: 200 },
  );
});
