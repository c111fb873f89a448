import { hourCells } from '../../calendar/hours.ts';
import { localDay, localMidnights } from '../../calendar/local-time.ts';
import { WEEKDAYS, type Weekday } from '../../calendar/types.ts';
import {
  type Cell,
  type FiguresAsk,
  figuresByCell,
  HOURS_OF_DAY,
  MATRIX_CELLS,
  outagesByCell,
} from '../figures/device.ts';
import { addAll, type FigureSums } from '../figures/sums.ts';
import type { Judged } from './judged.ts';
import { siteAsk } from './site.ts';
import {
  deviceAsk,
  hoursOf,
  type PeriodAsk,
  type TimePart,
  timeOf,
  withoutOutages,
} from './sums.ts';

/** One local day, as far as it lies in the period. */
export interface DayFigures {
  /** YYYY-MM-DD */
  readonly day: string;
  readonly from_ms: number;
  readonly to_ms: number;
  readonly sums: FigureSums;
}

/** One hour of one weekday on the local clock, over the whole period. */
export interface HourFigures {
  readonly weekday: Weekday;
  readonly hour: number;
  readonly sums: FigureSums;
}

/** Rows per local day of one device, or of the site (null). */
export function figuresByDay(
  judged: Judged,
  ask: PeriodAsk,
  device: string | null,
  read: readonly TimePart[] = timeOf(judged, ask),
): DayFigures[] {
  const { calendar } = judged.documents;
  const cuts = [ask.from_ms, ...localMidnights(calendar, ask.from_ms + 1, ask.to_ms), ask.to_ms];
  const cells = cuts
    .slice(1)
    .map((to_ms, row): Cell => ({ from_ms: cuts[row] ?? to_ms, to_ms, row }));
  const outages = outagesByCell(subjectAsk(judged, ask, device, 'bad'), cells, cells.length);
  return cells.map(({ from_ms, to_ms, row }) => {
    const whole = read.find((part) => part.from_ms === from_ms && part.to_ms === to_ms);
    const told = whole === undefined ? timeOf(judged, { ...ask, from_ms, to_ms }) : [whole];
    const parts = told.flatMap(
      ({ sums: { site, devices } }) => (device === null ? site : devices[device]) ?? [],
    );
    const counted = outages.slice(row, row + 1);
    const sums = addAll([...parts.map(withoutOutages), ...counted]);
    return { day: localDay(calendar, from_ms).date, from_ms, to_ms, sums };
  });
}

/** The 168 cells of the week, Monday 00:00 first, of one device or of the site (null). */
export function figuresByHour(
  judged: Judged,
  ask: PeriodAsk,
  device: string | null,
): HourFigures[] {
  const { calendar } = judged.documents;
  const to_ms = Math.min(ask.to_ms, judged.as_of.to_ms);
  const period = ask.from_ms < to_ms ? [{ from_ms: ask.from_ms, to_ms }] : [];
  const cells = hourCells(calendar, period).map(
    ({ from_ms, to_ms: end_ms, cell }): Cell => ({ from_ms, to_ms: end_ms, row: cell }),
  );
  const rows = figuresByCell(subjectAsk(judged, ask, device, 'all'), cells, MATRIX_CELLS);
  return rows.map((sums, cell) => ({
    weekday: WEEKDAYS[Math.floor(cell / HOURS_OF_DAY)] ?? 'mon',
    hour: cell % HOURS_OF_DAY,
    sums,
  }));
}

function subjectAsk(
  judged: Judged,
  ask: PeriodAsk,
  device: string | null,
  time: 'all' | 'bad',
): FiguresAsk {
  const hours = hoursOf(judged, ask);
  if (device === null) return siteAsk(judged, hours, time);
  const own = judged.intervals.filter((one) => one.device === device);
  return deviceAsk(judged, hours, device, own);
}
