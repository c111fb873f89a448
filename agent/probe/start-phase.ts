/** Ticks lie this far behind a full UTC second: far from every slot edge on both sides, ms. */
export const PHASE_MS = 250;
const SECOND_MS = 1000;

/**
 * The first good moment to start a series at or after `earliest_ms` (monotonic ms): 250 ms behind
 * a full second of the settable clock (`offset_ms` = wall − monotonic), so that the send jitter
 * never carries a tick over a slot edge. The wait is at most 1 s, unless `needed_ms` > 0: then
 * that much of the tick's slot is left behind it (an ARP request after a silent echo must leave in
 * the same slot, and a series keeps its phase for hours), at the cost of at most that wait more.
 */
export function alignStart(
  earliest_ms: number,
  offset_ms: number,
  interval_ms: number,
  needed_ms: number,
): number {
  const wall = earliest_ms + offset_ms;
  let start = Math.ceil((wall - PHASE_MS) / SECOND_MS) * SECOND_MS + PHASE_MS;
  const into_slot = ((start % interval_ms) + interval_ms) % interval_ms;
  if (needed_ms > 0 && into_slot + needed_ms > interval_ms) {
    start += interval_ms - into_slot + PHASE_MS;
  }
  return start - offset_ms;
}
