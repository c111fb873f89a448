import type { BaseInterval } from '../site/material.ts';
import { clip, intersect, type Span, subtract, total_ms, union } from '../spans.ts';
import type { SlotRun } from '../types.ts';

/** Slots on each side of an outage that say whether it is one of many (accounting §2). */
const AROUND_SLOTS = 30;
/** Slower probes see too little around an outage: 30 slots would be more than these 10 minutes. */
const AROUND_MS_MAX = 600_000;

export interface SlotShare {
  readonly slots: number;
  readonly lost: number;
}

/** One device's slots as times; every list holds whole slots. */
export interface DeviceSlots {
  readonly interval_ms: number;
  readonly up: readonly Span[];
  readonly silent: readonly Span[];
  /** Lost slots outside silence. */
  readonly lost: readonly Span[];
}

/** `arp_is_reply`: an answered ARP request counts as a reply (pc, kiosk, printer). */
export function deviceSlots(
  base: readonly (Span & Pick<BaseInterval, 'state' | 'reason'>)[],
  runs: readonly SlotRun[],
  interval_ms: number,
  arp_is_reply: boolean,
): DeviceSlots {
  const silent = union(base.filter(({ state }) => state === 'silent'));
  const lost = runs
    .filter((run) => run.class === 'no_reply' || (run.class === 'arp_only' && !arp_is_reply))
    .map((run) => ({ from_ms: run.from_ms, to_ms: run.from_ms + run.slots * run.interval_ms }));
  // Before its first answer a device is not there yet: nothing of its silence was lost.
  const absent = base.filter(({ reason }) => reason === 'never_answered');
  return {
    interval_ms,
    up: union(base.filter(({ state }) => state === 'up')),
    silent,
    lost: subtract(union(lost), union([...silent, ...absent])),
  };
}

/** Slots of known outcome in [from_ms, to_ms), and the lost ones among them. */
function shareIn(device: DeviceSlots, from_ms: number, to_ms: number): SlotShare {
  const { interval_ms, silent } = device;
  const up = clip(device.up, from_ms, to_ms);
  const down_ms = total_ms(clip(silent, from_ms, to_ms));
  const lost = clip(device.lost, from_ms, to_ms);
  const lost_ms = total_ms(lost);
  const known_ms = total_ms(up) + down_ms + lost_ms - total_ms(intersect(lost, up));
  return {
    slots: Math.round(known_ms / interval_ms),
    lost: Math.round((down_ms + lost_ms) / interval_ms),
  };
}

/** The 30 slots before a silence; null: the probe is too slow to ask. */
export function shareBefore(device: DeviceSlots, from_ms: number): SlotShare | null {
  const reach_ms = AROUND_SLOTS * device.interval_ms;
  if (reach_ms === 0 || reach_ms > AROUND_MS_MAX) return null;
  return shareIn(device, from_ms - reach_ms, from_ms);
}

/** With the 30 slots after it; null: those before are not known, or time is not over yet. */
export function shareAround(
  device: DeviceSlots,
  before: SlotShare | null,
  end_ms: number | null,
  known_to_ms: number,
): SlotShare | null {
  const reach_ms = AROUND_SLOTS * device.interval_ms;
  if (before === null || end_ms === null || end_ms + reach_ms > known_to_ms) return null;
  const after = shareIn(device, end_ms, end_ms + reach_ms);
  return { slots: before.slots + after.slots, lost: before.lost + after.lost };
}
