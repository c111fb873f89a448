import { CAUSES } from '../cause-names.ts';
import type { Span } from '../spans.ts';
import type { Case, Verdict } from './case.ts';
import { badPart, type Exposure, isHidden } from './exposure.ts';
import { type Group, kindOf } from './groups.ts';
import type { CarriedIncident, Incident, IncidentPhase, SiteMaterial } from './material.ts';
import type { Piece } from './pieces.ts';
import type { Plans } from './topology.ts';
import { isEndpointAt } from './tracks.ts';
import type { Tracks } from './witnesses.ts';

type Exposures = ReadonlyMap<string, Exposure>;

/** Time of one member that counts as bad, outside maintenance. */
interface Bad extends Span {
  readonly device: string;
  readonly piece: Piece | null;
  readonly detected_ms: number;
}

export interface IncidentContext {
  readonly site: SiteMaterial;
  readonly plans: Plans;
  readonly tracks: Tracks;
  readonly exposures: Exposures;
}

/** An incident before its cause is known; null: all of it lay in maintenance. */
export function draftOf(group: Group, context: IncidentContext): Omit<Incident, 'facts'> | null {
  const bad = badOf(group, context);
  const first = [...bad].sort((a, b) => a.from_ms - b.from_ms || compare(a.device, b.device))[0];
  const last = [...bad].sort((a, b) => b.to_ms - a.to_ms || compare(a.device, b.device))[0];
  if (first === undefined || last === undefined) return null;
  const { site } = context;
  const carried = carriedOf(group, context);
  const open = bad.some((one) => isOpen(one, site));
  const ended_at_ms = open ? null : last.to_ms;
  const unreachable = group.shadowed.filter(
    (piece) => piece.state === 'unreachable' && bad.some((one) => one.piece === piece),
  );
  return {
    id: carried?.id ?? idOf(site, bad, context.tracks),
    kind: kindOf(group),
    phase: phaseOf(ended_at_ms, site),
    cause: 'undetermined',
    confidence: 'inferred',
    roots: unique(group.troubles.map((trouble) => trouble.device)),
    unreachable: unique(unreachable.map((piece) => piece.device)),
    started_at_ms: carried?.from_ms ?? first.from_ms,
    started_earliest_ms: carried?.earliest_ms ?? boundOf(first, 'earliest_ms'),
    ended_at_ms,
    ended_latest_ms: open ? null : boundOf(last, 'latest_ms'),
  };
}

/** What the predicates of causes ask about. */
export function caseOf(group: Group, context: IncidentContext): Case {
  const { troubles, shadowed } = group;
  const pieces = troubles.flatMap((trouble) => trouble.piece ?? []);
  const from_ms = Math.min(...troubles.map((trouble) => trouble.from_ms));
  const earliest = pieces
    .filter((piece) => piece.from_ms === piece.silence.from_ms)
    .flatMap((piece) => piece.silence.earliest_ms ?? []);
  const roots = unique(troubles.map((trouble) => trouble.device));
  const plan = context.plans.at(from_ms);
  return {
    kind: kindOf(group),
    roots,
    members: new Set([...roots, ...shadowed.map((piece) => piece.device)]),
    from_ms,
    earliest_ms: Math.min(from_ms, ...earliest),
    to_ms: Math.max(...troubles.map((trouble) => trouble.to_ms)),
    open: pieces.some((piece) => piece.open),
    unplaced: roots.some((root) => (plan?.above(root) ?? null) === null),
    follows: pieces.length > 0 && pieces.every((piece) => piece.follows),
    weak: pieces.some((piece) => piece.silence.weak),
    maintained:
      pieces.length === troubles.filter(({ carried }) => carried === null).length &&
      pieces.every((piece) => {
        const exposure = context.exposures.get(piece.device);
        return exposure !== undefined && isHidden(exposure, piece.silence);
      }),
  };
}

/** What was said of the incident before the window, if it goes on from there. */
export function carriedOf(group: Group, { site, tracks }: IncidentContext): CarriedIncident | null {
  const found: CarriedIncident[] = [];
  for (const { carried } of group.troubles) if (carried !== null) found.push(carried);
  for (const { device, from_ms } of [...group.troubles, ...group.shadowed]) {
    const carry = tracks.get(device)?.material.carry ?? null;
    if (carry === null || carry.incident === null || carry.state === 'off') continue;
    if (from_ms <= site.from_ms) found.push(carry.incident);
  }
  found.sort((a, b) => a.from_ms - b.from_ms || compare(a.id, b.id));
  return found[0] ?? null;
}

/**
 * The cause with what was carried in. Facts about a start before the window are no longer at hand,
 * so of the two the one that is asked first stands.
 */
export function withCarried(verdict: Verdict, carried: CarriedIncident | null): Verdict {
  if (carried === null) return verdict;
  const later = CAUSES.indexOf(verdict.cause) - CAUSES.indexOf(carried.cause);
  if (later < 0) return verdict;
  if (later === 0) {
    return carried.confidence === 'measured' ? { ...verdict, confidence: 'measured' } : verdict;
  }
  return { cause: carried.cause, confidence: carried.confidence, facts: [] };
}

function badOf(group: Group, { exposures, site, tracks }: IncidentContext): Bad[] {
  const out: Bad[] = [];
  const add = (piece: Piece) => {
    const exposure = exposures.get(piece.device);
    const slots_ms = site.settings.down_slots * piece.silence.interval_ms;
    for (const part of exposure === undefined ? [] : badPart(exposure, piece)) {
      out.push({ ...part, device: piece.device, piece, detected_ms: part.from_ms + slots_ms });
    }
  };
  for (const trouble of group.troubles) {
    if (trouble.piece !== null) add(trouble.piece);
    else if (tracks.has(trouble.device)) out.push({ ...trouble });
  }
  for (const piece of group.shadowed) add(piece);
  return out;
}

/**
 * The id hangs on the member that was seen first, and its first bad slot. Seen, not fallen: a slow
 * probe that shows later that its device fell earlier must not change it. Endpoints, whose silence
 * gets its meaning from others, give it only where nothing else does.
 */
function idOf(site: SiteMaterial, bad: readonly Bad[], tracks: Tracks): string {
  const steady = bad.filter(({ device, piece, from_ms }) => {
    const track = tracks.get(device);
    return track === undefined || !isEndpointAt(track, piece?.silence.from_ms ?? from_ms);
  });
  const anchor = [...(steady.length > 0 ? steady : bad)].sort(
    (a, b) => a.detected_ms - b.detected_ms || a.from_ms - b.from_ms || compare(a.device, b.device),
  )[0];
  return site.sha256(JSON.stringify([site.site, anchor?.device ?? '', anchor?.from_ms ?? 0]));
}

function isOpen(bad: Bad, site: SiteMaterial): boolean {
  if (bad.piece !== null) return bad.piece.open && bad.to_ms === bad.piece.to_ms;
  return bad.to_ms >= site.to_ms;
}

function phaseOf(ended_at_ms: number | null, site: SiteMaterial): IncidentPhase {
  if (ended_at_ms === null) return 'open';
  return ended_at_ms + site.settings.settle_ms > site.to_ms ? 'settling' : 'settled';
}

function boundOf(bad: Bad, bound: 'earliest_ms' | 'latest_ms'): number | null {
  const silence = bad.piece?.silence;
  if (silence === undefined) return null;
  const touches =
    bound === 'earliest_ms' ? bad.from_ms === silence.from_ms : bad.to_ms === silence.to_ms;
  return touches ? silence[bound] : null;
}

function unique(codes: readonly string[]): string[] {
  return [...new Set(codes)].sort();
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
