import { LanProofError } from '../errors.ts';
import type { Span } from '../judge/spans.ts';
import { DAY_MS, dateOf, MINUTE_MS, weekdayOf } from './dates.ts';
import { stretches } from './local-time.ts';
import type { Calendar, CalendarDay, MinuteSpan, Weekday, Weekly } from './types.ts';

/** Working time of one local date inside the period asked for. */
export interface DayOfWork {
  /** YYYY-MM-DD */
  readonly date: string;
  readonly weekday: Weekday;
  /** Real time, so an hour that the clock shows twice counts twice. */
  readonly working_ms: number;
  /** The dated row that gave this day its hours; null for an ordinary weekday. */
  readonly dated: CalendarDay | null;
}

/** Hours of each local day, by its number, with the dated row behind them. */
class Hours {
  private readonly weekly: Weekly;
  private readonly dated: ReadonlyMap<string, CalendarDay>;

  constructor(calendar: Calendar, profile: string | null) {
    this.weekly = weeklyOf(calendar, profile);
    this.dated = new Map(calendar.days.map((day) => [day.date, day]));
  }

  row(day: number): CalendarDay | null {
    return this.dated.get(dateOf(day)) ?? null;
  }

  spans(day: number): readonly MinuteSpan[] {
    const row = this.row(day);
    if (row === null) return this.weekly[weekdayOf(day)];
    if (row.kind === 'holiday') return [];
    return row.spans ?? this.weekly[row.works_like ?? weekdayOf(day)];
  }
}

/**
 * Working time in [from_ms, to_ms) as disjoint ascending spans of UTC ms; spans that touch are
 * joined. A moment works if the clock on the wall shows a working minute of the date that it
 * shows: hours that a clock change leaves out are not there, hours that come twice count twice.
 * `profile` null means the calendar's own week. Throws LanProofError CALENDAR_PROFILE.
 */
export function workingSpans(
  calendar: Calendar,
  profile: string | null,
  from_ms: number,
  to_ms: number,
): Span[] {
  const out: Span[] = [];
  eachSpan(calendar, new Hours(calendar, profile), from_ms, to_ms, (span) => {
    const last = out.at(-1);
    if (last?.to_ms === span.from_ms) out[out.length - 1] = { ...last, to_ms: span.to_ms };
    else out.push(span);
  });
  return out;
}

/**
 * The local dates with working time in [from_ms, to_ms), ascending; their working_ms add up to
 * the workingSpans of the same arguments. Throws LanProofError CALENDAR_PROFILE.
 */
export function workingDays(
  calendar: Calendar,
  profile: string | null,
  from_ms: number,
  to_ms: number,
): DayOfWork[] {
  const hours = new Hours(calendar, profile);
  const sums_ms = new Map<number, number>();
  eachSpan(calendar, hours, from_ms, to_ms, (span, day) => {
    sums_ms.set(day, (sums_ms.get(day) ?? 0) + span.to_ms - span.from_ms);
  });
  return [...sums_ms]
    .sort(([a], [b]) => a - b)
    .map(([day, working_ms]) => ({
      date: dateOf(day),
      weekday: weekdayOf(day),
      working_ms,
      dated: hours.row(day),
    }));
}

/** Dated rows whose date is shown at some moment of [from_ms, to_ms): what a report lists. */
export function datedDays(calendar: Calendar, from_ms: number, to_ms: number): CalendarDay[] {
  const shown = stretches(calendar, from_ms, to_ms).map((part) => ({
    first: dateOf(Math.floor((part.from_ms + part.offset_ms) / DAY_MS)),
    last: dateOf(Math.floor((part.to_ms - 1 + part.offset_ms) / DAY_MS)),
  }));
  // Dates of four-digit years sort as texts.
  return calendar.days.filter(({ date }) =>
    shown.some(({ first, last }) => first <= date && date <= last),
  );
}

function eachSpan(
  calendar: Calendar,
  hours: Hours,
  from_ms: number,
  to_ms: number,
  visit: (span: Span, day: number) => void,
): void {
  for (const part of stretches(calendar, from_ms, to_ms)) {
    const last = Math.floor((part.to_ms - 1 + part.offset_ms) / DAY_MS);
    for (let day = Math.floor((part.from_ms + part.offset_ms) / DAY_MS); day <= last; day++) {
      const midnight_ms = day * DAY_MS - part.offset_ms;
      for (const { from_min, to_min } of hours.spans(day)) {
        const start_ms = Math.max(part.from_ms, midnight_ms + from_min * MINUTE_MS);
        const end_ms = Math.min(part.to_ms, midnight_ms + to_min * MINUTE_MS);
        if (start_ms < end_ms) visit({ from_ms: start_ms, to_ms: end_ms }, day);
      }
    }
  }
}

function weeklyOf(calendar: Calendar, profile: string | null): Weekly {
  if (profile === null) return calendar.weekly;
  const found = calendar.profiles.find(({ code }) => code === profile);
  if (found !== undefined) return found.weekly;
  const known = calendar.profiles.map(({ code }) => code).join(' ') || 'none';
  throw new LanProofError('CALENDAR_PROFILE', `calendar ${calendar.code} has no such profile`, {
    hint: `ask for one of its profiles (${known}) or for the calendar's own week`,
    place: profile,
  });
}
