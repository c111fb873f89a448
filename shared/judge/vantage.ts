import type { DeviceState, Item } from './state.ts';

/** Targets that must fall silent together before the vantage is doubted, if there are as many. */
export const ISOLATED_TARGETS_MIN = 3;

/** Open interval of placed send times, ms. */
export type Silence = readonly [from_ms: number, to_ms: number];

export interface Vantage {
  /** Newest answer of any own target; null before the first. */
  readonly answered_ms: number | null;
  /** Ended silences in which `n` is vantage_isolated. */
  readonly isolated: readonly Silence[];
  /** The silence from `answered_ms` to the frontier is one as well. */
  readonly open: boolean;
  /** No later answer can change what `n` in the open silence is. */
  readonly settled: boolean;
}

/**
 * vantage_isolated (accounting §1). All own targets of an agent are looked at together, in the
 * send times before `closed_ms`. A silence is a gap between consecutive answers (`r` or `a`) of
 * any of them; S are the targets whose last tick before it was answered and that got an `n` in it.
 * It isolates if it is longer than 2 × the smallest interval in S and |S| ≥ 3 (or all own targets
 * at its start, if fewer). As a silence grows, S only grows: what is isolated once stays so, and
 * a silence that could never reach |S| never will: both are settled without waiting for its end.
 */
export function lookAround(
  devices: readonly DeviceState[],
  answered_ms: number | null,
  closed_ms: number,
): Vantage {
  let newest = answered_ms;
  let lost = false;
  for (const device of devices) {
    for (const item of device.items) {
      const last = lastAnswer(device, item, closed_ms);
      if (last === null) lost ||= isLost(item) && ticksBefore(device, item, closed_ms) > 0;
      else if (newest === null || last > newest) newest = last;
    }
  }
  const isolated: Silence[] = [];
  if (lost && newest !== null && answered_ms !== newest) {
    for (const silence of silences(devices, answered_ms, newest, closed_ms)) {
      if (isolates(devices, silence, answered_ms)) isolated.push(silence);
    }
  }
  for (const device of devices) {
    if (newest !== null && newest !== answered_ms) {
      device.answered_at_gap = answeredAt(device, newest);
      device.lost_in_gap = false;
    }
    if (lost && newest !== null) device.lost_in_gap ||= lostIn(device, newest, closed_ms);
    device.answered_last = answeredAt(device, closed_ms - 1);
  }
  if (newest === null) return { answered_ms: null, isolated, open: false, settled: true };
  if (!lost) return { answered_ms: newest, isolated, open: false, settled: false };
  const open = isolates(devices, [newest, closed_ms], newest);
  const need = needed(devices, newest);
  const possible = devices.reduce((sum, device) => sum + (device.answered_at_gap ? 1 : 0), 0);
  return { answered_ms: newest, isolated, open, settled: open || possible < need };
}

/** A loss whose class is not found yet. */
export function isLost(item: Item): boolean {
  return item.code === 'n' && item.cls === null;
}

/** What was measured; empty slots and those of a conflict say nothing about the vantage. */
function hasTicks(item: Item): boolean {
  return item.code !== null && item.cls !== 'conflict';
}

function isAnswer(item: Item): boolean {
  return (item.code === 'r' || item.code === 'a') && item.cls === null;
}

export function sentAt(device: DeviceState, item: Item, k: number): number {
  return (item.s + k) * device.interval_ms + item.phase_ms;
}

/** How many ticks of an item were sent before `limit_ms`. */
export function ticksBefore(device: DeviceState, item: Item, limit_ms: number): number {
  if (!hasTicks(item)) return 0;
  const room = Math.ceil((limit_ms - sentAt(device, item, 0)) / device.interval_ms);
  return Math.max(0, Math.min(item.n, room));
}

/** Whether the newest tick sent at or before `at_ms` was answered. */
function answeredAt(device: DeviceState, at_ms: number): boolean {
  for (let k = device.items.length - 1; k >= 0; k--) {
    const item = device.items[k];
    if (item !== undefined && ticksBefore(device, item, at_ms + 1) > 0) return isAnswer(item);
  }
  return device.answered_last;
}

/** Long gaps between consecutive answers in (after, newest]; none of them isolates by length. */
function silences(
  devices: readonly DeviceState[],
  after_ms: number | null,
  newest_ms: number,
  closed_ms: number,
): Silence[] {
  const shortest = devices.reduce((min, d) => Math.min(min, d.interval_ms), Number.MAX_VALUE);
  const threshold = 2 * shortest;
  const spans: [number, number][] = [];
  for (const device of devices) {
    // Answers closer together than the threshold leave no silence: one span stands for them.
    if (device.interval_ms > threshold) continue;
    for (const item of device.items) {
      const last = lastAnswer(device, item, closed_ms);
      if (last !== null && (after_ms === null || last > after_ms)) {
        spans.push([sentAt(device, item, 0), last]);
      }
    }
  }
  let answered = union(spans);
  // Other answers could only part a gap: where none is long, nobody needs to look at them.
  if (after_ms !== null && !hasGap(answered, after_ms, newest_ms, threshold)) return [];
  const points: [number, number][] = [];
  for (const device of devices) {
    if (device.interval_ms <= threshold) continue;
    for (const item of device.items) {
      const last = lastAnswer(device, item, closed_ms);
      if (last === null || (after_ms !== null && last <= after_ms)) continue;
      // Nearly all lie in the spans and add nothing: sorting them would be most of the work.
      if (liesIn(answered, sentAt(device, item, 0), last)) continue;
      for (let at = sentAt(device, item, 0); at <= last; at += device.interval_ms) {
        if (!liesIn(answered, at, at)) points.push([at, at]);
      }
    }
  }
  if (points.length > 0) answered = union([...answered, ...points]);
  const out: Silence[] = [];
  let from = after_ms;
  for (const [first, last] of answered) {
    if (from !== null && first - from > threshold) out.push([from, first]);
    from = from === null ? last : Math.max(from, last);
  }
  return out;
}

/** When the last answer of an item before `closed_ms` was sent; null: it has none. */
function lastAnswer(device: DeviceState, item: Item, closed_ms: number): number | null {
  if (!isAnswer(item)) return null;
  const ticks = ticksBefore(device, item, closed_ms);
  return ticks === 0 ? null : sentAt(device, item, ticks - 1);
}

/** Whether a gap longer than `threshold` lies between `spans` (ascending) or at an end. */
function hasGap(
  spans: readonly (readonly [number, number])[],
  from_ms: number,
  to_ms: number,
  threshold: number,
): boolean {
  let at = from_ms;
  for (const [first, last] of spans) {
    if (first - at > threshold) return true;
    at = Math.max(at, last);
  }
  return to_ms - at > threshold;
}

/** The same instants as spans that do not touch, ascending. Sorts and changes `spans`. */
function union(spans: [number, number][]): [number, number][] {
  spans.sort((a, b) => a[0] - b[0]);
  const out: [number, number][] = [];
  for (const span of spans) {
    const newest = out.at(-1);
    if (newest !== undefined && span[0] <= newest[1]) newest[1] = Math.max(newest[1], span[1]);
    else out.push(span);
  }
  return out;
}

/** `spans` are ascending and do not touch: only the last that begins before `from` can hold it. */
function liesIn(spans: readonly (readonly [number, number])[], from: number, to: number): boolean {
  let low = 0;
  let high = spans.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((spans[middle]?.[0] ?? from) <= from) low = middle + 1;
    else high = middle;
  }
  const span = spans[low - 1];
  return span !== undefined && to <= span[1];
}

function isolates(
  devices: readonly DeviceState[],
  [from_ms, to_ms]: Silence,
  gap_ms: number | null,
): boolean {
  let count = 0;
  let shortest = Number.MAX_VALUE;
  for (const device of devices) {
    const known = from_ms === gap_ms;
    const before = known ? device.answered_at_gap : answeredAt(device, from_ms);
    // Losses that are final already are no longer among the items.
    const probed = (known && device.lost_in_gap) || lostIn(device, from_ms, to_ms);
    if (!before || !probed) continue;
    count++;
    shortest = Math.min(shortest, device.interval_ms);
  }
  const need = needed(devices, from_ms);
  return count > 0 && count >= need && to_ms - from_ms > 2 * shortest;
}

function lostIn(device: DeviceState, from_ms: number, to_ms: number): boolean {
  return device.items.some((item) => {
    if (item.code !== 'n') return false;
    const before = ticksBefore(device, item, to_ms);
    return before > 0 && sentAt(device, item, before - 1) > from_ms;
  });
}

/** min(3, own targets with a slot at the start of the silence). */
function needed(devices: readonly DeviceState[], at_ms: number): number {
  let own = 0;
  for (const device of devices) {
    if (device.from_ms <= at_ms && (device.until_ms === null || at_ms < device.until_ms)) own++;
  }
  return Math.min(ISOLATED_TARGETS_MIN, own);
}
