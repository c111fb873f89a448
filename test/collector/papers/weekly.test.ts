import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { expandWeekly, monthsAfter, type Weekly } from '../../../collector/papers/weekly.ts';
import { VIETNAM_OFFSETS } from '../../../shared/calendar/hanh-chinh.ts';
import { localDay } from '../../../shared/calendar/local-time.ts';
import { WEEKDAYS } from '../../../shared/calendar/types.ts';
import { LanProofError } from '../../../shared/errors.ts';

const VIETNAM = { offsets: VIETNAM_OFFSETS };
/** Monday, 08:00 in Hà Nội. */
const NOW_MS = Date.UTC(2026, 10, 23, 1);

function weekly(change: Partial<Weekly> = {}): Weekly {
  return { days: ['sat'], start: '22:00', minutes: 120, until: '2027-11-23', ...change };
}

test('a year of Saturdays, by the local clock, over every end of a month', () => {
  const spans = expandWeekly(VIETNAM, weekly(), NOW_MS);
  assert.equal(spans.length, 52);
  for (const { from_ms, to_ms } of spans) {
    const { weekday, clock_ms } = localDay(VIETNAM, from_ms);
    assert.deepEqual([weekday, clock_ms, to_ms - from_ms], ['sat', 22 * 3_600_000, 7_200_000]);
  }
  const dates = new Set(spans.map(({ from_ms }) => localDay(VIETNAM, from_ms).date));
  for (const date of ['2026-11-28', '2027-01-30', '2027-02-27', '2027-07-31', '2027-11-20']) {
    assert.ok(dates.has(date), date);
  }
});

test('every day of a year ahead, the last days of the months included, without overlap', () => {
  const days = [...WEEKDAYS];
  const spans = expandWeekly(VIETNAM, weekly({ days, start: '00:00', minutes: 1_440 }), NOW_MS);
  // Today's began before now.
  assert.equal(spans.length, 365);
  for (const [index, span] of spans.entries()) {
    const next = spans[index + 1];
    if (next !== undefined) assert.equal(span.to_ms, next.from_ms);
  }
  const dates = spans.map(({ from_ms }) => localDay(VIETNAM, from_ms).date);
  for (const date of ['2026-12-31', '2027-01-31', '2027-02-28', '2027-03-01', '2027-04-30']) {
    assert.ok(dates.includes(date), date);
  }
  assert.deepEqual([dates[0], dates.at(-1)], ['2026-11-24', '2027-11-23']);
});

test('a leap day is one of them', () => {
  const now_ms = Date.UTC(2028, 1, 20);
  const only = weekly({ days: ['tue'], until: '2028-03-07' });
  const dates = expandWeekly(VIETNAM, only, now_ms).map(
    ({ from_ms }) => localDay(VIETNAM, from_ms).date,
  );
  assert.deepEqual(dates, ['2028-02-22', '2028-02-29', '2028-03-07']);
});

test('twelve months from the end of a month', () => {
  assert.equal(monthsAfter('2028-02-29', 12), '2029-02-28');
  assert.equal(monthsAfter('2027-08-31', 6), '2028-02-29');
  assert.equal(monthsAfter('2026-12-31', 12), '2027-12-31');
  assert.equal(monthsAfter('2026-12-31', 2), '2027-02-28');
});

test('a clock change moves no window on the local clock', () => {
  // Berlin 2027: summer time from 28 March 01:00 UTC.
  const offsets = [
    { from_ms: 0, offset_min: 60 },
    { from_ms: Date.UTC(2027, 2, 28, 1), offset_min: 120 },
  ];
  const now_ms = Date.UTC(2027, 2, 26);
  const spans = (start: string) =>
    expandWeekly({ offsets }, weekly({ days: ['sat', 'sun'], start, until: '2027-03-28' }), now_ms);
  assert.deepEqual(
    spans('04:00').map(({ from_ms }) => new Date(from_ms).toISOString()),
    ['2027-03-27T03:00:00.000Z', '2027-03-28T02:00:00.000Z'],
  );
  // 02:30 does not exist on that Sunday: the window begins with the jump or after it, once.
  assert.deepEqual(
    spans('02:30').map(({ from_ms }) => new Date(from_ms).toISOString()),
    ['2027-03-27T01:30:00.000Z', '2027-03-28T01:00:00.000Z'],
  );
});

test('what cannot be written out is refused with the member and the fix', () => {
  const bad: [Partial<Weekly>, string, RegExp][] = [
    [{ until: '2027-11-24' }, 'recurring.until', /2027-11-23/],
    [{ until: '2027-02-29' }, 'recurring.until', /local date/],
    [{ until: '2026-11-20' }, 'recurring.until', /later/],
    [{ start: '24:00' }, 'recurring.start', /HH:MM/],
    [{ days: [] }, 'recurring.until', /more days/],
  ];
  for (const [change, place, hint] of bad) {
    assert.throws(
      () => expandWeekly(VIETNAM, weekly(change), NOW_MS),
      (error) =>
        error instanceof LanProofError &&
        error.code === 'TIME_RECURRING' &&
        error.place === place &&
        hint.test(error.hint),
      JSON.stringify(change),
    );
  }
});

test('any series is ascending, in the future, on its weekdays, and never overlaps', () => {
  fc.assert(
    fc.property(
      fc.subarray([...WEEKDAYS], { minLength: 1 }),
      fc.integer({ min: 0, max: 1_439 }),
      fc.integer({ min: 1, max: 1_440 }),
      fc.integer({ min: 0, max: 4 * 365 * 86_400 }),
      (days, minute, minutes, later_s) => {
        const now_ms = NOW_MS + later_s * 1_000;
        const start = [Math.floor(minute / 60), minute % 60]
          .map((part) => String(part).padStart(2, '0'))
          .join(':');
        const until = monthsAfter(localDay(VIETNAM, now_ms).date, 12);
        const spans = expandWeekly(VIETNAM, { days, start, minutes, until }, now_ms);
        assert.ok(Math.abs(spans.length - days.length * 52) <= 8);
        let before_ms = now_ms;
        for (const { from_ms, to_ms } of spans) {
          assert.ok(from_ms >= before_ms);
          assert.ok(days.includes(localDay(VIETNAM, from_ms).weekday));
          before_ms = to_ms;
        }
      },
    ),
    { numRuns: 30 },
  );
});
