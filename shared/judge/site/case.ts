import type { Cause, Confidence } from '../cause-names.ts';
import type { Fact, FactIndex, FactName, FactOf } from './facts.ts';
import type { IncidentKind, Reference, SiteNode } from './material.ts';
import type { SiteSettings } from './settings.ts';
import type { Plan } from './topology.ts';
import { nearSpans, nodeAt, partIn, type Track, upShare } from './tracks.ts';
import type { Tracks } from './witnesses.ts';

/** One incident as its cause is asked for. */
export interface Case {
  readonly kind: IncidentKind;
  readonly roots: readonly string[];
  /** Roots and what is unreachable behind them. */
  readonly members: ReadonlySet<string>;
  readonly from_ms: number;
  /** Earliest bound of the start. */
  readonly earliest_ms: number;
  readonly to_ms: number;
  readonly open: boolean;
  /** Nothing is known about where a root hangs: at most undetermined. */
  readonly unplaced: boolean;
  /** Only endpoints that fell together with something else. */
  readonly follows: boolean;
  /** One witness alone speaks for the root. */
  readonly weak: boolean;
  /** All of the root's silence lies in its maintenance. */
  readonly maintained: boolean;
}

/** What every predicate may look at. */
export interface Scene {
  readonly plan: Plan;
  readonly tracks: Tracks;
  readonly facts: FactIndex;
  readonly references: readonly Reference[];
  readonly settings: SiteSettings;
  readonly to_ms: number;
}

/** A cause with what it stands on. */
export interface Verdict {
  readonly cause: Cause;
  readonly confidence: Confidence;
  readonly facts: readonly Fact[];
}

/** What a predicate finds: null where the cause does not fit. */
export type Proof = Omit<Verdict, 'cause'> | null;

export function measured(facts: readonly Fact[] = []): Proof {
  return { confidence: 'measured', facts };
}
export function inferred(facts: readonly Fact[] = []): Proof {
  return { confidence: 'inferred', facts };
}

/** Facts of a name that may have happened about the incident's start. */
export function atStart<N extends FactName>(scene: Scene, one: Case, what: N): FactOf<N>[] {
  const { near_ms } = scene.settings;
  return scene.facts.within(what, one.earliest_ms - near_ms, one.from_ms + near_ms);
}

/** Facts of a name from a little before the incident to a little after it. */
export function during<N extends FactName>(scene: Scene, one: Case, what: N): FactOf<N>[] {
  const { near_ms } = scene.settings;
  return scene.facts.within(what, one.earliest_ms - near_ms, one.to_ms + near_ms);
}

export function rootNodes(scene: Scene, one: Case): SiteNode[] {
  return one.roots.flatMap((code) => scene.plan.nodes.get(code) ?? []);
}

/** Kinds whose own ports lead on to others: a port of theirs need not be their own cord. */
const FORWARDING: ReadonlySet<string> = new Set(['switch', 'unmanaged-switch', 'gateway']);

/** Whether a port is an end of the cord that a root hangs on. */
export function isOnCord(scene: Scene, one: Case, device: string, port: string | null): boolean {
  return one.roots.some((root) => {
    if (scene.plan.ownerOf(device, port) === root) return true;
    return device === root && !FORWARDING.has(scene.plan.nodes.get(root)?.kind ?? '');
  });
}

/** Whether something of the LAN that is no part of the incident answered in most of its time. */
export function lanAnswers(scene: Scene, one: Case, without: ReadonlySet<string>): boolean {
  for (const track of scene.tracks.values()) {
    if (without.has(track.device)) continue;
    if (nodeAt(track, one.from_ms)?.kind === 'upstream') continue;
    if (track.interval_ms > 0 && answers(track, one, 0.5)) return true;
  }
  return false;
}

export function answers(track: Track, one: Case, share: number): boolean {
  return (upShare(track, one.from_ms, one.to_ms) ?? 0) >= share;
}

/** Whether a device answered before the incident, fell with it and stayed silent in its midst. */
export function fellWith(track: Track, scene: Scene, one: Case): 'fell' | 'absent' | 'alive' {
  const { settings } = scene;
  const reach_ms = Math.max(settings.together_ms, 2 * track.interval_ms);
  const before_ms = one.from_ms - settings.answered_before_ms;
  if (partIn(track.up, before_ms, one.from_ms + 2 * track.interval_ms).length === 0)
    return 'absent';
  const silent = nearSpans(track.silences, one.from_ms - reach_ms, one.to_ms).length > 0;
  const spoke = partIn(track.up, one.from_ms + reach_ms, one.to_ms - reach_ms).length > 0;
  return silent && !spoke ? 'fell' : 'alive';
}
