import { DAY_MS, dateOf, dayNumber, MINUTE_MS, weekdayOf } from '../../shared/calendar/dates.ts';
import { localDay, stretches } from '../../shared/calendar/local-time.ts';
import type { Calendar, Weekday } from '../../shared/calendar/types.ts';
import { LanProofError } from '../../shared/errors.ts';
import type { Span } from '../../shared/judge/spans.ts';

/** Recurring windows are written out so far ahead (accounting §5); then a person plans again. */
export const AHEAD_MONTHS_MAX = 12;
/** One window of each day at most, so that those of a series never overlap. */
export const WEEKLY_MINUTES_MAX = 1_440;

/** The same hours on some weekdays, by the local clock. */
export interface Weekly {
  readonly days: readonly Weekday[];
  /** HH:MM on the local clock. */
  readonly start: string;
  /** 1 … WEEKLY_MINUTES_MAX, of real time. */
  readonly minutes: number;
  /** Last local date on which a window may begin, YYYY-MM-DD. */
  readonly until: string;
}

/**
 * Every window of a series that begins at or after `now_ms`, ascending. Throws LanProofError
 * TIME_RECURRING with the member that is wrong, and where no window would be left.
 */
export function expandWeekly(
  calendar: Pick<Calendar, 'offsets'>,
  weekly: Weekly,
  now_ms: number,
): Span[] {
  const start_min = clockMinutes(weekly.start);
  const first = dayNumber(localDay(calendar, now_ms).date);
  const last = dayNumber(weekly.until);
  if (first === null || last === null) {
    throw wrong('until', 'is not a date that exists', 'write a local date as 2027-02-28');
  }
  const limit = monthsAfter(dateOf(first), AHEAD_MONTHS_MAX);
  if (weekly.until > limit) {
    throw wrong('until', `is more than ${AHEAD_MONTHS_MAX} months ahead`, `write ${limit} at most`);
  }
  const days = new Set(weekly.days);
  const out: Span[] = [];
  for (let day = first; day <= last; day++) {
    if (!days.has(weekdayOf(day))) continue;
    const from_ms = momentOf(calendar, day, start_min);
    if (from_ms >= now_ms) out.push({ from_ms, to_ms: from_ms + weekly.minutes * MINUTE_MS });
  }
  if (out.length > 0) return out;
  throw wrong(
    'until',
    'leaves no window that is still to come',
    'write a later date, or more days',
  );
}

/**
 * The date `months` later; a month that has no such day gives its last one (31 August + 6 is 28 or
 * 29 February).
 */
export function monthsAfter(date: string, months: number): string {
  const [year = 0, month = 1, day = 1] = date.split('-').map(Number);
  const count = year * 12 + (month - 1) + months;
  const [to_year, to_month] = [Math.floor(count / 12), count % 12];
  const length = new Date(Date.UTC(to_year, to_month + 1, 0)).getUTCDate();
  return dateOf(Date.UTC(to_year, to_month, Math.min(day, length)) / DAY_MS);
}

/** UTC ms at which the local clock shows that minute; one that is left out begins at the jump. */
function momentOf(calendar: Pick<Calendar, 'offsets'>, day: number, minute: number): number {
  const local_ms = day * DAY_MS + minute * MINUTE_MS;
  // Offsets are below a day: a day on either side is enough to find the stretch.
  const parts = stretches(calendar, local_ms - DAY_MS, local_ms + DAY_MS);
  for (const { from_ms, to_ms, offset_ms } of parts) {
    const at_ms = local_ms - offset_ms;
    if (at_ms < to_ms) return Math.max(at_ms, from_ms);
  }
  return local_ms;
}

function clockMinutes(text: string): number {
  const found = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(text);
  if (found === null) throw wrong('start', 'is no time of the clock', 'write HH:MM, as 22:00');
  return Number(found[1]) * 60 + Number(found[2]);
}

function wrong(member: string, what: string, hint: string): LanProofError {
  const place = `recurring.${member}`;
  return new LanProofError('TIME_RECURRING', `it ${what}`, { hint, place });
}
