import type { FinalInterval } from '../final.ts';
import type { Scene, Verdict } from './case.ts';
import { causeOf } from './causes.ts';
import { causeOfGap, type Gap } from './causes-unknown.ts';
import { degradedSpans } from './degraded.ts';
import { exposureOf } from './exposure.ts';
import { type Fact, FactIndex } from './facts.ts';
import { findingsOf } from './findings.ts';
import { group, marksOf, startOf, troublesOf } from './grouping.ts';
import { flapPeriods, type Group } from './groups.ts';
import { heldNodes } from './held.ts';
import { carriedOf, caseOf, draftOf, type IncidentContext, withCarried } from './incidents.ts';
import { intervalsOf } from './intervals.ts';
import type { Incident, SiteJudgement, SiteMaterial } from './material.ts';
import { endpointPieces } from './off.ts';
import { type Piece, piecesOf } from './pieces.ts';
import { Plan, Plans } from './topology.ts';
import { nodeAt, type Track, trackOf } from './tracks.ts';
import { unmanagedOf } from './unmanaged.ts';
import { hasOnlySwitchedOff, type Tracks } from './witnesses.ts';

/**
 * Judges one site over a window (accounting §2–§5): slots → silences → who hides whom → off →
 * incidents → causes → intervals and findings. Pure; the order of the material does not matter.
 */
export function judgeSite(site: SiteMaterial): SiteJudgement {
  const facts = new FactIndex(site.facts);
  const plans = new Plans(site.versions);
  const tracks = tracksOf(site, plans);
  const exposures = mapped(tracks, (track) => exposureOf(track, site.settings));
  const context: IncidentContext = { site, plans, tracks, exposures };
  const pieces = mapped(tracks, (track) => allPieces(track, context, facts));
  const degraded = mapped(tracks, (track) => degradedSpans(track, site));
  const troubles = mapped(tracks, (track) =>
    troublesOf(track, pieces.get(track.device) ?? [], degraded.get(track.device) ?? [], site),
  );
  const grouped = group(troubles, flapPeriods(facts, plans, site.settings), pieces, context);
  const scene = sceneAt(context, facts);
  const judged = new Map<Group, Incident>();
  for (const one of grouped.groups) {
    const draft = draftOf(one, context);
    if (draft === null) continue;
    const verdict = causeOf(scene(startOf(one, site)), caseOf(one, context));
    judged.set(one, { ...draft, ...withCarried(verdict, carriedOf(one, context)) });
  }
  const explain = remembered((gap) => causeOfGap(scene(gap.from_ms), gap));
  const incidentOf = (piece: Piece) => incidentIn(judged, grouped.byPiece.get(piece));
  const intervals = [...tracks.values()].flatMap((track): FinalInterval[] => {
    const exposure = exposures.get(track.device) ?? exposureOf(track, site.settings);
    return intervalsOf(track, {
      site,
      pieces: pieces.get(track.device) ?? [],
      exposure,
      maintenanceOf: (device) => exposures.get(device)?.maintenance ?? [],
      incidentOf,
      degraded: (degraded.get(track.device) ?? []).map((span) => ({
        ...span,
        incident: incidentIn(judged, grouped.bySpan.get(span)),
      })),
      explain,
      undetermined: (at_ms) => {
        const node = nodeAt(track, at_ms);
        return node !== null && hasOnlySwitchedOff(node, tracks, at_ms);
      },
    });
  });
  const incidents = [...judged.values()].sort(byStart);
  const used = new Set<Fact>(incidents.flatMap((incident) => incident.facts));
  const before = new Set((site.used_facts ?? []).map((fact) => JSON.stringify(fact)));
  if (before.size > 0) {
    for (const fact of facts.all) if (before.has(JSON.stringify(fact))) used.add(fact);
  }
  const phases = new Map(incidents.map((incident) => [incident.id, incident.phase]));
  return {
    intervals: intervals.map((one) => ({
      ...one,
      settled: one.settled && (phases.get(one.incident ?? '') ?? 'settled') === 'settled',
    })),
    incidents,
    findings: findingsOf(facts, used, plans, tracks, site.settings),
    marks: marksOf(pieces, grouped, judged, tracks),
  };
}

/** Tracks by code, unmanaged switches after those that witness for them. */
function tracksOf(site: SiteMaterial, plans: Plans): Tracks {
  const nodes = heldNodes(site.versions);
  const tracks = new Map<string, Track>();
  const materials = [...site.devices].sort((a, b) => (a.device < b.device ? -1 : 1));
  for (const material of materials) {
    const { device } = material;
    tracks.set(device, trackOf(material, nodes.get(device) ?? [], site));
  }
  const probed: Tracks = new Map(tracks);
  for (const [code, track] of probed) {
    tracks.set(code, unmanagedOf(track, plans, probed, site.settings));
  }
  return tracks;
}

function allPieces(track: Track, context: IncidentContext, facts: FactIndex): Piece[] {
  const { plans, tracks, site } = context;
  const { settings, from_ms } = site;
  // Each silence is judged as what the device was when it began.
  const all = [
    ...endpointPieces(track, { plans, tracks, facts, settings, from_ms }),
    ...piecesOf(track, plans, tracks, settings),
  ].sort((a, b) => a.from_ms - b.from_ms);
  // What was over before the window is judged; its facts and roots need not be at hand any more.
  return all.filter((piece) => piece.to_ms > from_ms);
}

function sceneAt({ site, plans, tracks }: IncidentContext, facts: FactIndex) {
  const { references, settings, to_ms } = site;
  const empty = new Plan({ from_ms: 0, nodes: [], agents: [], links: [] });
  return (at_ms: number): Scene => {
    const plan = plans.at(at_ms) ?? empty;
    return { plan, tracks, facts, references, settings, to_ms };
  };
}

/** Many devices share one gap of their agent. */
function remembered(judge: (gap: Gap) => Verdict | null): (gap: Gap) => Verdict | null {
  const known = new Map<string, Verdict | null>();
  return (gap) => {
    const key = JSON.stringify(gap);
    const found = known.get(key);
    if (found !== undefined) return found;
    const verdict = judge(gap);
    known.set(key, verdict);
    return verdict;
  };
}

function incidentIn(
  judged: ReadonlyMap<Group, Incident>,
  group: Group | undefined,
): Incident | null {
  return group === undefined ? null : (judged.get(group) ?? null);
}

function mapped<T>(tracks: Tracks, make: (track: Track) => T): Map<string, T> {
  return new Map([...tracks].map(([code, track]) => [code, make(track)]));
}

function byStart(a: Incident, b: Incident): number {
  return a.started_at_ms - b.started_at_ms || (a.id < b.id ? -1 : 1);
}
