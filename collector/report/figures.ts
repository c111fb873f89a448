import { addAll, type FigureSums } from '../../shared/judge/figures/sums.ts';
import { floorMinute } from '../../shared/judge/lists.ts';
import { RULES_VERSION } from '../../shared/judge/types.ts';
import type { Device } from '../../shared/measure/inventory-types.ts';
import type { AsOf, Judged, JudgeReader } from '../judge/read-types.ts';
import { type FigureRow, figureRow } from './figure-row.ts';
import { figuresByDay, figuresByHour } from './figures-cells.ts';
import { correctedOf, type LateWindow, lateMaintenanceOf } from './figures-corrected.ts';
import { isBad, isDownBefore } from './figures-site.ts';
import {
  type PeriodAsk,
  type PeriodSums,
  periodSums,
  type TimePart,
  timeOf,
} from './figures-sums.ts';

/** What rows are of. */
export const FIGURE_SUBJECTS = ['device', 'group', 'day', 'hour'] as const;
export type FigureSubject = (typeof FIGURE_SUBJECTS)[number];

/** An outage that others hand on from one to the next so often is one of the whole year. */
const LOOKS_BACK_MAX = 4;
const MINUTE_MS = 60_000;

type Described = Pick<Device, 'code' | 'kind' | 'groups' | 'reachability'>;

export interface FiguresShape {
  readonly by: FigureSubject;
  /** By day and hour: of this device; null: of the site. */
  readonly device: string | null;
  /** All devices of the site. */
  readonly devices: readonly Described[];
  /** Computers are told of only in groups of at least GROUP_COMPUTERS_MIN. */
  readonly hide_computers: boolean;
}

/** Fewer computers of a group are not summed for whoever may not see one: it would be a person. */
export const GROUP_COMPUTERS_MIN = 3;

/** A row with what it is of: `device`, `group`, `day` or `weekday` and `hour`. */
export interface NamedRow extends FigureRow {
  readonly device?: string;
  readonly group?: string;
  /** Of a group: how many devices, and computers that it leaves out. */
  readonly devices?: number;
  readonly left_out?: number;
  readonly day?: string;
  readonly from_ms?: number;
  readonly to_ms?: number;
  readonly weekday?: string;
  readonly hour?: number;
}

export interface Totals<Row = FigureRow> {
  readonly site: Row;
  readonly workplaces: Row;
  /** Σ of all devices of the site; upstream targets are not its own. */
  readonly devices: Row;
}

export interface FigureTable {
  readonly items: readonly NamedRow[];
  readonly totals: Totals;
}

export interface Figures extends FigureTable {
  readonly site: string;
  readonly calendar: {
    readonly code: string;
    readonly profile: string | null;
    /** Null: the built-in calendar. */
    readonly version: number | null;
    readonly hash: string | null;
  };
  /** The same, had every window of maintenance been known in time; null: none was late. */
  readonly late_maintenance: (FigureTable & { readonly windows: readonly LateWindow[] }) | null;
  /** The same with the causes that people gave; null: nothing was reclassified. */
  readonly corrected: FigureTable | null;
  /** The ledger prefix and the end of time that the figures are a function of. */
  readonly as_of: AsOf;
  /** Version of the accounting rules. */
  readonly rules: number;
}

/**
 * Availability over a period (accounting §6). Time that has not happened yet is in no period.
 * Throws LanProofError CALENDAR_PROFILE.
 */
export async function availabilityFigures(
  { judge }: { readonly judge: Pick<JudgeReader, 'judged'> },
  site: string,
  ask: PeriodAsk,
  shape: FiguresShape,
): Promise<Figures> {
  const judged = await judgedWhole(judge, site, ask.from_ms, ask.to_ms);
  const { calendar, calendar_ref } = judged.documents;
  const late = lateMaintenanceOf(judged, ask);
  const corrected = correctedOf(judged);
  // Rows of days were added up without them: what differs is counted from the intervals.
  const anew = (intervals: Judged['intervals']) =>
    figureTable({ ...judged, days: [], intervals }, ask, shape);
  return {
    site,
    ...figureTable(judged, ask, shape),
    calendar: {
      code: calendar.code,
      profile: ask.hours === 'working' ? ask.profile : null,
      version: calendar_ref?.version ?? null,
      hash: calendar_ref?.hash ?? null,
    },
    late_maintenance: late === null ? null : { windows: late.windows, ...anew(late.intervals) },
    corrected: corrected === null ? null : anew(corrected),
    as_of: judged.as_of,
    rules: RULES_VERSION,
  };
}

/**
 * What the judge says of a period, and of the time before it as far as an outage of the site or of
 * its workplaces reaches back: whether one begins in the period hangs on all devices at its start.
 */
async function judgedWhole(
  judge: Pick<JudgeReader, 'judged'>,
  site: string,
  from_ms: number,
  to_ms: number,
): Promise<Judged> {
  const found = await judge.judged(site, from_ms, to_ms);
  // What was down as the period came is down in it: mostly nothing is.
  if (!found.intervals.some((one) => isBad(one) && one.from_ms <= from_ms)) return found;
  let judged = await judge.judged(site, from_ms - MINUTE_MS, to_ms);
  let start_ms = from_ms;
  for (let step = 0; step < LOOKS_BACK_MAX && isDownBefore(judged, start_ms); step += 1) {
    const before = judged.intervals.filter((one) => isBad(one) && one.from_ms < start_ms);
    const first_ms = before.reduce((least, one) => Math.min(least, one.from_ms), start_ms);
    start_ms = floorMinute(first_ms);
    judged = await judge.judged(site, start_ms - MINUTE_MS, to_ms);
  }
  return judged;
}

/** The table of what a site's judge said. Pure: the same ledger prefix gives the same table. */
export function figureTable(judged: Judged, ask: PeriodAsk, shape: FiguresShape): FigureTable {
  const time = timeOf(judged, ask);
  const sums = periodSums(judged, ask, time);
  const own = shape.devices.filter(({ kind }) => kind !== 'upstream').map(({ code }) => code);
  const totals = {
    site: figureRow(sums.site, null),
    workplaces: figureRow(sums.workplaces, null),
    devices: figureRow(sumOf(sums, own), null),
  };
  return { items: itemsOf(judged, ask, shape, sums, time), totals };
}

function itemsOf(
  judged: Judged,
  ask: PeriodAsk,
  shape: FiguresShape,
  sums: PeriodSums,
  time: readonly TimePart[],
): NamedRow[] {
  const interval_ms = (device: string | null) =>
    judged.windows.findLast((window) => window.device === device)?.interval_ms ?? null;
  switch (shape.by) {
    case 'device':
      return shape.devices
        .filter(({ kind }) => !(shape.hide_computers && kind === 'pc'))
        .filter(({ kind, reachability }) => reachability !== 'none' || kind === 'unmanaged-switch')
        .map(({ code }) => ({
          device: code,
          ...figureRow(sumOf(sums, [code]), interval_ms(code)),
        }));
    case 'group':
      return groupRows(shape, sums);
    case 'day':
      return figuresByDay(judged, ask, shape.device, time).map(({ sums: day_sums, ...day }) => ({
        ...day,
        ...figureRow(day_sums, interval_ms(shape.device)),
      }));
    case 'hour':
      return figuresByHour(judged, ask, shape.device).map(({ sums: hour_sums, ...hour }) => ({
        ...hour,
        ...figureRow(hour_sums, interval_ms(shape.device)),
      }));
    default:
      return shape.by satisfies never;
  }
}

/** One row per group, by name; a device in two groups counts in both. */
function groupRows({ devices, hide_computers }: FiguresShape, sums: PeriodSums): NamedRow[] {
  const groups = new Map<string, Described[]>();
  for (const device of devices) {
    if (device.kind === 'upstream') continue;
    for (const group of device.groups.length === 0 ? [''] : device.groups) {
      const members = groups.get(group) ?? [];
      members.push(device);
      groups.set(group, members);
    }
  }
  return [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([group, members]) => {
      const computers = members.filter(({ kind }) => kind === 'pc').length;
      const left_out = hide_computers && computers < GROUP_COMPUTERS_MIN ? computers : 0;
      const told = left_out === 0 ? members : members.filter(({ kind }) => kind !== 'pc');
      const codes = told.map(({ code }) => code);
      const row = figureRow(sumOf(sums, codes), null);
      return { group, devices: codes.length, left_out, ...row };
    });
}

function sumOf({ devices }: PeriodSums, codes: readonly string[]): FigureSums {
  return addAll(codes.flatMap((code) => devices.get(code) ?? []));
}
