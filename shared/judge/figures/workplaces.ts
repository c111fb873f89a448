import type { FinalInterval } from '../final.ts';
import type { Span } from '../spans.ts';
import { deviceFigures, spansOf, type Window } from './device.ts';
import { commonBad } from './site.ts';
import { addAll, type FigureSums, scaleSums } from './sums.ts';
import {
  isBad,
  isUp,
  type Moment,
  plain,
  sweep,
  type Track,
  unknownFor,
  type Verdict,
} from './sweep.ts';

/** Workplaces that hang on the same devices: a room, the ports of one switch. */
export interface WorkplaceGroup {
  readonly group: string;
  /** How many, an integer ≥ 0. */
  readonly workplaces: number;
  /**
   * Ways to the gateway, each the codes of all devices that must answer on it, gateway included.
   * One whole way is enough. No way at all: where they hang is not known, nor is their time.
   */
  readonly ways: readonly (readonly string[])[];
  /** When these workplaces stood in the inventory. */
  readonly windows: readonly Window[];
}

export interface WorkplaceAsk {
  readonly groups: readonly WorkplaceGroup[];
  /** The devices that the ways name; one without a track is unknown. */
  readonly tracks: readonly Track[];
  /** As in FiguresAsk. */
  readonly hours: readonly Span[];
  readonly calendar?: readonly Span[];
  readonly as_of_to_ms: number;
}

/**
 * Workplace time: expected_ms is Σ workplaces × working time, up_ms that of workplaces with a path
 * to the gateway; ratiosOf gives availability with its bounds. Outages are workplaces hit.
 */
export function workplaceFigures(ask: WorkplaceAsk): FigureSums {
  const { hours, calendar, as_of_to_ms } = ask;
  const parts = ask.groups.map((group) => {
    const sums = deviceFigures({
      intervals: groupTimeline(group, ask.tracks, as_of_to_ms),
      windows: group.windows,
      hours,
      ...(calendar === undefined ? {} : { calendar }),
      as_of_to_ms,
      known_to_ms: as_of_to_ms,
    });
    return scaleSums(sums, group.workplaces);
  });
  return addAll(parts);
}

/** The states of a group's path to the gateway in time; `device` holds the group's name. */
export function groupTimeline(
  { group, ways, windows }: WorkplaceGroup,
  all: readonly Track[],
  as_of_to_ms: number,
): FinalInterval[] {
  const used = new Set(ways.flat());
  const tracks = all.filter(({ device }) => used.has(device));
  const codes = tracks.map(({ device }) => device);
  // A device that no track tells of has place -1, where no moment says anything: unknown.
  const places = ways.map((way) => way.map((code) => codes.indexOf(code)));
  return sweep(group, tracks, spansOf(windows), as_of_to_ms, (now) => decide(now, places));
}

/** The best way counts: whole, else unknown, else under maintenance, else cut. */
function decide(now: Moment, ways: readonly (readonly number[])[]): Verdict {
  let planned = false;
  let open = ways.length === 0;
  for (const way of ways) {
    const says = way.map((place) => now[place] ?? null);
    if (way.length > 0 && says.every((one) => one !== null && isUp(one))) return plain('up');
    if (says.some((one) => one !== null && isBad(one))) continue;
    if (says.some((one) => one?.state === 'maintenance')) planned = true;
    else open = true;
  }
  if (open) return unknownFor('not_received');
  if (planned) return plain('maintenance');
  const used = new Set(ways.flat());
  return commonBad(now.filter((_, place) => used.has(place)).filter(isCut));
}

function isCut(one: Moment[number]): one is Verdict {
  return one !== null && isBad(one);
}
