import { encodeSums } from '../../shared/judge/day/sums.ts';
import { type DayTotals, decodeTotals } from '../../shared/judge/day/sums-total.ts';
import { addAll, type FigureSums } from '../../shared/judge/figures/sums.ts';
import { leftOutOf } from '../../shared/judge/period/devices.ts';
import type { AsOf } from '../../shared/judge/period/judged.ts';
import { type FigureRow, figureRow } from '../../shared/judge/period/row.ts';
import { type PeriodAsk, timeOf } from '../../shared/judge/period/sums.ts';
import type { Totals } from '../../shared/judge/period/table.ts';
import { type Span, subtract } from '../../shared/judge/spans.ts';
import { RULES_VERSION } from '../../shared/judge/types.ts';
import type { JudgeReader } from '../judge/read-types.ts';
import type { PaperRef } from './figures.ts';

/** Of many sites: outages are counted site by site, from intervals. */
export type OverviewRow = Omit<
  FigureRow,
  'outages' | 'outages_ms' | 'longest_ms' | 'mttr_ms' | 'mtbf_ms' | 'smallest_detectable_ms'
>;

export interface OverviewAsk extends Pick<PeriodAsk, 'from_ms' | 'to_ms' | 'hours'> {
  /** No computer is in a sum. */
  readonly hide_computers: boolean;
}

export interface OverviewItem {
  readonly site: string;
  readonly totals: Totals<OverviewRow>;
  /** Papers that the figures hang on; null: built in. */
  readonly calendar: PaperRef | null;
  readonly settings: PaperRef | null;
  readonly as_of: AsOf;
}

export interface Overview {
  readonly items: readonly OverviewItem[];
  readonly total: Totals<OverviewRow>;
}

type Parts = Totals<FigureSums[]>;

/**
 * Availability of many sites: complete days from their rows, and only what is no complete day (the
 * day that goes on, a period that begins inside a day) from the sites' intervals.
 */
export async function overviewFigures(
  judge: Pick<JudgeReader, 'judged' | 'dayRows'>,
  sites: readonly string[],
  ask: OverviewAsk,
): Promise<Overview> {
  const { from_ms, to_ms, hours } = ask;
  const found = await judge.dayRows(sites, from_ms, to_ms, hours);
  const rows = Map.groupBy(found.rows, ({ site }) => site);
  const all: Parts = { site: [], workplaces: [], devices: [] };
  const items: OverviewItem[] = [];
  for (const site of sites) {
    const known = found.sites.get(site);
    if (known === undefined) continue;
    const left_out = leftOutOf(known.documents, ask, ask.hide_computers);
    const days = (rows.get(site) ?? []).filter(({ rules }) => rules === RULES_VERSION);
    const parts = days.map(({ sums }) => decodeTotals(sums, left_out));
    const end_ms = Math.min(to_ms, known.as_of.to_ms);
    const whole = days.map(({ day_ms, end_ms: day_end_ms }) => ({
      from_ms: day_ms,
      to_ms: day_end_ms,
    }));
    for (const span of subtract(from_ms < end_ms ? [{ from_ms, to_ms: end_ms }] : [], whole)) {
      parts.push(...(await restOf(judge, site, span, ask)));
    }
    const sums = sumsOf(parts);
    all.site.push(sums.site);
    all.workplaces.push(sums.workplaces);
    all.devices.push(sums.devices);
    const { calendar_ref: calendar, settings_ref: settings } = known.documents;
    items.push({ site, totals: rowsOf(sums), calendar, settings, as_of: known.as_of });
  }
  const total = {
    site: addAll(all.site),
    workplaces: addAll(all.workplaces),
    devices: addAll(all.devices),
  };
  return { items, total: rowsOf(total) };
}

async function restOf(
  judge: Pick<JudgeReader, 'judged'>,
  site: string,
  span: Span,
  ask: OverviewAsk,
): Promise<DayTotals[]> {
  const judged = await judge.judged(site, span.from_ms, span.to_ms);
  const parts = timeOf(judged, { ...span, hours: ask.hours, profile: null });
  // What a device is, the inventories of the whole period say, here as in the rows of days.
  const left_out = leftOutOf(judged.documents, ask, ask.hide_computers);
  return parts.map(({ sums }) => decodeTotals(encodeSums(sums), left_out));
}

function sumsOf(parts: readonly DayTotals[]): Totals<FigureSums> {
  return {
    site: addAll(parts.map(({ site }) => site)),
    workplaces: addAll(parts.map(({ workplaces }) => workplaces)),
    devices: addAll(parts.map(({ devices }) => devices)),
  };
}

function rowsOf(sums: Totals<FigureSums>): Totals<OverviewRow> {
  return {
    site: overviewRow(sums.site),
    workplaces: overviewRow(sums.workplaces),
    devices: overviewRow(sums.devices),
  };
}

function overviewRow(sums: FigureSums): OverviewRow {
  const row = figureRow(sums, null);
  const { outages, outages_ms, longest_ms, mttr_ms, mtbf_ms, ...rest } = row;
  const { smallest_detectable_ms, ...told } = rest;
  return told;
}
