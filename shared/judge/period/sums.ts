import { workingSpans } from '../../calendar/working.ts';
import { lateReason } from '../closed.ts';
import { daySums, decodeSums } from '../day/sums.ts';
import type { DaySums } from '../day/types.ts';
import { type Cell, type FiguresAsk, outagesByCell } from '../figures/device.ts';
import { addAll, type FigureSums } from '../figures/sums.ts';
import type { FinalInterval } from '../final.ts';
import { type Span, subtract } from '../spans.ts';
import { RULES_VERSION } from '../types.ts';
import type { DayRow, Judged } from './judged.ts';
import { siteAsk, workplaceOutages } from './site.ts';

export interface PeriodAsk {
  /** The period [from_ms, to_ms), whole UTC minutes. */
  readonly from_ms: number;
  readonly to_ms: number;
  readonly hours: 'working' | 'all';
  /** Profile of the calendar; null: its own week. Read with working hours only. */
  readonly profile: string | null;
}

/** Sums of a period, outages included. */
export interface PeriodSums {
  readonly devices: ReadonlyMap<string, FigureSums>;
  readonly site: FigureSums;
  readonly workplaces: FigureSums;
}

const EVERYWHERE: readonly Cell[] = [{ from_ms: -Infinity, to_ms: Infinity, row: 0 }];

/**
 * Figures of a period: complete days from their rows, the rest from the intervals, outages from
 * the whole down intervals, so that one over midnight is one. Equal to what the intervals alone
 * give, to the ms. Throws LanProofError CALENDAR_PROFILE.
 */
export function periodSums(
  judged: Judged,
  ask: PeriodAsk,
  read: readonly TimePart[] = timeOf(judged, ask),
): PeriodSums {
  const parts = read.map(({ sums }) => sums);
  const hours = hoursOf(judged, ask);
  const codes = new Set(parts.flatMap((part) => Object.keys(part.devices)));
  for (const { device } of judged.windows) codes.add(device);
  const down = Map.groupBy(
    judged.intervals.filter(({ state }) => state === 'down'),
    ({ device }) => device,
  );
  const devices = [...codes].sort().map((code): [string, FigureSums] => {
    const intervals = down.get(code) ?? [];
    const time = parts.flatMap((part) => part.devices[code] ?? []);
    const outages =
      intervals.length === 0
        ? []
        : outagesByCell(deviceAsk(judged, hours, code, intervals), EVERYWHERE, 1);
    return [code, addAll([...time.map(withoutOutages), ...outages])];
  });
  const site = parts.map((part) => withoutOutages(part.site));
  const workplaces = parts.map((part) => withoutOutages(part.workplaces));
  return {
    devices: new Map(devices),
    site: addAll([...site, ...outagesByCell(siteAsk(judged, hours, 'bad'), EVERYWHERE, 1)]),
    workplaces: addAll([...workplaces, workplaceOutages(judged, hours)]),
  };
}

/** Time of one stretch; outages are not to be read from it. */
export interface TimePart extends Span {
  readonly sums: DaySums;
}

/** Disjoint parts that make the period: days from their rows, the rest from the intervals. */
export function timeOf(judged: Judged, ask: PeriodAsk): TimePart[] {
  const parts = usableDays(judged, ask).map((day): TimePart => {
    const { day_ms, end_ms, sums_working, sums_all } = day;
    const sums = decodeSums(ask.hours === 'working' ? sums_working : sums_all);
    return { from_ms: day_ms, to_ms: end_ms, sums };
  });
  const to_ms = Math.min(ask.to_ms, judged.as_of.to_ms);
  const period = ask.from_ms < to_ms ? [{ from_ms: ask.from_ms, to_ms }] : [];
  for (const span of subtract(period, [...parts])) {
    parts.push({ ...span, sums: rawTime(judged, ask, span) });
  }
  return parts;
}

/** Days of these rules that lie wholly inside; those of a profile are not kept. */
function usableDays({ days }: Judged, ask: PeriodAsk): DayRow[] {
  if (ask.hours === 'working' && ask.profile !== null) return [];
  return days.filter(
    ({ rules, day_ms, end_ms }) =>
      rules === RULES_VERSION && day_ms >= ask.from_ms && end_ms <= ask.to_ms,
  );
}

function rawTime(judged: Judged, ask: PeriodAsk, span: Span): DaySums {
  const { documents, windows, as_of } = judged;
  const known_to_ms = new Map([...judged.closed].map(([agent, { ms }]) => [agent, ms]));
  const intervals = judged.intervals.filter(
    ({ from_ms, to_ms }) => from_ms < span.to_ms && (to_ms ?? Infinity) > span.from_ms,
  );
  return daySums({
    ...{ documents, windows, known_to_ms, as_of_to_ms: as_of.to_ms },
    ...{ from_ms: span.from_ms, to_ms: span.to_ms },
    judged: { ...span, intervals, incidents: judged.incidents, findings: [] },
    hours: countedIn(judged, ask, span),
  });
}

/** What counts: in the period, and everywhere (to find where an outage's time begins). */
export type Hours = Pick<FiguresAsk, 'hours' | 'calendar'>;

export function hoursOf(judged: Judged, ask: PeriodAsk): Hours {
  const hours = countedIn(judged, ask, ask);
  if (ask.hours === 'all') return { hours };
  const bad = judged.intervals.filter(({ state }) => state === 'down' || state === 'unreachable');
  const first_ms = bad.reduce((least, { from_ms }) => Math.min(least, from_ms), ask.from_ms);
  const to_ms = Math.max(ask.to_ms, judged.as_of.to_ms);
  return { hours, calendar: countedIn(judged, ask, { from_ms: first_ms, to_ms }) };
}

function countedIn(
  { documents }: Pick<Judged, 'documents'>,
  { hours, profile }: Pick<PeriodAsk, 'hours' | 'profile'>,
  { from_ms, to_ms }: Span,
): Span[] {
  if (from_ms >= to_ms) return [];
  if (hours === 'all') return [{ from_ms, to_ms }];
  return workingSpans(documents.calendar, profile, from_ms, to_ms);
}

/** The question about one device, from some or all of its intervals. */
export function deviceAsk(
  { windows, closed, as_of }: Pick<Judged, 'windows' | 'closed' | 'as_of'>,
  hours: Hours,
  device: string,
  intervals: readonly FinalInterval[],
): FiguresAsk {
  const own = windows.filter((window) => window.device === device);
  const owner = own.at(-1)?.agent ?? '';
  return {
    ...hours,
    intervals,
    windows: own,
    as_of_to_ms: as_of.to_ms,
    known_to_ms: closed.get(owner)?.ms ?? null,
    late_reason: lateReason(closed, owner),
  };
}

/** Outages are counted once, over the whole period, not by its parts. */
export function withoutOutages(sums: FigureSums): FigureSums {
  return { ...sums, outages: 0, outages_ms: 0, ended: 0, ended_ms: 0, longest_ms: null };
}
