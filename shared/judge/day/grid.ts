import { localMidnights } from '../../calendar/local-time.ts';
import type { Calendar } from '../../calendar/types.ts';
import type { Closed } from '../closed.ts';
import type { DeviceWindow } from '../lists.ts';

const HOUR_MS = 3_600_000;
/** A day is judged with this much of the time behind it: settling, and what a fact still says. */
export const MARGIN_MS = HOUR_MS;
/** After this an agent that still owes its word no longer holds a day back. */
export const OWED_MAX_MS = 26 * HOUR_MS;
/** No local day is longer: two clock changes would have to fall on it. */
const LOCAL_DAY_MAX_MS = 30 * HOUR_MS;

/** [from_ms, end_ms) is judged; `day_ms` is the local midnight that it is filed under. */
export interface LocalDayBounds {
  readonly day_ms: number;
  readonly from_ms: number;
  readonly end_ms: number;
}

/** The local day that `from_ms` lies in, from that moment on. */
export function localDayFrom(calendar: Calendar, from_ms: number): LocalDayBounds {
  const near = localMidnights(calendar, from_ms - LOCAL_DAY_MAX_MS, from_ms + LOCAL_DAY_MAX_MS);
  const day_ms = near.findLast((at_ms) => at_ms <= from_ms) ?? from_ms;
  const end_ms = near.find((at_ms) => at_ms > from_ms) ?? from_ms + LOCAL_DAY_MAX_MS;
  return { day_ms, from_ms, end_ms };
}

/**
 * Whether a day can be judged: every agent that has a device in it or in its margin closed the
 * margin, or it is so long ago that nobody waits any more.
 */
export function isComplete(
  day: LocalDayBounds,
  windows: readonly DeviceWindow[],
  closed: Closed,
  now_ms: number,
): boolean {
  const to_ms = day.end_ms + MARGIN_MS;
  if (now_ms >= day.end_ms + OWED_MAX_MS) return true;
  if (now_ms < to_ms) return false;
  return owing(day, windows, closed).size === 0;
}

/** Whether one of these agents still owes its word of a day. */
export function isOwed(
  day: LocalDayBounds,
  windows: readonly DeviceWindow[],
  closed: Closed,
  agents: ReadonlySet<string>,
): boolean {
  for (const agent of owing(day, windows, closed)) if (agents.has(agent)) return true;
  return false;
}

/** Agents that have a device in a day or in its margin, and did not close the margin. */
function owing(
  day: LocalDayBounds,
  windows: readonly DeviceWindow[],
  closed: Closed,
): ReadonlySet<string> {
  const to_ms = day.end_ms + MARGIN_MS;
  const out = new Set<string>();
  for (const { agent, from_ms, to_ms: end_ms } of windows) {
    if (from_ms >= to_ms || (end_ms ?? to_ms) <= day.from_ms) continue;
    const known_ms = closed.get(agent)?.ms ?? Number.NEGATIVE_INFINITY;
    if (known_ms < to_ms) out.add(agent);
  }
  return out;
}
