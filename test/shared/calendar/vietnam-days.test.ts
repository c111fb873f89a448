import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildCalendar } from '../../../shared/calendar/build.ts';
import { DAY_MS, dayNumber, HOUR_MS, weekdayOf } from '../../../shared/calendar/dates.ts';
import { hanhChinh, OFFICE_WEEK } from '../../../shared/calendar/hanh-chinh.ts';
import type { Calendar } from '../../../shared/calendar/types.ts';
import { VIETNAM_DAYS } from '../../../shared/calendar/vietnam-days.ts';
import { workingDays, workingSpans } from '../../../shared/calendar/working.ts';
import { total_ms } from '../../../shared/judge/spans.ts';

const OFFICE = hanhChinh('2026a');
const local = (text: string) => Date.parse(`${text}+07:00`);
const hours = (calendar: Calendar, from: string, to: string) =>
  total_ms(workingSpans(calendar, null, local(from), local(to))) / HOUR_MS;

test('Tết 2026: nine days without work, the weeks beside it as always', () => {
  assert.equal(hours(OFFICE, '2026-02-14T00:00', '2026-02-23T00:00'), 0);
  assert.equal(hours(OFFICE, '2026-02-13T00:00', '2026-02-14T00:00'), 8);
  assert.equal(hours(OFFICE, '2026-02-23T00:00', '2026-02-24T00:00'), 8);
});

test('a swapped Saturday works in place of its free weekday', () => {
  for (const [worked, free] of [
    ['2025-04-26', '2025-05-02'],
    ['2026-01-10', '2026-01-02'],
    ['2026-08-22', '2026-08-31'],
  ]) {
    assert.equal(hours(OFFICE, `${worked}T00:00`, `${worked}T23:59`), 8, worked);
    assert.equal(hours(OFFICE, `${free}T00:00`, `${free}T23:59`), 0, free);
    const number = dayNumber(worked ?? '') ?? 0;
    assert.equal(weekdayOf(number), 'sat');
    const row = VIETNAM_DAYS.find(({ date }) => date === worked);
    assert.equal(row?.kind === 'working' && row.works_like, weekdayOf(dayNumber(free ?? '') ?? 0));
  }
});

test('the Vietnamese rows: rules of the law hold in each year', () => {
  const rest = new Set(VIETNAM_DAYS.filter((d) => d.kind === 'holiday').map((d) => d.date));
  for (const year of [2025, 2026, 2027]) {
    for (const day of ['01-01', '04-30', '05-01', '09-02']) assert.ok(rest.has(`${year}-${day}`));
    // The National Day has a second day beside it.
    assert.ok(rest.has(`${year}-09-01`) || rest.has(`${year}-09-03`));
  }
  // The first day of each lunar year and the day before it.
  for (const date of ['2025-01-29', '2026-02-17', '2027-02-06']) {
    const number = dayNumber(date) ?? 0;
    assert.ok(
      rest.has(date) && rest.has(new Date((number - 1) * DAY_MS).toISOString().slice(0, 10)),
    );
  }
  // The 10th day of the third lunar month; in 2026 a Sunday, so the Monday behind it is free.
  for (const date of ['2025-04-07', '2026-04-26', '2026-04-27', '2027-04-16']) {
    assert.ok(rest.has(date));
  }
  // 1 May 2027 is a Saturday.
  assert.ok(rest.has('2027-05-03'));
  // Working weekdays of the year: weekdays less the free ones plus the swapped Saturdays.
  const count = (year: number) =>
    workingDays(OFFICE, null, local(`${year}-01-01T00:00`), local(`${year + 1}-01-01T00:00`))
      .length;
  assert.equal(count(2025), 261 - 11);
  assert.equal(count(2026), 261 - 12);
  assert.equal(count(2027), 261 - 12);
});

test('each Vietnamese row names a numbered and dated document; the decided breaks are whole', () => {
  for (const day of VIETNAM_DAYS) {
    assert.match(day.source, /số \d+\/\S+ ngày \d{2}\/\d{1,2}\/20\d\d/, day.date);
    assert.equal(day.checked_on, '2026-11-23');
    assert.equal(day.uncertain, false, day.date);
  }
  const counter = buildCalendar({ ...OFFICE, weekly: { ...OFFICE_WEEK, sat: OFFICE_WEEK.mon } });
  for (const [from, to] of [
    ['2025-01-25', '2025-02-03'],
    ['2025-04-30', '2025-05-05'],
    ['2025-08-30', '2025-09-03'],
    ['2026-01-01', '2026-01-05'],
    ['2026-02-14', '2026-02-23'],
    ['2026-08-29', '2026-09-03'],
    ['2026-11-24', '2026-11-25'],
    ['2027-02-04', '2027-02-11'],
    ['2027-09-02', '2027-09-06'],
  ]) {
    assert.equal(hours(counter, `${from}T00:00`, `${to}T00:00`), 0, from);
    assert.equal(hours(counter, `${to}T00:00`, `${to}T23:59`), 8, to);
  }
  // Proposed and not taken: these two stay an ordinary Monday and Saturday.
  assert.equal(hours(OFFICE, '2026-11-23T00:00', '2026-11-24T00:00'), 8);
  assert.equal(hours(OFFICE, '2026-11-28T00:00', '2026-11-29T00:00'), 0);
});
