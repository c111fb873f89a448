import { figuresByDay, figuresByHour } from './cells.ts';
import { type FigureDevice, figureDevices, isSummed, longestInterval } from './devices.ts';
import { groupRows, sumOf } from './groups.ts';
import type { Judged } from './judged.ts';
import { type FigureRow, figureRow } from './row.ts';
import { type PeriodAsk, type PeriodSums, periodSums, type TimePart, timeOf } from './sums.ts';

/** What rows are of. */
export const FIGURE_SUBJECTS = ['device', 'group', 'day', 'hour'] as const;
export type FigureSubject = (typeof FIGURE_SUBJECTS)[number];

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

export interface FigureTable {
  readonly items: readonly NamedRow[];
  readonly totals: Totals;
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
