import { intersect, type Span, subtract, union } from '../spans.ts';
import type { UnknownReason } from '../types.ts';
import type { SiteNode } from './material.ts';
import type { SiteSettings } from './settings.ts';
import type { Plan } from './topology.ts';
import {
  type ClosedBase,
  isEndpointAt,
  nodeAt,
  partIn,
  type Silence,
  silenceAt,
  slack,
  type Track,
} from './tracks.ts';

export type Tracks = ReadonlyMap<string, Track>;

/**
 * What an unmanaged switch, which has no probe, must have been (accounting §2): silent while all
 * its always-on witnesses are silent, nothing behind it answers and another branch does; up while
 * a witness answers; otherwise unknown. One witness only infers; PCs alone never make it silent.
 * `at_ms`: the instant whose plan and kinds hold for all of it.
 */
export function judgeUnmanaged(
  own: Track,
  node: SiteNode,
  plan: Plan,
  tracks: Tracks,
  settings: SiteSettings,
  at_ms: number,
): Track {
  const watched = node.witnesses.flatMap((code) => tracks.get(code) ?? []).sort(byCode);
  const steady = watched.filter((track) => !isSwitchedOff(track, at_ms));
  const whole: Span[] = own.base.map(({ from_ms, to_ms }) => ({ from_ms, to_ms }));
  const silences = steady.length === 0 ? [] : allSilent(own, steady, plan, tracks, settings);
  const silent = union(silences);
  const up = subtract(
    intersect(union(watched.flatMap((track) => partsOf(track.up, whole))), union(whole)),
    silent,
  );
  const rest = subtract(subtract(whole, silent), up);
  const base: ClosedBase[] = [];
  const end_ms = whole.at(-1)?.to_ms ?? 0;
  const open = (span: Span) => span.to_ms === end_ms && own.base.at(-1)?.open === true;
  for (const silence of silences) base.push({ ...silence, state: 'silent', reason: null });
  for (const span of up) base.push({ ...span, ...NOTHING, open: open(span), state: 'up' });
  const since_ms = own.material.carry?.unknown_since_ms ?? null;
  for (const [k, part] of rest.entries()) {
    const goesOn = k === 0 && since_ms !== null && part.from_ms === whole[0]?.from_ms;
    const span = goesOn ? { ...part, from_ms: Math.min(part.from_ms, since_ms) } : part;
    const reason = whyUnknown(watched, span);
    base.push({ ...span, ...NOTHING, open: open(span), state: 'unknown', reason });
  }
  base.sort((a, b) => a.from_ms - b.from_ms);
  const interval_ms = Math.max(0, ...steady.map((track) => track.interval_ms));
  return { ...own, interval_ms, base, silences, up };
}

const NOTHING = { reason: null, earliest_ms: null, latest_ms: null, around: null } as const;

/** Whether only things that people switch off stand witness then: nothing is determined. */
export function hasOnlySwitchedOff(node: SiteNode, tracks: Tracks, at_ms: number): boolean {
  const watched = node.witnesses.flatMap((code) => tracks.get(code) ?? []);
  return watched.length > 0 && watched.every((track) => isSwitchedOff(track, at_ms));
}

function allSilent(
  own: Track,
  steady: readonly Track[],
  plan: Plan,
  tracks: Tracks,
  settings: SiteSettings,
): Silence[] {
  const slowest_ms = Math.max(...steady.map((track) => track.interval_ms));
  const [first, ...others] = steady;
  if (first === undefined) return [];
  let together: Span[] = intersect(first.silences, union(own.base));
  for (const track of others) together = intersect(together, track.silences);
  const position = plan.above(own.device);
  const behind = new Set([...plan.behind(own.device), ...steady.map((track) => track.device)]);
  const near = [...behind].flatMap((code) => tracks.get(code) ?? []);
  const far = [...tracks.values()].filter(
    (track) => !behind.has(track.device) && track !== own && track.interval_ms > 0,
  );
  // Without a position nothing says what else is behind it: any other answer is another branch.
  if (position === null) near.length = 0;
  const out: Silence[] = [];
  for (const span of together) {
    const alive = union(near.flatMap((track) => partIn(track.up, span.from_ms, span.to_ms)));
    const elsewhere = answeredBy(far, span);
    for (const part of intersect(subtract([span], alive), elsewhere)) {
      const begun_ms = sinceOf(own, part) ?? part.from_ms;
      if (part.to_ms - begun_ms < settings.down_slots * slowest_ms) continue;
      out.push(silenceOf(own, part, steady, settings));
    }
  }
  return out;
}

/** When any of them answered in a span; stops at the first that always did. */
function answeredBy(tracks: readonly Track[], span: Span): Span[] {
  const parts: Span[] = [];
  for (const track of tracks) {
    const own = partIn(track.up, span.from_ms, span.to_ms);
    if (own[0]?.from_ms === span.from_ms && own[0].to_ms === span.to_ms) return [span];
    parts.push(...own);
  }
  return union(parts);
}

function silenceOf(
  own: Track,
  part: Span,
  steady: readonly Track[],
  settings: SiteSettings,
): Silence {
  const fell = steady.flatMap((track) => silenceAt(track.silences, part.from_ms) ?? []);
  const interval_ms = Math.max(...steady.map((track) => track.interval_ms));
  const newest_ms = Math.max(...fell.map((silence) => silence.from_ms));
  const reach_ms = Math.max(settings.together_ms, slack(interval_ms, interval_ms));
  // One that was dead long before says nothing about this fall.
  const proof = fell.filter((silence) => newest_ms - silence.from_ms <= reach_ms);
  const { carry } = own.material;
  const since_ms = sinceOf(own, part);
  const carried = since_ms !== null;
  const from_ms = Math.min(since_ms ?? part.from_ms, part.from_ms);
  const ends = steady.flatMap((track) => silenceAt(track.silences, part.to_ms - 1) ?? []);
  return {
    device: own.device,
    interval_ms,
    from_ms,
    to_ms: part.to_ms,
    open: ends.every((silence) => silence.open && silence.to_ms === part.to_ms),
    earliest_ms: carried
      ? (carry?.earliest_ms ?? null)
      : newest(fell.map((one) => one.earliest_ms)),
    latest_ms: oldest(ends.map((one) => one.latest_ms)),
    around: null,
    carried,
    look_ms: part.from_ms,
    own: carried && carry?.state === 'down',
    piece_ms: carried ? (carry?.piece_from_ms ?? from_ms) : from_ms,
    hint: carried ? (carry?.root ?? null) : null,
    weak: proof.length < WITNESSES_MIN,
  };
}

/** Start of the silence that was carried in and goes on with this part; else null. */
function sinceOf(own: Track, part: Span): number | null {
  if (part.from_ms !== own.base[0]?.from_ms) return null;
  return own.material.carry?.silent_since_ms ?? null;
}

/** Fewer that fell together are a sign, not a proof. */
const WITNESSES_MIN = 2;

function whyUnknown(watched: readonly Track[], span: Span): UnknownReason {
  for (const track of watched) {
    const piece = track.base.find((one) => one.from_ms < span.to_ms && one.to_ms > span.from_ms);
    if (piece?.state === 'unknown' && piece.reason !== null) return piece.reason;
  }
  return watched.length === 0 ? 'never_answered' : 'short_run';
}

function isSwitchedOff(track: Track, at_ms: number): boolean {
  return nodeAt(track, at_ms) === null || isEndpointAt(track, at_ms);
}

function partsOf(spans: readonly Span[], whole: readonly Span[]): Span[] {
  return whole.flatMap(({ from_ms, to_ms }) => partIn(spans, from_ms, to_ms));
}

function newest(times: readonly (number | null)[]): number | null {
  const known = times.filter((time) => time !== null);
  return known.length === 0 ? null : Math.max(...known);
}

function oldest(times: readonly (number | null)[]): number | null {
  const known = times.filter((time) => time !== null);
  return known.length === 0 ? null : Math.min(...known);
}

function byCode(a: Track, b: Track): number {
  return a.device < b.device ? -1 : 1;
}
