import { DAY_MS, dateOf, weekdayOf } from '../../shared/calendar/dates.ts';
import { localDay, stretches } from '../../shared/calendar/local-time.ts';
import type { Calendar, CalendarDay, Weekday } from '../../shared/calendar/types.ts';
import { datedDays, workingSpans } from '../../shared/calendar/working.ts';
import type { Span } from '../../shared/judge/spans.ts';

/** A year and its margins, as periods of figures. */
export const CALENDAR_DAYS_MAX = 400;

export interface CalendarDayView {
  /** Local date, YYYY-MM-DD. */
  readonly date: string;
  readonly weekday: Weekday;
  readonly working_ms: number;
  /** Working time of the date as UTC ms. */
  readonly hours: readonly Span[];
  /** The dated row that gave the day its hours. */
  readonly dated: CalendarDay | null;
}

/**
 * Every local date of [from, to] (day numbers, both included), days of rest too. Throws
 * LanProofError CALENDAR_PROFILE.
 */
export function calendarDays(
  calendar: Calendar,
  profile: string | null,
  from: number,
  to: number,
): CalendarDayView[] {
  // Offsets are below a day, so that a day more on either side holds every moment of the dates.
  const [from_ms, to_ms] = [(from - 1) * DAY_MS, (to + 2) * DAY_MS];
  const hours = new Map<string, Span[]>();
  for (const span of workingSpans(calendar, profile, from_ms, to_ms)) {
    for (const part of byDate(calendar, span)) {
      const { date } = localDay(calendar, part.from_ms);
      hours.set(date, [...(hours.get(date) ?? []), part]);
    }
  }
  const dated = new Map(datedDays(calendar, from_ms, to_ms).map((row) => [row.date, row]));
  const out: CalendarDayView[] = [];
  for (let day = from; day <= to; day++) {
    const date = dateOf(day);
    const spans = hours.get(date) ?? [];
    const working_ms = spans.reduce((sum_ms, span) => sum_ms + span.to_ms - span.from_ms, 0);
    const row = dated.get(date) ?? null;
    out.push({ date, weekday: weekdayOf(day), working_ms, hours: spans, dated: row });
  }
  return out;
}

/** A span over midnight belongs to two dates. */
function byDate(calendar: Calendar, span: Span): Span[] {
  const out: Span[] = [];
  for (const part of stretches(calendar, span.from_ms, span.to_ms)) {
    let from_ms = part.from_ms;
    while (from_ms < part.to_ms) {
      const day = Math.floor((from_ms + part.offset_ms) / DAY_MS);
      const to_ms = Math.min(part.to_ms, (day + 1) * DAY_MS - part.offset_ms);
      out.push({ from_ms, to_ms });
      from_ms = to_ms;
    }
  }
  return out;
}
