import type { Span } from '../judge/spans.ts';
import { DAY_MS, HOUR_MS, weekdayOf } from './dates.ts';
import { stretches } from './local-time.ts';
import { type Calendar, WEEKDAYS, type Weekday } from './types.ts';

/** Rows × columns of the hour × weekday matrix. */
export const WEEK_HOURS = 168;
const DAY_HOURS = 24;

/** Time inside one hour of the local clock. */
export interface HourCell extends Span {
  readonly weekday: Weekday;
  /** 0 … 23 on the local clock. */
  readonly hour: number;
  /** Place in the matrix: row of WEEKDAYS × 24 + hour, 0 … 167. */
  readonly cell: number;
}

/**
 * Any spans, cut at the full hours of the local clock and where the offset changes: the same time
 * in the same order. An hour that the clock shows twice gives two pieces of one cell.
 */
export function hourCells(calendar: Pick<Calendar, 'offsets'>, spans: readonly Span[]): HourCell[] {
  const out: HourCell[] = [];
  for (const span of spans) {
    for (const part of stretches(calendar, span.from_ms, span.to_ms)) {
      let from_ms = part.from_ms;
      while (from_ms < part.to_ms) {
        const local_hour = Math.floor((from_ms + part.offset_ms) / HOUR_MS);
        const to_ms = Math.min(part.to_ms, (local_hour + 1) * HOUR_MS - part.offset_ms);
        const day = Math.floor((local_hour * HOUR_MS) / DAY_MS);
        const hour = local_hour - day * DAY_HOURS;
        const weekday = weekdayOf(day);
        const cell = WEEKDAYS.indexOf(weekday) * DAY_HOURS + hour;
        out.push({ from_ms, to_ms, weekday, hour, cell });
        from_ms = to_ms;
      }
    }
  }
  return out;
}

/** Milliseconds of the spans in each of the 168 cells. */
export function hourMatrix_ms(
  calendar: Pick<Calendar, 'offsets'>,
  spans: readonly Span[],
): number[] {
  const sums_ms = new Array<number>(WEEK_HOURS).fill(0);
  for (const { cell, from_ms, to_ms } of hourCells(calendar, spans)) {
    sums_ms[cell] = (sums_ms[cell] ?? 0) + to_ms - from_ms;
  }
  return sums_ms;
}
