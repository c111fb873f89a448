import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildCalendar } from '../../../shared/calendar/build.ts';
import { DAY_MS, HOUR_MS } from '../../../shared/calendar/dates.ts';
import {
  hanhChinh,
  OFFICE_WEEK,
  VIETNAM_OFFSETS,
  VIETNAM_ZONE,
} from '../../../shared/calendar/hanh-chinh.ts';
import { hourCells, hourMatrix_ms } from '../../../shared/calendar/hours.ts';
import { localDay, localMidnights } from '../../../shared/calendar/local-time.ts';
import type { Calendar, Offset } from '../../../shared/calendar/types.ts';
import { datedDays, workingDays, workingSpans } from '../../../shared/calendar/working.ts';
import { total_ms } from '../../../shared/judge/spans.ts';
import { holiday, intlOffsets } from './zones.ts';

const OFFICE = hanhChinh('2026a');
const local = (text: string) => Date.parse(`${text}+07:00`);
const hours = (calendar: Calendar, from: string, to: string, profile: string | null = null) =>
  total_ms(workingSpans(calendar, profile, local(from), local(to))) / HOUR_MS;

function plain(offsets: readonly Offset[], days: Calendar['days'] = []): Calendar {
  const allDay = [{ from_min: 0, to_min: 1_440 }];
  const weekly = { ...OFFICE_WEEK, sat: allDay, sun: allDay };
  return buildCalendar({
    code: 'test',
    zone: 'Test/Zone',
    tzdata: '2026a',
    offsets,
    weekly,
    profiles: [],
    days,
  });
}

test('an ordinary week has 40 hours, each day its two spans', () => {
  assert.equal(hours(OFFICE, '2026-10-05T00:00', '2026-10-12T00:00'), 40);
  assert.deepEqual(
    workingSpans(OFFICE, null, local('2026-10-05T00:00'), local('2026-10-06T00:00')),
    [
      { from_ms: local('2026-10-05T08:00'), to_ms: local('2026-10-05T12:00') },
      { from_ms: local('2026-10-05T13:00'), to_ms: local('2026-10-05T17:00') },
    ],
  );
  assert.deepEqual(workingSpans(OFFICE, null, 5, 5), []);
  assert.deepEqual(workingSpans(OFFICE, null, local('2026-10-06T00:00'), 0), []);
});

test('4 hours lost of a 40 hour week are a tenth of the working time, to the millisecond', () => {
  const lost = { from_ms: local('2026-10-07T08:00'), to_ms: local('2026-10-07T12:00') };
  assert.equal(
    (lost.to_ms - lost.from_ms) /
      total_ms(workingSpans(OFFICE, null, local('2026-10-05T00:00'), local('2026-10-12T00:00'))),
    0.1,
  );
});

test('a profile has its own week, holidays are everyone’s, a swapped day follows its profile', () => {
  const saturdays = { ...OFFICE_WEEK, sat: [{ from_min: 450, to_min: 690 }], fri: [] };
  const calendar = buildCalendar({
    ...OFFICE,
    profiles: [{ code: 'mot-cua', name: { vi: 'Một cửa', en: 'Counter' }, weekly: saturdays }],
  });
  assert.equal(hours(calendar, '2026-10-10T00:00', '2026-10-11T00:00', 'mot-cua'), 4);
  assert.equal(hours(calendar, '2026-10-10T00:00', '2026-10-11T00:00'), 0);
  // The Saturday inside the announced break is no counter day.
  assert.equal(hours(calendar, '2026-02-14T00:00', '2026-02-15T00:00', 'mot-cua'), 0);
  // 10 January 2026 works like a Friday, and this counter rests on Fridays.
  assert.equal(hours(calendar, '2026-01-10T00:00', '2026-01-11T00:00', 'mot-cua'), 0);
  assert.throws(() => workingSpans(calendar, 'motcua', 0, 1), {
    code: 'CALENDAR_PROFILE',
    place: 'motcua',
  });
});

test('rows that a report lists are those of its local dates', () => {
  const dates = (from: string, to: string) =>
    datedDays(OFFICE, local(from), local(to)).map(({ date }) => date);
  assert.deepEqual(dates('2026-08-01T00:00', '2026-09-01T00:00'), [
    '2026-08-22',
    '2026-08-29',
    '2026-08-30',
    '2026-08-31',
  ]);
  assert.deepEqual(dates('2026-09-02T23:59', '2026-09-03T00:00'), ['2026-09-02']);
  assert.deepEqual(dates('2026-09-03T00:00', '2026-09-03T00:00'), []);
});

test('month, year and leap edges', () => {
  assert.equal(localDay(OFFICE, local('2026-12-31T23:59')).date, '2026-12-31');
  assert.equal(localDay(OFFICE, local('2027-01-01T00:00')).date, '2027-01-01');
  assert.deepEqual(localDay(OFFICE, local('2028-02-29T08:30')), {
    date: '2028-02-29',
    weekday: 'tue',
    clock_ms: 8.5 * HOUR_MS,
  });
  const year = localMidnights(OFFICE, local('2028-01-01T00:00'), local('2029-01-01T00:00'));
  assert.equal(year.length, 366);
  assert.ok(year.every((at_ms) => localDay(OFFICE, at_ms).clock_ms === 0));
  assert.equal(year.filter((at_ms) => localDay(OFFICE, at_ms).date === '2028-02-29').length, 1);
  // A midnight belongs to the period that it begins.
  const midnight = local('2026-10-05T00:00');
  assert.deepEqual(localMidnights(OFFICE, midnight, midnight + 1), [midnight]);
  assert.deepEqual(localMidnights(OFFICE, midnight - DAY_MS + 1, midnight), []);
});

test('the matrix of an ordinary week: one hour in each of its 40 cells', () => {
  const spans = workingSpans(OFFICE, null, local('2026-10-05T00:00'), local('2026-10-12T00:00'));
  const cells = hourMatrix_ms(OFFICE, spans);
  for (let day = 0; day < 7; day++) {
    for (let hour = 0; hour < 24; hour++) {
      const works = day < 5 && hour >= 8 && hour < 17 && hour !== 12;
      assert.equal(cells[day * 24 + hour], works ? HOUR_MS : 0, `${day} ${hour}`);
    }
  }
});

test('a clock set forward leaves an hour out, set back shows it twice', () => {
  const spring = Date.parse('2026-03-29T01:00Z');
  const autumn = Date.parse('2026-10-25T01:00Z');
  const calendar = plain([
    { from_ms: 0, offset_min: 60 },
    { from_ms: spring, offset_min: 120 },
    { from_ms: autumn, offset_min: 60 },
  ]);
  const day_ms = (date: string) => {
    const from_ms = Date.parse(`${date}T00:00Z`);
    const days = workingDays(calendar, null, from_ms - DAY_MS, from_ms + 2 * DAY_MS);
    return days.find((day) => day.date === date)?.working_ms;
  };
  assert.equal(day_ms('2026-03-29'), 23 * HOUR_MS);
  assert.equal(day_ms('2026-10-25'), 25 * HOUR_MS);
  assert.equal(day_ms('2026-10-24'), 24 * HOUR_MS);
  const cells = hourCells(calendar, [{ from_ms: autumn - HOUR_MS, to_ms: autumn + HOUR_MS }]);
  assert.deepEqual(
    cells.map(({ hour }) => hour),
    [2, 2],
  );
});

test('a clock that jumps over midnight, or back over it, begins each date once', () => {
  const jump = Date.parse('2026-05-01T00:00Z');
  const forward = plain([
    { from_ms: 0, offset_min: 0 },
    { from_ms: jump, offset_min: 60 },
  ]);
  assert.deepEqual(localMidnights(forward, jump - HOUR_MS, jump + HOUR_MS), [jump]);
  assert.equal(localDay(forward, jump).clock_ms, HOUR_MS);
  const back = plain([
    { from_ms: 0, offset_min: 0 },
    { from_ms: jump + 10, offset_min: -60 },
  ]);
  assert.deepEqual(localMidnights(back, jump - HOUR_MS, jump + 2 * HOUR_MS), [jump]);
  assert.equal(localDay(back, jump + 10).date, '2026-04-30');
});

test('the Vietnamese offset and a zone with summer time agree with Intl', () => {
  const from_ms = Date.parse('2025-01-01T00:00Z');
  const to_ms = Date.parse('2028-01-01T00:00Z');
  const offsets = intlOffsets(VIETNAM_ZONE, from_ms, to_ms);
  const built = hanhChinh('2026a', offsets);
  assert.equal(built.offsets.length, 1);
  assert.equal(built.offsets[0]?.offset_min, VIETNAM_OFFSETS[0]?.offset_min);
  const berlin = plain(intlOffsets('Europe/Berlin', from_ms, to_ms));
  assert.equal(berlin.offsets.length, 7);
  const format = new Intl.DateTimeFormat('sv-SE', {
    timeZone: 'Europe/Berlin',
    dateStyle: 'short',
    timeStyle: 'short',
  });
  for (let at_ms = from_ms; at_ms < to_ms; at_ms += 7 * HOUR_MS) {
    const { date, clock_ms } = localDay(berlin, at_ms);
    const clock = new Date(clock_ms).toISOString().slice(11, 16);
    assert.equal(`${date} ${clock}`, format.format(at_ms));
  }
});

test('round the clock is one span across midnights, cut by a holiday', () => {
  const calendar = plain([{ from_ms: 0, offset_min: 420 }], [holiday('2026-10-11')]);
  const found = workingSpans(calendar, null, local('2026-10-03T00:00'), local('2026-10-05T00:00'));
  assert.equal(found.length, 1);
  assert.equal(hours(calendar, '2026-10-11T00:00', '2026-10-12T00:00'), 0);
});
