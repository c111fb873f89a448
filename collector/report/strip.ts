import type { State, StateInterval } from '../../shared/judge/types.ts';

/** Worst first: a minute shows the worst state that it touched. */
const WORST_FIRST: readonly State[] = [
  'down',
  'unreachable',
  'degraded',
  'unknown',
  'maintenance',
  'off',
  'up',
];
const RANK = new Map(WORST_FIRST.map((state, rank) => [state, rank]));

/** A state, or `pending` where the device had never answered yet. */
export type Cell = State | 'pending';

/**
 * The worst state of each of `count` cells of `cell_ms` from `from_ms` on. Time that no interval
 * covers is unknown, never up.
 */
export function stripCells(
  intervals: readonly StateInterval[],
  from_ms: number,
  cell_ms: number,
  count: number,
): Cell[] {
  return Array.from({ length: count }, (_, cell) => {
    const start = from_ms + cell * cell_ms;
    return worstIn(intervals, start, start + cell_ms);
  });
}

function worstIn(intervals: readonly StateInterval[], start: number, end: number): Cell {
  let worst: StateInterval | undefined;
  let covered_ms = 0;
  for (const interval of intervals) {
    const from = Math.max(interval.from_ms, start);
    const to = Math.min(interval.to_ms ?? end, end);
    if (to <= from) continue;
    covered_ms += to - from;
    if (worst === undefined || rank(interval.state) < rank(worst.state)) worst = interval;
  }
  const gap = covered_ms < end - start;
  if (worst === undefined || (gap && rank(worst.state) > rank('unknown'))) return 'unknown';
  return worst.reason === 'never_answered' ? 'pending' : worst.state;
}

function rank(state: State): number {
  return RANK.get(state) ?? 0;
}
