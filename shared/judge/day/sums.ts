import { deviceFigures, spansOf } from '../figures/device.ts';
import { type SiteTrack, siteFigures } from '../figures/site.ts';
import { addAll, type FigureSums } from '../figures/sums.ts';
import type { Track } from '../figures/sweep.ts';
import { workplaceFigures } from '../figures/workplaces.ts';
import type { FinalInterval } from '../final.ts';
import type { DeviceWindow } from '../lists.ts';
import { clip, type Span } from '../spans.ts';
import { entriesOf, inventoriesOf, isInfrastructure, workplaceGroups } from './infrastructure.ts';
import { decodeSums, encodeSums } from './sums-codec.ts';
import type { DaySums, JudgedWindow, SiteDocuments } from './types.ts';

export { decodeSums, encodeSums };

export interface DaySumsAsk {
  readonly documents: SiteDocuments;
  /** Own windows. */
  readonly windows: readonly DeviceWindow[];
  /** Its intervals touch [from_ms, to_ms); clipped to it or whole. */
  readonly judged: JudgedWindow;
  readonly from_ms: number;
  readonly to_ms: number;
  /** Period ∩ calendar; what lies outside [from_ms, to_ms) does not count. */
  readonly hours: readonly Span[];
  readonly as_of_to_ms: number;
  /** closed_to of the owning agents; one that is not in it closed nothing. */
  readonly known_to_ms: ReadonlyMap<string, number | null>;
}

/**
 * Time of one day, or of any period, by device, of the site and of its workplaces (accounting §6).
 * Outages are left out: one over midnight is seen whole only by whoever holds the joined intervals.
 */
export function daySums(ask: DaySumsAsk): DaySums {
  const { as_of_to_ms } = ask;
  const hours = clip(ask.hours, ask.from_ms, ask.to_ms);
  const tracks = tracksOf(ask);
  const devices: Record<string, FigureSums> = {};
  for (const [code, { intervals, windows, known_to_ms }] of tracks) {
    const said = { intervals, windows, known_to_ms };
    devices[code] = withoutOutages(deviceFigures({ ...said, hours, as_of_to_ms }));
  }
  const expected = spansOf([...tracks.values()].flatMap(({ windows }) => windows));
  const site: FigureSums[] = [];
  const workplaces: FigureSums[] = [];
  for (const inventory of inventoriesOf(ask.documents, ask.from_ms, ask.to_ms)) {
    const part = clip(hours, inventory.from_ms, inventory.to_ms);
    const entries = entriesOf(inventory);
    const infrastructure = inventory.version.nodes.flatMap((node): SiteTrack[] => {
      const track = isInfrastructure(node, inventory) ? tracks.get(node.code) : undefined;
      return track === undefined ? [] : [{ ...track, entry: entries.has(node.code) }];
    });
    const code = inventory.document.site;
    site.push(siteFigures({ site: code, tracks: infrastructure, hours: part, as_of_to_ms }));
    workplaces.push(
      workplaceFigures({
        groups: workplaceGroups(inventory, expected),
        tracks: [...tracks.values()],
        hours: part,
        as_of_to_ms,
      }),
    );
  }
  return {
    devices,
    site: withoutOutages(addAll(site)),
    workplaces: withoutOutages(addAll(workplaces)),
  };
}

/** Sums of several days, or of disjoint periods, of one site: by device, site, workplaces. */
export function addDays(days: Iterable<DaySums>): DaySums {
  const byDevice = new Map<string, FigureSums[]>();
  const site: FigureSums[] = [];
  const workplaces: FigureSums[] = [];
  for (const day of days) {
    for (const code in day.devices) {
      const sums = day.devices[code];
      if (sums === undefined) continue;
      const list = byDevice.get(code);
      if (list === undefined) byDevice.set(code, [sums]);
      else list.push(sums);
    }
    site.push(day.site);
    workplaces.push(day.workplaces);
  }
  const devices: Record<string, FigureSums> = {};
  for (const code of [...byDevice.keys()].sort()) devices[code] = addAll(byDevice.get(code) ?? []);
  return { devices, site: addAll(site), workplaces: addAll(workplaces) };
}

/** Devices that are expected in the period, by code. */
function tracksOf(ask: DaySumsAsk): Map<string, Track> {
  const windows = new Map<string, DeviceWindow[]>();
  for (const window of ask.windows) {
    if (window.from_ms >= ask.to_ms || (window.to_ms ?? ask.to_ms) <= ask.from_ms) continue;
    const list = windows.get(window.device) ?? [];
    list.push(window);
    windows.set(window.device, list);
  }
  const intervals = new Map<string, FinalInterval[]>();
  for (const one of ask.judged.intervals) {
    const list = intervals.get(one.device) ?? [];
    list.push(one);
    intervals.set(one.device, list);
  }
  return new Map(
    [...windows.keys()].sort().map((device): [string, Track] => {
      const own = (windows.get(device) ?? []).sort((a, b) => a.from_ms - b.from_ms);
      const known_to_ms = ask.known_to_ms.get(own.at(-1)?.agent ?? '') ?? null;
      const said = intervals.get(device) ?? [];
      return [device, { device, intervals: said, windows: own, known_to_ms }];
    }),
  );
}

function withoutOutages(sums: FigureSums): FigureSums {
  return { ...sums, outages: 0, outages_ms: 0, ended: 0, ended_ms: 0, longest_ms: null };
}
