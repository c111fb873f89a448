import type { Span } from '../spans.ts';
import type { FactIndex } from './facts.ts';
import { isUnplaced, type Piece, pieceOf, type Shadow, shadowsOf } from './pieces.ts';
import type { SiteSettings } from './settings.ts';
import type { Plan, Plans } from './topology.ts';
import {
  isEndpointAt,
  nearSpans,
  nodeAt,
  partIn,
  type Silence,
  slack,
  type Track,
} from './tracks.ts';
import type { Tracks } from './witnesses.ts';

interface OffContext {
  readonly plans: Plans;
  readonly tracks: Tracks;
  readonly facts: FactIndex;
  readonly settings: SiteSettings;
  /** Start of the window: calendars reach no further back. */
  readonly from_ms: number;
}

/**
 * Pieces of something that people switch off (accounting §3). Its silence is off until the first
 * reply, unless in working time its parent fell while it answered (unreachable), or something
 * always-on of its branch fell with it, its port flaps, or its port goes on carrying traffic at
 * full speed (down). Outside working time, and from then on, it is off.
 */
export function endpointPieces(track: Track, context: OffContext): Piece[] {
  const out: Piece[] = [];
  let off = track.material.carry?.off === true;
  // Answers before the window came before what was carried in.
  let before_ms = context.from_ms;
  for (const silence of track.silences) {
    // What ended before the window was judged then, with more at hand.
    if (silence.to_ms <= context.from_ms) continue;
    // Then it was something else, that nobody switches off.
    if (!isEndpointAt(track, silence.from_ms)) continue;
    if (partIn(track.up, before_ms, silence.from_ms).length > 0) off = false;
    before_ms = silence.to_ms;
    for (const part of shadowsOf(silence, context.plans, context.tracks)) {
      const said = off ? [] : badTime(track, silence, part, context);
      out.push(...said);
      const from_ms = said.at(-1)?.to_ms ?? part.from_ms;
      if (from_ms >= part.to_ms) continue;
      off = true;
      const rest = { ...pieceOf(silence, { ...part, from_ms }), root: null };
      out.push({ ...rest, state: 'off', unplaced: isUnplaced(silence, context.plans) });
    }
  }
  return out;
}

/** The part's beginning that is down or unreachable: one piece or none. */
function badTime(track: Track, silence: Silence, part: Shadow, context: OffContext): Piece[] {
  const asked_ms = Math.max(part.from_ms, silence.carried ? context.from_ms : part.from_ms);
  const until_ms = workingUntil(track.material.working, asked_ms);
  if (until_ms === null) return [];
  const unplaced = isUnplaced(silence, context.plans);
  if (part.root !== null) {
    if (!answeredBefore(track, silence, part.root, context.settings)) return [];
    const to_ms = Math.min(until_ms, part.to_ms);
    return [{ ...pieceOf(silence, { ...part, to_ms }), state: 'unreachable', unplaced }];
  }
  // What comes after a fallen parent was not switched on again: nothing speaks against off.
  if (part.from_ms > silence.from_ms) return [];
  // Its parent came back before the window: the same.
  if (silence.carried && track.material.carry?.state !== 'down') return [];
  const proved = isPresent(silence, context);
  const companion_ms = proved ? null : companionUntil(silence, context);
  const settled = silence.carried && track.material.carry?.state === 'down';
  const with_ms = companion_ms ?? (proved || settled ? part.to_ms : null);
  if (with_ms === null) return [];
  const to_ms = Math.min(until_ms, part.to_ms, with_ms);
  const piece = pieceOf(silence, { ...part, to_ms });
  return [{ ...piece, state: 'down', unplaced, follows: companion_ms !== null }];
}

/** Null outside working time; else the end of the working span that holds the instant. */
function workingUntil(working: readonly Span[], at_ms: number): number | null {
  return nearSpans(working, at_ms, at_ms + 1)[0]?.to_ms ?? null;
}

/** It answered in the 10 minutes before its root fell; a carried one was asked that then. */
function answeredBefore(
  track: Track,
  silence: Silence,
  root: Silence,
  settings: SiteSettings,
): boolean {
  if (silence.carried && track.material.carry?.state === 'unreachable') return true;
  const to_ms = root.from_ms + slack(silence.interval_ms, root.interval_ms);
  return partIn(track.up, root.from_ms - settings.answered_before_ms, to_ms).length > 0;
}

/** Its port says that it is there: it flaps, or carries its traffic at full speed. */
function isPresent(silence: Silence, { plans, facts, settings }: OffContext): boolean {
  const { device, from_ms, to_ms } = silence;
  const provisional_ms = from_ms + settings.off_provisional_ms;
  const seen = facts.within('port_traffic', from_ms, provisional_ms).some((fact) => {
    const whole = fact.from_ms >= from_ms && fact.to_ms <= to_ms;
    return whole && fact.device === device && fact.full_speed && fact.traffic;
  });
  if (seen) return true;
  const plan = plans.at(from_ms);
  const flaps = facts
    .within('flap', from_ms - settings.flap_window_ms, Math.min(provisional_ms, to_ms))
    .filter((fact) => isPortOf(plan, fact.device, fact.port, device));
  return flaps.length >= settings.flap_count;
}

/** Whether a port, named at either end of a cord, is the one of `owner`. */
function isPortOf(plan: Plan | null, device: string, port: string | null, owner: string): boolean {
  if (device === owner) return true;
  return plan?.ownerOf(device, port) === owner;
}

/** End of the longest outage of an always-on device of the branch that began together with it. */
function companionUntil(silence: Silence, context: OffContext): number | null {
  const { plans, tracks, settings } = context;
  let until_ms: number | null = null;
  for (const code of plans.at(silence.from_ms)?.branchOf(silence.device) ?? []) {
    const other = tracks.get(code);
    if (other === undefined) continue;
    const slack_ms = slack(silence.interval_ms, other.interval_ms);
    const reach_ms = Math.max(settings.together_ms, slack_ms);
    const around = nearSpans(
      other.silences,
      silence.from_ms - reach_ms,
      silence.from_ms + reach_ms + 1,
    );
    const next = around.findLast((one) => Math.abs(one.from_ms - silence.from_ms) <= reach_ms);
    if (next === undefined || isEndpointAt(other, next.from_ms)) continue;
    if (nodeAt(other, next.from_ms)?.kind === 'upstream') continue;
    // Both came back on one slot grid: nothing is left over between them.
    const end_ms = silence.to_ms <= next.to_ms + slack_ms ? silence.to_ms : next.to_ms;
    until_ms = Math.max(until_ms ?? end_ms, end_ms);
  }
  return until_ms !== null && until_ms > silence.from_ms ? until_ms : null;
}
