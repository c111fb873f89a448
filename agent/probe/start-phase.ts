/** Ticks lie this far behind a full UTC second: far from every slot edge on both sides, ms. */
export const PHASE_MS = 250;
const SECOND_MS = 1000;

/**
 * The first moment at or after `earliest_ms` (monotonic ms) at which series may end and begin
 * anew: half a second from where ticks lie, so that no slot falls between the two.
 */
export function betweenTicks(earliest_ms: number, offset_ms: number): number {
  const phase_ms = PHASE_MS + SECOND_MS / 2;
  const wall = earliest_ms + offset_ms;
  return Math.ceil((wall - phase_ms) / SECOND_MS) * SECOND_MS + phase_ms - offset_ms;
}

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

/** Checks of one interval start in as many bursts at most; each is a series of its own. */
const BURSTS_MAX = 4;
/** Fewer checks than this at once need no spreading. */
const BURST_CHECKS = 8;
/** A verdict is written down this long after its time-out at the latest, ms. */
const SETTLE_MS = 2_000;

/**
 * Splits targets of one interval into bursts that start a second apart. Their ticks lie early in
 * the slot, so that the verdicts of slow checks are there before the minute's batch is sealed; a
 * burst that would leave its slot by that starts with the first one.
 */
export function spreadStarts<Target>(
  targets: readonly Target[],
  earliest_ms: number,
  offset_ms: number,
  interval_ms: number,
  timeout_ms: number,
): { readonly start_ms: number; readonly members: readonly Target[] }[] {
  const room_ms = timeout_ms + SETTLE_MS;
  const needed_ms = room_ms * 2 <= interval_ms ? room_ms : 0;
  const start_ms = alignStart(earliest_ms, offset_ms, interval_ms, needed_ms);
  const bursts = Math.min(BURSTS_MAX, Math.ceil(targets.length / BURST_CHECKS));
  const size = Math.ceil(targets.length / Math.max(1, bursts));
  const into_slot = (((start_ms + offset_ms) % interval_ms) + interval_ms) % interval_ms;
  return Array.from({ length: bursts }, (_, k) => {
    const later_ms = k * SECOND_MS;
    const stays = into_slot + later_ms + Math.max(needed_ms, PHASE_MS) <= interval_ms;
    const members = targets.slice(k * size, (k + 1) * size);
    return { start_ms: start_ms + (stays ? later_ms : 0), members };
  }).filter(({ members }) => members.length > 0);
}
