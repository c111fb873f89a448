import type { Span } from '../spans.ts';
import type { FactIndex, FactOf } from './facts.ts';
import type { CarriedIncident, IncidentKind, TroubleSort } from './material.ts';
import type { Piece } from './pieces.ts';
import type { SiteSettings } from './settings.ts';
import type { Plans } from './topology.ts';
import type { Silence } from './tracks.ts';

/** What one root did: an outage, one of many lossy ones, loss without outage, or flaps. */
export interface Trouble extends Span {
  readonly device: string;
  readonly sort: TroubleSort;
  /** When the slots alone show it: ids hang on what was seen first, so they stay. */
  readonly detected_ms: number;
  readonly piece: Piece | null;
  /** It lies before the window and stands for what was judged then; null: of this window. */
  readonly carried: CarriedIncident | null;
}

/** Troubles of one root, or of targets outside that failed together, and who hangs behind it. */
export interface Group {
  readonly troubles: Trouble[];
  /** Pieces behind the root, and those that came back a little later. */
  readonly shadowed: Piece[];
}

/**
 * Groups the troubles of one device (accounting §4): lossy outages and degraded periods within 15
 * minutes are one degraded incident; outages during flapping belong to it; others stand alone.
 */
export function groupsOf(troubles: readonly Trouble[], settings: SiteSettings): Group[] {
  const groups: Group[] = [];
  let soft: { group: Group; to_ms: number } | null = null;
  let flaps: { group: Group; to_ms: number } | null = null;
  let last: { group: Group; to_ms: number } | null = null;
  for (const trouble of [...troubles].sort(byTime)) {
    const { from_ms, to_ms, sort } = trouble;
    const isSoft = sort === 'lossy' || sort === 'degraded';
    let group: Group | null = null;
    if (isSoft && soft !== null && from_ms - soft.to_ms <= settings.lossy_join_ms) {
      group = soft.group;
    } else if (!isSoft && flaps !== null && from_ms - flaps.to_ms <= settings.near_ms) {
      group = flaps.group;
    } else if (sort === 'flapping' && last !== null && from_ms - last.to_ms <= settings.near_ms) {
      group = last.group;
    }
    if (group === null) {
      group = { troubles: [], shadowed: [] };
      groups.push(group);
    }
    group.troubles.push(trouble);
    const reach = (old: { group: Group; to_ms: number } | null): number =>
      old?.group === group ? Math.max(old.to_ms, to_ms) : to_ms;
    if (isSoft) soft = { group, to_ms: reach(soft) };
    if (sort === 'flapping') flaps = { group, to_ms: reach(flaps) };
    if (sort === 'outage') last = { group, to_ms: reach(last) };
  }
  return groups;
}

/** Targets outside that fail together have one root: what lies before them all. */
export function joinTogether(groups: readonly Group[], reach_ms: number): Group[] {
  const out = groups.filter((group) => kindOf(group) !== 'outage');
  let open: Group | null = null;
  let start_ms = 0;
  const starts = groups
    .filter((group) => kindOf(group) === 'outage')
    .flatMap((group) => {
      const first = group.troubles[0];
      return first === undefined ? [] : [{ group, first }];
    });
  for (const { group, first } of starts.sort((a, b) => byTime(a.first, b.first))) {
    if (open !== null && first.from_ms - start_ms <= reach_ms) {
      open.troubles.push(...group.troubles);
      continue;
    }
    open = group;
    start_ms = first.from_ms;
    out.push(group);
  }
  return out;
}

export function kindOf(group: Group): IncidentKind {
  const has = (sort: Trouble['sort']) => group.troubles.some((trouble) => trouble.sort === sort);
  if (has('flapping')) return 'flapping';
  return has('outage') ? 'outage' : 'degraded';
}

/** At least three flaps of one port in ten minutes, by the device that hangs on it. */
export function flapPeriods(facts: FactIndex, plans: Plans, settings: SiteSettings): Trouble[] {
  const byPort = new Map<string, FactOf<'flap'>[]>();
  for (const flap of facts.of('flap')) {
    const key = `${flap.device} ${flap.port ?? ''}`;
    const list = byPort.get(key) ?? [];
    list.push(flap);
    byPort.set(key, list);
  }
  const out: Trouble[] = [];
  for (const flaps of byPort.values()) {
    let open: { -readonly [K in keyof Trouble]: Trouble[K] } | null = null;
    for (let k = settings.flap_count - 1; k < flaps.length; k++) {
      const [first, last] = [flaps[k - settings.flap_count + 1], flaps[k]];
      if (first === undefined || last === undefined) continue;
      if (last.from_ms - first.from_ms > settings.flap_window_ms) continue;
      if (open !== null && first.from_ms <= open.to_ms) {
        open.to_ms = Math.max(open.to_ms, last.to_ms);
        continue;
      }
      if (open !== null) out.push(open);
      const plan = plans.at(first.from_ms);
      const device = plan?.ownerOf(first.device, first.port) ?? first.device;
      const [from_ms, to_ms] = [first.from_ms, last.to_ms];
      const sort = 'flapping';
      open = { device, sort, from_ms, to_ms, detected_ms: to_ms, piece: null, carried: null };
    }
    if (open !== null) out.push(open);
  }
  return out;
}

/** Finds the group of the root of a piece. Roots lie ever nearer to the agent, so this ends. */
export function groupOfRoot(
  root: Silence,
  at_ms: number,
  pieces: ReadonlyMap<Silence, readonly Piece[]>,
  own: ReadonlyMap<Piece, Group>,
): Group | null {
  const inside_ms = Math.min(Math.max(at_ms, root.from_ms), root.to_ms - 1);
  const piece = pieces.get(root)?.find((one) => one.from_ms <= inside_ms && inside_ms < one.to_ms);
  if (piece === undefined) return null;
  const group = own.get(piece);
  if (group !== undefined) return group;
  if (piece.root !== null) return groupOfRoot(piece.root, inside_ms, pieces, own);
  return piece.after === null ? null : groupOfRoot(piece.after, inside_ms, pieces, own);
}

export function byTime(a: Trouble, b: Trouble): number {
  if (a.from_ms !== b.from_ms) return a.from_ms - b.from_ms;
  if (a.device !== b.device) return a.device < b.device ? -1 : 1;
  return a.sort < b.sort ? -1 : a.sort > b.sort ? 1 : a.to_ms - b.to_ms;
}
