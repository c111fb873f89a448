import { floorMinute } from './lists.ts';

/** An agent that is later than this no longer holds the figures of its site back, ms. */
export const LATE_MS = 3 * 60_000;

/**
 * End of what figures may speak of (accounting §1): the whole minute of max(at − 3 min, the least
 * closed_to of the owning agents), never later than `at_ms`. `closed_to_ms` null: that agent never
 * closed anything. Time after an agent's own closed_to and before this is `not_received`.
 */
export function asOf(known: {
  readonly at_ms: number;
  readonly closed_to_ms: readonly (number | null)[];
}): number {
  const { at_ms, closed_to_ms } = known;
  const late_ms = at_ms - LATE_MS;
  if (closed_to_ms.length === 0) return floorMinute(late_ms);
  const least = closed_to_ms.reduce<number>(
    (min, closed) => Math.min(min, closed ?? late_ms),
    Number.POSITIVE_INFINITY,
  );
  return Math.min(floorMinute(Math.max(late_ms, least)), floorMinute(at_ms));
}
