import { cut } from './place.ts';
import { type AgentState, type DeviceState, GAPS_MAX, type Gap, type Item } from './state.ts';
import { SLOT_CLASSES, type SlotClass } from './types.ts';

/** The longest slot: after it no open slot can lie in an older gap, ms. */
const SLOT_MS_MAX = 600_000;

/** The first that fits wins: the class that stands first in SLOT_CLASSES. */
export function strongerClass(a: SlotClass | null, b: SlotClass): SlotClass {
  if (a === null) return b;
  return SLOT_CLASSES.indexOf(a) <= SLOT_CLASSES.indexOf(b) ? a : b;
}

/** Class of a filled slot by its code; `n` may still become vantage_isolated. */
export function itemClass(item: Item): SlotClass {
  if (item.cls !== null) return item.cls;
  switch (item.code) {
    case 'r':
      return 'reply';
    case 'a':
      return 'arp_only';
    case 'n':
      return 'no_reply';
    case 'l':
      return 'agent_link_down';
    default:
      return 'not_sent';
  }
}

/** End (exclusive) of the slots of a device that are closed at `closed_ms`. */
export function closedSlot(device: DeviceState, closed_ms: number): number {
  const i = device.interval_ms;
  const { until_ms } = device;
  if (until_ms === null) return Math.floor(closed_ms / i);
  const last = Math.ceil(until_ms / i);
  return closed_ms >= until_ms ? last : Math.min(last, Math.floor(closed_ms / i));
}

/**
 * Closes the slots of a device up to the agent's frontier: what has no tick gets the strongest
 * reason of the gaps that it touches, else `not_sent`. Items are split where closing stops.
 */
export function closeSlots(device: DeviceState, closed_ms: number, gaps: readonly Gap[]): void {
  const end = closedSlot(device, closed_ms);
  if (end <= device.next) return;
  let at = device.next;
  const [only] = device.items;
  if (device.items.length === 1 && only !== undefined && only.s <= at && only.s + only.n === end) {
    device.next = end;
    return;
  }
  const items: Item[] = [];
  for (const item of device.items) {
    if (item.s > at && at < end) {
      fillEmpty(items, device, at, Math.min(item.s, end), gaps);
    }
    const after = item.s + item.n;
    if (item.s < end && after > end) {
      items.push(cut(item, item.s, end - item.s), cut(item, end, after - end));
    } else items.push(item);
    at = Math.max(at, after);
  }
  if (at < end) fillEmpty(items, device, at, end, gaps);
  device.items = items;
  device.next = end;
}

function fillEmpty(
  items: Item[],
  device: DeviceState,
  from: number,
  to: number,
  gaps: readonly Gap[],
): void {
  const i = device.interval_ms;
  const edges = new Set([from, to]);
  const touched = gaps.map((gap) => ({
    to: Math.ceil(gap.to_ms / i),
    reason: gap.reason,
  }));
  for (const gap of touched) {
    if (gap.to > from && gap.to < to) edges.add(gap.to);
  }
  const cuts = [...edges].sort((a, b) => a - b);
  for (let k = 0; k + 1 < cuts.length; k++) {
    const [s = from, e = to] = [cuts[k], cuts[k + 1]];
    let reason: SlotClass | null = null;
    for (const gap of touched) {
      if (gap.to > s) reason = strongerClass(reason, gap.reason);
    }
    const cls = reason ?? 'not_sent';
    items.push({ s, n: e - s, cls, code: null, phase_ms: 0, epoch: null, seq: null });
  }
}

/** Remembers an ended gap while a slot that it touches may be open. */
export function addGap(agent: AgentState, gap: Gap): void {
  const last = agent.gaps.at(-1);
  if (last !== undefined && agent.gaps.length >= GAPS_MAX) {
    agent.gaps[agent.gaps.length - 1] = {
      to_ms: Math.max(last.to_ms, gap.to_ms),
      reason: strongerClass(last.reason, gap.reason),
    };
  } else agent.gaps.push(gap);
}

export function forgetGaps(agent: AgentState, closed_ms: number): void {
  if (agent.gaps.length === 0) return;
  agent.gaps = agent.gaps.filter((gap) => gap.to_ms > closed_ms - SLOT_MS_MAX);
}
