import type { Cause } from '../cause-names.ts';
import type { FinalInterval } from '../final.ts';
import { intersect, type Span, union } from '../spans.ts';
import type { UnknownReason } from '../types.ts';
import { endOf, holds, outagesOf } from './outages.ts';
import { addCause, closeTally, type FigureSums, newTally, type Tally } from './sums.ts';

/** When something was expected; null: still is. */
export interface Window {
  readonly from_ms: number;
  readonly to_ms: number | null;
}

export interface FiguresAsk {
  /**
   * Of one device, ascending and disjoint: all that touch the hours, and with a down interval all
   * down intervals that it touches (an outage must be whole to be counted where it starts).
   * Time in no interval is unknown.
   */
  readonly intervals: readonly FinalInterval[];
  /** When the device was expected (list_applied to removal); may touch and overlap. */
  readonly windows: readonly Window[];
  /** Period ∩ calendar; for all hours the period. */
  readonly hours: readonly Span[];
  /**
   * The same calendar without the period, wherever the intervals lie: an outage that begins before
   * work counts where work begins, and its length is its working time. Default: every hour, which
   * counts an outage only if it starts inside `hours`.
   */
  readonly calendar?: readonly Span[];
  /** End of the figures: no later time is part of any period. */
  readonly as_of_to_ms: number;
  /** The owning agent's closed_to; null: nothing was closed. */
  readonly known_to_ms: number | null;
  /** Why time without an interval is unknown; default `not_received`. */
  readonly late_reason?: UnknownReason;
}

/** A stretch of time whose figures go into row `row`. Lists of cells are ascending and disjoint. */
export interface Cell extends Span {
  readonly row: number;
}

/** Causes that money for the LAN can remove (accounting §6). */
export const LAN_CAUSES: ReadonlySet<Cause> = new Set<Cause>([
  'lan_loop',
  'lan_addressing',
  'lan_switch',
  'lan_link',
  'lan_duplex',
  'lan_whole',
  'gateway',
  'device',
]);

/** Sums of one device over the hours, exact in ms. */
export function deviceFigures(ask: FiguresAsk): FigureSums {
  const [sums] = figuresByCell(ask, [{ from_ms: -Infinity, to_ms: Infinity, row: 0 }], 1);
  return sums ?? closeTally(newTally());
}

/** One row per day between neighbouring midnights (local ones, ascending, UTC ms). */
export function dayFigures(ask: FiguresAsk, midnights_ms: readonly number[]): FigureSums[] {
  const cells = midnights_ms
    .slice(1)
    .map((to_ms, row): Cell => ({ from_ms: midnights_ms[row] ?? to_ms, to_ms, row }));
  return figuresByCell(ask, cells, cells.length);
}

/** One hour of one weekday: 0 Monday to 6 Sunday, 0 to 23. The caller knows the time zone. */
export interface HourCell extends Span {
  readonly weekday: number;
  readonly hour: number;
}

export const HOURS_OF_DAY = 24;
export const MATRIX_CELLS = 7 * HOURS_OF_DAY;

/** 168 sums, index weekday × 24 + hour. Cells: ascending and disjoint. */
export function hourWeekdayFigures(ask: FiguresAsk, cells: readonly HourCell[]): FigureSums[] {
  const rows = cells.map(
    ({ from_ms, to_ms, weekday, hour }): Cell => ({
      from_ms,
      to_ms,
      row: weekday * HOURS_OF_DAY + hour,
    }),
  );
  return figuresByCell(ask, rows, MATRIX_CELLS);
}

/** Sums per row, in one walk over the intervals. Hours in no cell are in no row. */
export function figuresByCell(ask: FiguresAsk, cells: readonly Cell[], rows: number): FigureSums[] {
  const tallies = Array.from({ length: rows }, newTally);
  const past = [{ from_ms: -Infinity, to_ms: ask.as_of_to_ms }];
  const expected = intersect(intersect(spansOf(ask.windows), past), ask.hours);
  bookTime(ask, expected, cells, tallies);
  bookOutages(ask, cells, tallies);
  return tallies.map(closeTally);
}

/**
 * Only the outages, per row; every time is 0. Of `intervals` the down ones are enough: what takes
 * its time from the sums of days still counts an outage over midnight once, with all its length.
 */
export function outagesByCell(ask: FiguresAsk, cells: readonly Cell[], rows: number): FigureSums[] {
  const tallies = Array.from({ length: rows }, newTally);
  bookOutages(ask, cells, tallies);
  return tallies.map(closeTally);
}

function bookOutages(ask: FiguresAsk, cells: readonly Cell[], tallies: readonly Tally[]): void {
  const windows = spansOf(ask.windows);
  const seen = intersect(windows, [{ from_ms: -Infinity, to_ms: ask.as_of_to_ms }]);
  const expected = intersect(seen, ask.hours);
  const { intervals, calendar, known_to_ms, as_of_to_ms } = ask;
  const counted = calendar === undefined ? seen : intersect(seen, calendar);
  let c = 0;
  for (const outage of outagesOf(intervals, counted, windows, known_to_ms, as_of_to_ms)) {
    if (!holds(expected, outage.at_ms)) continue;
    while ((cells[c]?.to_ms ?? Infinity) <= outage.at_ms) c += 1;
    const cell = cells[c];
    const tally = cell === undefined ? undefined : tallies[cell.row];
    if (cell === undefined || tally === undefined || cell.from_ms > outage.at_ms) continue;
    tally.outages += 1;
    tally.outages_ms += outage.length_ms;
    tally.longest_ms = Math.max(tally.longest_ms ?? 0, outage.length_ms);
    if (outage.ended) {
      tally.ended += 1;
      tally.ended_ms += outage.length_ms;
    }
  }
}

/** Windows as a list of spans; an open one has no end. */
export function spansOf(windows: readonly Window[]): Span[] {
  return union(windows.map(({ from_ms, to_ms }) => ({ from_ms, to_ms: to_ms ?? Infinity })));
}

function bookTime(
  ask: FiguresAsk,
  expected: readonly Span[],
  cells: readonly Cell[],
  tallies: readonly Tally[],
): void {
  const walk: Walk = { ask, next: 0 };
  let e = 0;
  let c = 0;
  for (;;) {
    const span = expected[e];
    const cell = cells[c];
    if (span === undefined || cell === undefined) return;
    const from_ms = Math.max(span.from_ms, cell.from_ms);
    const to_ms = Math.min(span.to_ms, cell.to_ms);
    const tally = tallies[cell.row];
    if (from_ms < to_ms && tally !== undefined) bookSpan(walk, from_ms, to_ms, tally);
    if (span.to_ms <= cell.to_ms) e += 1;
    else c += 1;
  }
}

/** Where the walk stands: no interval before `next` reaches the spans that follow. */
interface Walk {
  readonly ask: FiguresAsk;
  next: number;
}

function bookSpan(walk: Walk, from_ms: number, to_ms: number, tally: Tally): void {
  const { intervals, known_to_ms, late_reason } = walk.ask;
  const late = late_reason ?? 'not_received';
  tally.expected_ms += to_ms - from_ms;
  let at_ms = from_ms;
  for (let i = walk.next; ; i += 1) {
    const interval = intervals[i];
    if (interval === undefined || interval.from_ms >= to_ms) break;
    const end_ms = endOf(interval, known_to_ms);
    if (end_ms <= from_ms) {
      if (i === walk.next) walk.next += 1;
      continue;
    }
    const start_ms = Math.max(at_ms, interval.from_ms);
    const stop_ms = Math.min(to_ms, end_ms);
    if (stop_ms <= start_ms) continue;
    if (start_ms > at_ms) bookUnknown(tally, late, start_ms - at_ms);
    book(tally, interval, stop_ms - start_ms, late);
    at_ms = stop_ms;
  }
  if (at_ms < to_ms) bookUnknown(tally, late, to_ms - at_ms);
}

function bookUnknown(tally: Tally, reason: UnknownReason, ms: number): void {
  tally.unknown_ms += ms;
  tally.unknown_by[reason] = ms + (tally.unknown_by[reason] ?? 0);
}

function book(tally: Tally, interval: FinalInterval, ms: number, late: UnknownReason): void {
  switch (interval.state) {
    case 'up':
      tally.up_ms += ms;
      return;
    case 'degraded':
      tally.degraded_ms += ms;
      return;
    case 'off':
      tally.off_ms += ms;
      return;
    case 'maintenance':
      tally.maintenance_ms += ms;
      return;
    case 'unknown':
      bookUnknown(tally, interval.reason ?? late, ms);
      if (interval.cause !== null) addCause(tally, interval.cause, 0, 0, ms);
      return;
    case 'down':
    case 'unreachable':
      bookBad(tally, interval, ms);
      return;
    default:
      interval.state satisfies never;
  }
}

function bookBad(tally: Tally, interval: FinalInterval, ms: number): void {
  const cause = interval.cause ?? 'undetermined';
  const down_ms = interval.state === 'down' ? ms : 0;
  tally.down_ms += down_ms;
  tally.unreachable_ms += ms - down_ms;
  addCause(tally, cause, down_ms, ms - down_ms, 0);
  const determined = interval.settled && cause !== 'undetermined';
  if (!determined) tally.undetermined_ms += ms;
  if (!determined || !LAN_CAUSES.has(cause)) tally.lan_excluded_ms += ms;
}
