import type { SlowMinute } from '../observe/types.ts';
import type { MinuteRow } from '../site/material.ts';
import { partIn } from '../site/tracks.ts';
import { type Span, total_ms } from '../spans.ts';
import { type DeviceSlots, intervalAt } from './slots.ts';

const MINUTE_MS = 60_000;

/** A window of minutes reaches so many beyond each of its minutes. */
function neighbours(window_min: number): number {
  return window_min - 1;
}

/**
 * Minutes that degradedSpans needs to say the same as of all minutes of [from_ms, to_ms): those
 * that lost a slot outside silence or were slow, and their neighbours inside one window. Of the
 * others nothing can be said but that they were neither. Ascending.
 */
export function minuteRows(
  device: DeviceSlots,
  slow: readonly SlowMinute[],
  span: Span,
  window_min: number,
): MinuteRow[] {
  const p95_us = new Map(slow.map((minute) => [minute.at_ms, minute.p95_us]));
  const marked = new Set<number>(p95_us.keys());
  for (const lost of device.lost) {
    for (let at_ms = minuteOf(lost.from_ms); at_ms < lost.to_ms; at_ms += MINUTE_MS) {
      marked.add(at_ms);
    }
  }
  const wanted = new Set<number>();
  const reach = neighbours(window_min);
  for (const at_ms of marked) {
    for (let k = -reach; k <= reach; k++) wanted.add(at_ms + k * MINUTE_MS);
  }
  return [...wanted]
    .filter((at_ms) => at_ms >= span.from_ms && at_ms < span.to_ms)
    .sort((a, b) => a - b)
    .flatMap((at_ms) => rowOf(device, at_ms, p95_us.get(at_ms) ?? null));
}

/** One minute by its slots; none if it has no slot of known outcome outside silence. */
export function rowOf(device: DeviceSlots, at_ms: number, p95_us: number | null): MinuteRow[] {
  const end_ms = at_ms + MINUTE_MS;
  const up_ms = total_ms(partIn(device.up, at_ms, end_ms));
  const lost = partIn(device.lost, at_ms, end_ms);
  const lost_ms = total_ms(lost);
  const answered_ms = up_ms - lost.reduce((sum, one) => sum + overlap_ms(device.up, one), 0);
  const interval_ms = intervalAt(device, at_ms);
  const slots = interval_ms === 0 ? 0 : Math.round((answered_ms + lost_ms) / interval_ms);
  if (slots === 0) return [];
  return [{ at_ms, slots, lost: Math.round(lost_ms / interval_ms), p95_us }];
}

function overlap_ms(spans: readonly Span[], one: Span): number {
  return total_ms(partIn(spans, one.from_ms, one.to_ms));
}

function minuteOf(ms: number): number {
  return Math.floor(ms / MINUTE_MS) * MINUTE_MS;
}
