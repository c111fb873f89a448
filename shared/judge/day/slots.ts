import { heldAt } from '../site/held.ts';
import type { BaseInterval, SlotGrid } from '../site/material.ts';
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
  /** By time, ascending; empty: nothing is probed. */
  readonly grids: readonly SlotGrid[];
  readonly up: readonly Span[];
  readonly silent: readonly Span[];
  /** Lost slots outside silence. */
  readonly lost: readonly Span[];
}

/** `arp_is_reply`: when an answered ARP request counts as a reply (pc, kiosk, printer). */
export function deviceSlots(
  base: readonly (Span & Pick<BaseInterval, 'state' | 'reason'>)[],
  runs: readonly SlotRun[],
  grids: readonly SlotGrid[],
  arp_is_reply: readonly Span[],
): DeviceSlots {
  const silent = union(base.filter(({ state }) => state === 'silent'));
  const lost = runs
    .filter((run) => run.class === 'no_reply' || run.class === 'arp_only')
    .flatMap((run): Span[] => {
      const span = { from_ms: run.from_ms, to_ms: run.from_ms + run.slots * run.interval_ms };
      if (run.class === 'no_reply') return [span];
      return subtract([span], onGrid(arp_is_reply, run.interval_ms));
    });
  // Before its first answer a device is not there yet: nothing of its silence was lost.
  const absent = base.filter(({ reason }) => reason === 'never_answered');
  return {
    grids,
    up: union(base.filter(({ state }) => state === 'up')),
    silent,
    lost: subtract(union(lost), union([...silent, ...absent])),
  };
}

/** Slot interval at an instant, ms; 0: nothing is probed. */
export function intervalAt({ grids }: Pick<DeviceSlots, 'grids'>, at_ms: number): number {
  return heldAt(grids, at_ms)?.interval_ms ?? 0;
}

/** Whole slots: a slot belongs to the span in which it starts. */
function onGrid(spans: readonly Span[], interval_ms: number): Span[] {
  const snap = (ms: number) => Math.ceil(ms / interval_ms) * interval_ms;
  return union(spans.map((one) => ({ from_ms: snap(one.from_ms), to_ms: snap(one.to_ms) })));
}

/** Slots of known outcome in [from_ms, to_ms), and the lost ones among them, grid by grid. */
function shareIn(device: DeviceSlots, from_ms: number, to_ms: number): SlotShare {
  const changes = device.grids.map((grid) => grid.from_ms);
  const inside = changes.filter((ms) => ms > from_ms && ms < to_ms);
  const starts = [from_ms, ...new Set(inside)];
  let slots = 0;
  let lost = 0;
  for (const [k, start_ms] of starts.entries()) {
    const part = shareOfGrid(device, start_ms, starts[k + 1] ?? to_ms);
    slots += part.slots;
    lost += part.lost;
  }
  return { slots, lost };
}

function shareOfGrid(device: DeviceSlots, from_ms: number, to_ms: number): SlotShare {
  const { silent } = device;
  const interval_ms = intervalAt(device, from_ms);
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

/** Length of 30 slots; null: the probe is too slow to ask, or there is none. */
function reachAt(device: DeviceSlots, at_ms: number): number | null {
  const reach_ms = AROUND_SLOTS * intervalAt(device, at_ms);
  return reach_ms === 0 || reach_ms > AROUND_MS_MAX ? null : reach_ms;
}

/** The 30 slots before a silence; null: the probe is too slow to ask. */
export function shareBefore(device: DeviceSlots, from_ms: number): SlotShare | null {
  const reach_ms = reachAt(device, from_ms);
  return reach_ms === null ? null : shareIn(device, from_ms - reach_ms, from_ms);
}

/** With the 30 slots after it; null: those before are not known, or time is not over yet. */
export function shareAround(
  device: DeviceSlots,
  before: SlotShare | null,
  end_ms: number | null,
  known_to_ms: number,
): SlotShare | null {
  if (before === null || end_ms === null) return null;
  const reach_ms = reachAt(device, end_ms);
  if (reach_ms === null || end_ms + reach_ms > known_to_ms) return null;
  const after = shareIn(device, end_ms, end_ms + reach_ms);
  return { slots: before.slots + after.slots, lost: before.lost + after.lost };
}
