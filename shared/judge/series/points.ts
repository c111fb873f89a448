import type { Column } from './column.ts';
import { type CounterTrack, type DeviceMinutes, MINUTE_MS } from './types.ts';

/** Points of a chart: point k stands for [from_ms + k × step_ms, …), the last one ends at to_ms. */
export interface Grid {
  /** Whole UTC minutes. */
  readonly from_ms: number;
  readonly to_ms: number;
  readonly step_ms: number;
}

/**
 * What is known of [from_ms, to_ms), whole minutes of one UTC day. Pieces of one chart ascend and
 * do not overlap.
 */
export interface Piece<Known> {
  readonly day_ms: number;
  readonly from_ms: number;
  readonly to_ms: number;
  readonly known: Known;
}

type Points = (number | null)[];

export function pointCount({ from_ms, to_ms, step_ms }: Grid): number {
  return Math.ceil((to_ms - from_ms) / step_ms);
}

/**
 * Round trips, µs. A point of several minutes has the least `min`, the greatest `max`, the worst
 * (greatest) of their 95th percentiles and the median of their medians (of two the lower one).
 * Quantiles of a longer time cannot be had from those of its minutes: these are bounds and a
 * middle, and the chart says so.
 */
export function rttPoints(
  pieces: readonly Piece<DeviceMinutes>[],
  grid: Grid,
): { min: Points; med: Points; p95: Points; max: Points } {
  const [min, p95, max] = [empty(grid), empty(grid), empty(grid)];
  const medians: number[][] = Array.from({ length: pointCount(grid) }, () => []);
  for (const piece of pieces) {
    const { rtt } = piece.known;
    if (rtt === null) continue;
    eachMinute(piece, grid, (minute, point) => {
      min[point] = least(min[point], rtt.min[minute]);
      p95[point] = greatest(p95[point], rtt.p95[minute]);
      max[point] = greatest(max[point], rtt.max[minute]);
      const med = rtt.med[minute] ?? null;
      if (med !== null) medians[point]?.push(med);
    });
  }
  const med = medians.map((list) => {
    list.sort((a, b) => a - b);
    return list[Math.ceil(list.length / 2) - 1] ?? null;
  });
  return { min, med, p95, max };
}

/**
 * Lost slots, all slots of which something is known, and their ratio; sums over the point's
 * minutes. `arp_is_lost`: a slot answered to ARP only counts as lost, which it does for everything
 * that is not switched off at will (accounting §1).
 */
export function lossPoints(
  pieces: readonly Piece<DeviceMinutes>[],
  grid: Grid,
  arp_is_lost: boolean,
): { loss: Points; lost: Points; slots: Points } {
  const [lost, slots] = [empty(grid), empty(grid)];
  for (const piece of pieces) {
    const { loss } = piece.known;
    if (loss === null) continue;
    eachMinute(piece, grid, (minute, point) => {
      const known = loss.slots[minute] ?? null;
      if (known === null) return;
      const arp = arp_is_lost ? (loss.arp[minute] ?? 0) : 0;
      slots[point] = (slots[point] ?? 0) + known;
      lost[point] = (lost[point] ?? 0) + (loss.lost[minute] ?? 0) + arp;
    });
  }
  const loss = slots.map((all, at) => (all === null ? null : (lost[at] ?? 0) / all));
  return { loss, lost, slots };
}

/**
 * What a counter counted, per second: what its valid deltas say of the point's time ÷ the part of
 * that time that they cover. A delta is spread evenly over its own time. Null where none is valid.
 */
export function ratePoints(
  pieces: readonly Piece<CounterTrack | null>[],
  grid: Grid,
): { rate: Points } {
  const counts: number[] = new Array(pointCount(grid)).fill(0);
  const covered_ms: number[] = new Array(pointCount(grid)).fill(0);
  for (const { known, from_ms, to_ms } of pieces) {
    if (known === null) continue;
    const { times_ms, deltas } = known;
    const [begin, end] = [Math.max(from_ms, grid.from_ms), Math.min(to_ms, grid.to_ms)];
    for (const [k, delta] of deltas.entries()) {
      const [first_ms = 0, last_ms = 0] = [times_ms[k], times_ms[k + 1]];
      if (delta === null || last_ms <= begin || first_ms >= end) continue;
      const per_ms = delta / (last_ms - first_ms);
      const until = Math.min(last_ms, end);
      for (let at = Math.max(first_ms, begin); at < until; ) {
        const point = Math.floor((at - grid.from_ms) / grid.step_ms);
        const next = Math.min(until, grid.from_ms + (point + 1) * grid.step_ms);
        counts[point] = (counts[point] ?? 0) + per_ms * (next - at);
        covered_ms[point] = (covered_ms[point] ?? 0) + (next - at);
        at = next;
      }
    }
  }
  const rate = covered_ms.map((ms, point) =>
    ms === 0 ? null : ((counts[point] ?? 0) / ms) * 1_000,
  );
  return { rate };
}

function empty(grid: Grid): Points {
  return new Array(pointCount(grid)).fill(null);
}

/** Minutes of the piece's day that lie in the grid, with the point that each belongs to. */
function eachMinute(
  { day_ms, from_ms, to_ms }: Piece<unknown>,
  grid: Grid,
  visit: (minute: number, point: number) => void,
): void {
  const end = Math.min(to_ms, grid.to_ms);
  for (let at = Math.max(from_ms, grid.from_ms); at < end; at += MINUTE_MS) {
    visit((at - day_ms) / MINUTE_MS, Math.floor((at - grid.from_ms) / grid.step_ms));
  }
}

function least(a: number | null | undefined, b: Column[number] | undefined): number | null {
  if (a === null || a === undefined) return b ?? null;
  return b === null || b === undefined ? a : Math.min(a, b);
}

function greatest(a: number | null | undefined, b: Column[number] | undefined): number | null {
  if (a === null || a === undefined) return b ?? null;
  return b === null || b === undefined ? a : Math.max(a, b);
}
