import { intersect, type Span, total_ms, union } from '../spans.ts';
import { type HeldNode, heldAt, isSwitchedOffKind } from './held.ts';
import type { BaseInterval, DeviceMaterial, SiteMaterial, SiteNode } from './material.ts';

/** One device of the window: its slots' intervals in order, and what is looked up in them. */
export interface Track {
  readonly device: string;
  /** As the plan's versions have it, ascending; empty: it is in no plan. */
  readonly nodes: readonly HeldNode[];
  /** The newest one; a silence has the one of its start. */
  readonly interval_ms: number;
  readonly base: readonly ClosedBase[];
  readonly silences: readonly Silence[];
  /** When it answered, and what was kept of that before the window (`DeviceCarry.answered`). */
  readonly up: readonly Span[];
  readonly material: DeviceMaterial;
}

/** A base interval with an end in numbers; `open` if it is still so. */
export interface ClosedBase extends Omit<BaseInterval, 'to_ms'> {
  readonly to_ms: number;
  readonly open: boolean;
}

/** A silence, with its true start also where that lies before the window. */
export interface Silence {
  readonly device: string;
  readonly interval_ms: number;
  readonly from_ms: number;
  readonly to_ms: number;
  readonly open: boolean;
  readonly earliest_ms: number | null;
  readonly latest_ms: number | null;
  readonly around: BaseInterval['around'];
  /** It stood in the carried state already; decided then, not again. */
  readonly carried: boolean;
  /** From when roots are looked for: those of the time before the window are not at hand. */
  readonly look_ms: number;
  /** It was down by itself before the window, and stays that. */
  readonly own: boolean;
  /** Since when it has the state that was carried in; else its start. */
  readonly piece_ms: number;
  /** Carried in: device that hid it just before the window. */
  readonly hint: string | null;
  /** A silence of an unmanaged switch that one witness alone speaks for. */
  readonly weak: boolean;
}

export function trackOf(
  material: DeviceMaterial,
  nodes: readonly HeldNode[],
  site: Pick<SiteMaterial, 'from_ms' | 'to_ms'>,
): Track {
  const base = material.base
    .map((piece) => ({
      ...piece,
      to_ms: Math.min(piece.to_ms ?? site.to_ms, site.to_ms),
      open: piece.to_ms === null,
    }))
    .filter((piece) => piece.to_ms > piece.from_ms)
    .sort((a, b) => a.from_ms - b.from_ms);
  const { device, carry } = material;
  const since_ms = carry?.silent_since_ms ?? null;
  const silences: Silence[] = [];
  for (const piece of base) {
    if (piece.state !== 'silent') continue;
    const { to_ms, open, latest_ms, around } = piece;
    const goesOn = piece.from_ms <= site.from_ms && piece.to_ms > site.from_ms;
    const carried = goesOn && since_ms !== null;
    const from_ms = carried ? Math.min(since_ms, piece.from_ms) : piece.from_ms;
    const earliest_ms = carried ? (carry?.earliest_ms ?? null) : piece.earliest_ms;
    const interval_ms = gridAt(material, from_ms);
    const whole = { device, interval_ms, from_ms, to_ms, open, earliest_ms, latest_ms, around };
    const look_ms = carried ? site.from_ms : from_ms;
    const own = carried && carry?.state === 'down';
    const piece_ms = carried ? (carry?.piece_from_ms ?? from_ms) : from_ms;
    const hint = carried ? (carry?.root ?? null) : null;
    silences.push({ ...whole, carried, look_ms, own, piece_ms, hint, weak: false });
  }
  const answered = base.filter((piece) => piece.state === 'up');
  return {
    device,
    nodes,
    interval_ms: material.interval_ms,
    base,
    silences,
    up: union([...answered, ...(carry?.answered ?? [])]),
    material,
  };
}

/** Slot interval of a probed device at an instant, ms; 0: nothing is probed. */
export function gridAt(
  { grids, interval_ms }: Pick<DeviceMaterial, 'grids' | 'interval_ms'>,
  at_ms: number,
): number {
  return heldAt(grids ?? [], at_ms)?.interval_ms ?? interval_ms;
}

/** What it was at an instant; null: no plan ever held it. */
export function nodeAt(track: Track, at_ms: number): SiteNode | null {
  return heldAt(track.nodes, at_ms)?.node ?? null;
}

/**
 * Whether somebody might switch it off at an instant. A silence is asked by its true start: what
 * the device becomes later does not change what its silence was.
 */
export function isEndpointAt(track: Track, at_ms: number): boolean {
  return isSwitchedOffKind(nodeAt(track, at_ms));
}

/** The spans of a list in order that touch [from_ms, to_ms), whole, found by bisection. */
export function nearSpans<T extends Span>(
  spans: readonly T[],
  from_ms: number,
  to_ms: number,
): T[] {
  let low = 0;
  let high = spans.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((spans[middle]?.to_ms ?? 0) <= from_ms) low = middle + 1;
    else high = middle;
  }
  const near: T[] = [];
  for (let k = low; k < spans.length; k++) {
    const span = spans[k];
    if (span === undefined || span.from_ms >= to_ms) break;
    near.push(span);
  }
  return near;
}

/** The silence of a list in order that stands at an instant. */
export function silenceAt(silences: readonly Silence[], at_ms: number): Silence | null {
  return nearSpans(silences, at_ms, at_ms + 1)[0] ?? null;
}

/** Part of `spans` in [from_ms, to_ms). */
export function partIn(spans: readonly Span[], from_ms: number, to_ms: number): Span[] {
  if (from_ms >= to_ms) return [];
  return intersect(nearSpans(spans, from_ms, to_ms), [{ from_ms, to_ms }]);
}

/** Share of the known time in [from_ms, to_ms) in which it answered; null: nothing is known. */
export function upShare(track: Track | undefined, from_ms: number, to_ms: number): number | null {
  if (track === undefined) return null;
  const up_ms = total_ms(partIn(track.up, from_ms, to_ms));
  const silent_ms = total_ms(partIn(track.silences, from_ms, to_ms));
  return up_ms + silent_ms === 0 ? null : up_ms / (up_ms + silent_ms);
}

/** How far apart the first lost slots of one event may lie: two slots of the slower device. */
export function slack(a_ms: number, b_ms: number): number {
  return 2 * Math.max(a_ms, b_ms);
}
