import type { Span } from '../spans.ts';
import { isLossy } from './degraded.ts';
import { byTime, type Group, groupOfRoot, groupsOf, joinTogether, type Trouble } from './groups.ts';
import { carriedOf, type IncidentContext } from './incidents.ts';
import type { Incident, SiteMarks, SiteMaterial } from './material.ts';
import type { Piece } from './pieces.ts';
import { isEndpointAt, nodeAt, type Silence, type Track } from './tracks.ts';
import type { Tracks } from './witnesses.ts';

/** Troubles of one device, and the degraded spans that some of them stand for. */
export interface DeviceTroubles {
  readonly troubles: Trouble[];
  readonly spans: ReadonlyMap<Trouble, Span>;
}

export function troublesOf(
  track: Track,
  pieces: readonly Piece[],
  degraded: readonly Span[],
  site: SiteMaterial,
): DeviceTroubles {
  const { device } = track;
  const { settings } = site;
  const troubles: Trouble[] = [];
  const spans = new Map<Trouble, Span>();
  for (const one of track.material.carry?.troubles ?? []) {
    const { sort, from_ms, to_ms, incident: carried } = one;
    troubles.push({ device, sort, from_ms, to_ms, detected_ms: from_ms, piece: null, carried });
  }
  for (const piece of pieces) {
    if (piece.state !== 'down' || piece.root !== null || piece.after !== null) continue;
    const { silence, from_ms, to_ms } = piece;
    const whole = from_ms === silence.from_ms && to_ms === silence.to_ms;
    const sort = whole && isLossy(silence, settings) ? 'lossy' : 'outage';
    const detected_ms = from_ms + settings.down_slots * silence.interval_ms;
    troubles.push({ device, sort, from_ms, to_ms, detected_ms, piece, carried: null });
  }
  for (const span of degraded) {
    const detected_ms = span.from_ms + settings.degraded_window_min * 60_000;
    const plain = { device, sort: 'degraded', detected_ms, piece: null, carried: null } as const;
    const trouble: Trouble = { ...span, ...plain };
    troubles.push(trouble);
    spans.set(trouble, span);
  }
  return { troubles, spans };
}

export interface Grouped {
  readonly groups: readonly Group[];
  readonly byPiece: ReadonlyMap<Piece, Group>;
  readonly bySpan: ReadonlyMap<Span, Group>;
}

/** Groups by root, then hangs what is hidden on its root's group. */
export function group(
  troubles: ReadonlyMap<string, DeviceTroubles>,
  flaps: readonly Trouble[],
  pieces: ReadonlyMap<string, readonly Piece[]>,
  context: IncidentContext,
): Grouped {
  const { site, tracks } = context;
  const inside: Group[] = [];
  const outside: Group[] = [];
  let slowest_ms = 0;
  for (const [code, said] of troubles) {
    const track = tracks.get(code);
    // Endpoints flap when people start them; with a silence that is down the facts say so anyway.
    const own = flaps.filter(
      (flap) =>
        flap.device === code &&
        flap.to_ms > site.from_ms &&
        !(track !== undefined && isEndpointAt(track, flap.from_ms)),
    );
    if (track?.nodes.some(({ node }) => node.kind === 'upstream')) {
      slowest_ms = Math.max(slowest_ms, track.interval_ms);
    }
    for (const one of groupsOf([...said.troubles, ...own], site.settings)) {
      const node = track === undefined ? null : nodeAt(track, startOf(one, site));
      (node?.kind === 'upstream' ? outside : inside).push(one);
    }
  }
  const reach_ms = Math.max(site.settings.together_ms, 2 * slowest_ms);
  const groups = joinCarried([...inside, ...joinTogether(outside, reach_ms)], context);
  const byPiece = new Map<Piece, Group>();
  const bySpan = new Map<Span, Group>();
  for (const one of groups) {
    one.troubles.sort(byTime);
    for (const trouble of one.troubles) {
      if (trouble.piece !== null) byPiece.set(trouble.piece, one);
      const span = troubles.get(trouble.device)?.spans.get(trouble);
      if (span !== undefined) bySpan.set(span, one);
    }
  }
  const own: ReadonlyMap<Piece, Group> = new Map(byPiece);
  const bySilence = new Map<Silence, Piece[]>();
  const all = [...pieces.values()].flat();
  for (const piece of all) {
    const list = bySilence.get(piece.silence) ?? [];
    list.push(piece);
    bySilence.set(piece.silence, list);
  }
  for (const piece of all) {
    const root = piece.root ?? piece.after;
    if (root === null) continue;
    const found = groupOfRoot(root, piece.from_ms, bySilence, own);
    if (found === null) continue;
    found.shadowed.push(piece);
    byPiece.set(piece, found);
  }
  return { groups, byPiece, bySpan };
}

/** What goes on with one incident from before the window is one; nothing new is nothing. */
function joinCarried(groups: readonly Group[], context: IncidentContext): Group[] {
  const byId = new Map<string, Group>();
  const out: Group[] = [];
  for (const one of groups) {
    const id = carriedOf(one, context)?.id;
    const found = id === undefined ? undefined : byId.get(id);
    if (found !== undefined) {
      found.troubles.push(...one.troubles);
      continue;
    }
    if (id !== undefined) byId.set(id, one);
    out.push(one);
  }
  return out.filter((one) => one.troubles.some(({ carried }) => carried === null));
}

/** Start of a group, by which its plan is looked up. */
export function startOf(group: Group, site: Pick<SiteMaterial, 'from_ms'>): number {
  return group.troubles[0]?.from_ms ?? site.from_ms;
}

/** What a carry is made of: pieces and troubles with the incident that they belong to. */
export function marksOf(
  pieces: ReadonlyMap<string, readonly Piece[]>,
  grouped: Grouped,
  judged: ReadonlyMap<Group, Incident>,
  tracks: Tracks,
): SiteMarks {
  const incidentOf = (group: Group | undefined) =>
    group === undefined ? null : (judged.get(group)?.id ?? null);
  return {
    pieces: [...pieces.values()].flat().map((piece) => ({
      device: piece.device,
      from_ms: piece.from_ms,
      to_ms: piece.to_ms,
      state: piece.state,
      silence: { from_ms: piece.silence.from_ms, earliest_ms: piece.silence.earliest_ms },
      root: piece.root?.device ?? null,
      incident: incidentOf(grouped.byPiece.get(piece)),
    })),
    troubles: grouped.groups.flatMap((one) => {
      const incident = incidentOf(one);
      if (incident === null) return [];
      return one.troubles.map(({ device, sort, from_ms, to_ms }) => {
        return { device, sort, from_ms, to_ms, incident };
      });
    }),
    gaps: [...tracks.values()].flatMap((track) => {
      const { device } = track;
      const unknown = track.base.filter(
        ({ state, from_ms }) =>
          state === 'unknown' && nodeAt(track, from_ms)?.kind === 'unmanaged-switch',
      );
      return unknown.map(({ from_ms, to_ms }) => ({ device, from_ms, to_ms }));
    }),
  };
}
