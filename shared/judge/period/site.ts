import {
  entriesOf,
  type Inventory,
  inventoriesOf,
  isInfrastructure,
  workplaceGroups,
} from '../day/infrastructure.ts';
import { type FiguresAsk, outagesByCell, spansOf, type Window } from '../figures/device.ts';
import { endOf } from '../figures/outages.ts';
import { type SiteTrack, siteTimeline, windowsOf } from '../figures/site.ts';
import { addAll, type FigureSums, scaleSums } from '../figures/sums.ts';
import type { Track } from '../figures/sweep.ts';
import { groupTimeline, type WorkplaceGroup } from '../figures/workplaces.ts';
import type { FinalInterval } from '../final.ts';
import { clip, intersect, type Span, union } from '../spans.ts';
import type { Judged } from './judged.ts';
import type { Hours } from './sums.ts';

/**
 * The question about the site as a whole. `bad`: only where some infrastructure is bad, which is
 * all that its outages can lie in; a month of a calm site costs nothing.
 */
export function siteAsk(judged: Judged, hours: Hours, time: 'all' | 'bad'): FiguresAsk {
  const as_of_to_ms = judged.as_of.to_ms;
  const tracks = tracksOf(judged);
  const intervals: FinalInterval[] = [];
  const windows: Window[] = [];
  for (const inventory of inventoriesIn(judged)) {
    const entries = entriesOf(inventory);
    const infrastructure = inventory.version.nodes.flatMap((node): SiteTrack[] => {
      const track = isInfrastructure(node, inventory) ? tracks.get(node.code) : undefined;
      if (track === undefined) return [];
      return [{ ...within(track, [inventory]), entry: entries.has(node.code) }];
    });
    windows.push(...windowsOf(infrastructure));
    const bad = time === 'all' ? null : badSpans(infrastructure);
    const told =
      bad === null
        ? infrastructure
        : infrastructure.map((track) => ({ ...track, ...within(track, bad) }));
    intervals.push(...siteTimeline(inventory.document.site, told, as_of_to_ms));
  }
  return { ...hours, intervals, windows, as_of_to_ms, known_to_ms: as_of_to_ms };
}

/** Outages of workplaces: of a path, times the workplaces behind it. */
export function workplaceOutages(judged: Judged, hours: Hours): FigureSums {
  const as_of_to_ms = judged.as_of.to_ms;
  const inventories = inventoriesIn(judged);
  const cells = inventories.map(({ from_ms, to_ms }, row) => ({ from_ms, to_ms, row }));
  const parts: FigureSums[] = [];
  for (const [, groups] of Map.groupBy(groupsOf(judged, inventories), ({ group }) => group)) {
    const ask = {
      intervals: groups.flatMap(({ bad }) => bad),
      windows: groups.flatMap(({ windows }) => windows),
    };
    if (ask.intervals.length === 0) continue;
    const known = { as_of_to_ms, known_to_ms: as_of_to_ms };
    const rows = outagesByCell({ ...ask, ...hours, ...known }, cells, cells.length);
    for (const { row, workplaces } of groups) {
      const sums = rows[row];
      if (sums !== undefined) parts.push(scaleSums(sums, workplaces));
    }
  }
  return addAll(parts);
}

/** Whether the site, or a path of its workplaces, was down as `at_ms` came. */
export function isDownBefore(judged: Judged, at_ms: number): boolean {
  const reaches = ({ from_ms, to_ms }: FinalInterval): boolean =>
    from_ms < at_ms && (to_ms ?? Infinity) >= at_ms;
  const intervals = judged.intervals.filter(reaches);
  if (!intervals.some(isBad)) return false;
  const then = { ...judged, intervals };
  const paths = groupsOf(then, inventoriesIn(then)).flatMap(({ bad }) => bad);
  const site = siteAsk(then, { hours: [] }, 'bad').intervals;
  return [...site, ...paths].some((one) => one.state === 'down' && reaches(one));
}

interface BadGroup extends WorkplaceGroup {
  /** Place of its inventory. */
  readonly row: number;
  readonly bad: readonly FinalInterval[];
}

function groupsOf(judged: Judged, inventories: readonly Inventory[]): BadGroup[] {
  const tracks = [...tracksOf(judged).values()];
  const expected = spansOf(tracks.flatMap(({ windows }) => windows));
  return inventories.flatMap((inventory, row) =>
    workplaceGroups(inventory, expected).map((group) => {
      const used = new Set(group.ways.flat());
      const bad = badSpans(tracks.filter(({ device }) => used.has(device)));
      const windows = intersect(spansOf(group.windows), bad);
      const told = { ...group, windows };
      const timeline = windows.length === 0 ? [] : groupTimeline(told, tracks, judged.as_of.to_ms);
      return { ...group, row, bad: timeline };
    }),
  );
}

/** Inventories over all that the intervals tell of. */
function inventoriesIn({ intervals, documents, as_of }: Judged): Inventory[] {
  const first_ms = intervals.reduce((least, { from_ms }) => Math.min(least, from_ms), as_of.to_ms);
  return inventoriesOf(documents, first_ms, as_of.to_ms);
}

function tracksOf({ intervals, windows, closed }: Judged): Map<string, Track> {
  const said = Map.groupBy(intervals, ({ device }) => device);
  return new Map(
    [...Map.groupBy(windows, ({ device }) => device)].map(([device, own]): [string, Track] => {
      const known_to_ms = closed.get(own.at(-1)?.agent ?? '')?.ms ?? null;
      return [device, { device, intervals: said.get(device) ?? [], windows: own, known_to_ms }];
    }),
  );
}

function badSpans(tracks: readonly Track[]): Span[] {
  return union(
    tracks.flatMap(({ intervals, known_to_ms }) =>
      intervals
        .filter(isBad)
        .map((one) => ({ from_ms: one.from_ms, to_ms: endOf(one, known_to_ms) })),
    ),
  );
}

/** Down, or unreachable. */
export function isBad({ state }: FinalInterval): boolean {
  return state === 'down' || state === 'unreachable';
}

/** The track, expected in these spans only. */
function within(track: Track, spans: readonly Span[]): Track {
  const first_ms = spans[0]?.from_ms ?? 0;
  const last_ms = spans.at(-1)?.to_ms ?? 0;
  const windows = clip(spansOf(track.windows), first_ms, last_ms);
  return { ...track, windows: spans.length === 1 ? windows : intersect(windows, spans) };
}
