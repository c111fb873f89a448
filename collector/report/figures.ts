import { floorMinute } from '../../shared/judge/lists.ts';
import { RULES_VERSION } from '../../shared/judge/types.ts';
import { notFound } from '../http-error.ts';
import type { AsOf, Judged, JudgeReader } from '../judge/read-types.ts';
import { type FigureRow, figureRow } from './figure-row.ts';
import { figuresByDay, figuresByHour } from './figures-cells.ts';
import { correctedOf, type LateWindow, lateMaintenanceOf } from './figures-corrected.ts';
import {
  type FigureDevice,
  figureDevices,
  isSummed,
  isToldDevice,
  longestInterval,
} from './figures-devices.ts';
import { groupRows, sumOf } from './figures-groups.ts';
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

export interface FiguresShape {
  readonly by: FigureSubject;
  /** By day and hour: of this device; null: of the site. */
  readonly device: string | null;
  /** Computers are told of only in groups, at least GROUP_COMPUTERS_MIN of them together. */
  readonly hide_computers: boolean;
}

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
  /** Σ of all devices of the site; upstream targets are not its own, hidden computers are out. */
  readonly devices: Row;
}

/** Version and base64 hash of a document that figures hang on. */
export interface PaperRef {
  readonly version: number;
  readonly hash: string;
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
  /** The site's settings; null: built in. */
  readonly settings: PaperRef | null;
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
 * Throws LanProofError CALENDAR_PROFILE, and HttpError 404 for a device that was never the site's.
 */
export async function availabilityFigures(
  { judge }: { readonly judge: Pick<JudgeReader, 'judged'> },
  site: string,
  ask: PeriodAsk,
  shape: FiguresShape,
): Promise<Figures> {
  const judged = await judgedWhole(judge, site, ask.from_ms, ask.to_ms);
  const { device, hide_computers } = shape;
  if (device !== null && !isToldDevice(judged, device, hide_computers)) {
    throw notFound('device', device);
  }
  const { calendar, calendar_ref, settings_ref } = judged.documents;
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
    settings: settings_ref,
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
  const devices = figureDevices(judged, ask);
  const own = devices
    .filter((device) => isSummed(device, shape.hide_computers))
    .map(({ code }) => code);
  const totals = {
    site: figureRow(sums.site, null),
    workplaces: figureRow(sums.workplaces, null),
    devices: figureRow(sumOf(sums, own), null),
  };
  return { items: itemsOf({ judged, ask, shape, devices, sums, time }), totals };
}

interface ItemsAsk {
  readonly judged: Judged;
  readonly ask: PeriodAsk;
  readonly shape: FiguresShape;
  readonly devices: readonly FigureDevice[];
  readonly sums: PeriodSums;
  readonly time: readonly TimePart[];
}

function itemsOf({ judged, ask, shape, devices, sums, time }: ItemsAsk): NamedRow[] {
  const interval_ms = (device: string | null) => longestInterval(judged, ask, device);
  switch (shape.by) {
    case 'device':
      return devices
        .filter(({ computer, measured }) => measured && !(shape.hide_computers && computer))
        .map(({ code }) => ({
          device: code,
          ...figureRow(sumOf(sums, [code]), interval_ms(code)),
        }));
    case 'group':
      return groupRows(devices, shape.hide_computers, sums);
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
