import { DAY_MS, dateOf, MINUTE_MS, weekdayOf } from './dates.ts';
import type { Calendar, Weekday } from './types.ts';

export interface LocalDay {
  /** YYYY-MM-DD */
  readonly date: string;
  readonly weekday: Weekday;
  /** Milliseconds on the local clock since its 00:00, 0 … 86,399,999. */
  readonly clock_ms: number;
}

/** A stretch of UTC time with one offset: local time = UTC + offset_ms throughout. */
export interface Stretch {
  readonly from_ms: number;
  readonly to_ms: number;
  readonly offset_ms: number;
}

/** [from_ms, to_ms) cut where the offset changes: ascending, without gaps; empty if reversed. */
export function stretches(
  calendar: Pick<Calendar, 'offsets'>,
  from_ms: number,
  to_ms: number,
): Stretch[] {
  const out: Stretch[] = [];
  calendar.offsets.forEach((offset, index) => {
    const next = calendar.offsets[index + 1];
    const start_ms = index === 0 ? from_ms : Math.max(from_ms, offset.from_ms);
    const end_ms = next === undefined ? to_ms : Math.min(to_ms, next.from_ms);
    if (start_ms >= end_ms) return;
    out.push({ from_ms: start_ms, to_ms: end_ms, offset_ms: offset.offset_min * MINUTE_MS });
  });
  return out;
}

/** Number of the local day that the clock on the wall shows at `at_ms`. */
function shownDay(at_ms: number, offset_ms: number): number {
  return Math.floor((at_ms + offset_ms) / DAY_MS);
}

/** What calendar and clock on the wall show at `at_ms`. */
export function localDay(calendar: Pick<Calendar, 'offsets'>, at_ms: number): LocalDay {
  const offset_ms = stretches(calendar, at_ms, at_ms + 1)[0]?.offset_ms ?? 0;
  const day = shownDay(at_ms, offset_ms);
  return {
    date: dateOf(day),
    weekday: weekdayOf(day),
    clock_ms: at_ms + offset_ms - day * DAY_MS,
  };
}

/**
 * Moments of [from_ms, to_ms) at which a new local date is shown for the first time, ascending,
 * UTC ms. Where the clock jumps over midnight that is the jump; where it is set back over midnight
 * the date that comes twice begins once, with its first time; a date left out has none.
 */
export function localMidnights(
  calendar: Pick<Calendar, 'offsets'>,
  from_ms: number,
  to_ms: number,
): number[] {
  let newest = Number.NEGATIVE_INFINITY;
  // The offsets change rarely: looking at all time before costs a few steps and makes the answer
  // for a period the same as for its parts.
  for (const past of stretches(calendar, Number.NEGATIVE_INFINITY, from_ms)) {
    newest = Math.max(newest, shownDay(past.to_ms - 1, past.offset_ms));
  }
  const out: number[] = [];
  for (const { from_ms: start_ms, to_ms: end_ms, offset_ms } of stretches(
    calendar,
    from_ms,
    to_ms,
  )) {
    const first = Math.max(newest + 1, shownDay(start_ms, offset_ms));
    const last = shownDay(end_ms - 1, offset_ms);
    for (let day = first; day <= last; day++) {
      out.push(Math.max(start_ms, day * DAY_MS - offset_ms));
    }
    newest = Math.max(newest, last);
  }
  return out;
}
