import { joinWindows } from '../../../shared/judge/day/join.ts';
import type { JudgedWindow } from '../../../shared/judge/day/types.ts';
import type { FinalInterval } from '../../../shared/judge/final.ts';
import type { AsOf, DayRow, Judged } from '../../../shared/judge/period/judged.ts';
import type { DayStoreRow } from '../../store/rows-judgement.ts';
import type { Store } from '../../store/store.ts';
import type { SiteJudge } from '../site-judge.ts';
import type { Days } from './days.ts';
import type { LaterWords } from './later.ts';
import { reachBack, reachOn } from './reach.ts';
import { unpackDay } from './row.ts';
import { saidOfPeriod } from './said.ts';

interface PeriodSource {
  readonly store: Store;
  readonly days: Days;
  readonly later: LaterWords;
  readonly judge: SiteJudge;
}

/** What stands of a period. All complete days must be judged: Days.ensure said `done`. */
export async function readPeriod(
  { store, days, later, judge }: PeriodSource,
  period: { readonly from_ms: number; readonly to_ms: number },
  as_of: AsOf,
): Promise<Judged> {
  const { from_ms } = period;
  const end_ms = Math.min(period.to_ms, as_of.to_ms);
  const known = await days.know(judge);
  const newest = await store.newestDayMark(judge.site);
  const rows = await store.days(judge.site, from_ms, end_ms);
  const parts = rows.map(unpackDay);
  const tail = () => days.tail(judge, as_of.to_ms);
  const newest_end_ms = newest?.end_ms ?? null;
  const reach = { store, site: judge.site, newest_end_ms, from_ms, end_ms };
  await reachOn(reach, parts, tail);
  await reachBack(reach, parts);
  const inside = rows.filter((row) => row.day_ms >= from_ms && row.end_ms <= period.to_ms);
  const settled = inside.length === 0 ? [] : await later.of(judge, as_of.to_ms);
  const newer = new Map(settled.map((row) => [row.day_ms, row]));
  const whole = joined(parts);
  const touches = (begin_ms: number, over_ms: number | null): boolean =>
    begin_ms < end_ms && (over_ms ?? Number.POSITIVE_INFINITY) > from_ms;
  const { documents } = known;
  const incidents = whole.incidents.filter((one) => touches(one.started_at_ms, one.ended_at_ms));
  const { site } = judge;
  return {
    days: inside.map((row) => toDayRow(newer.get(row.day_ms) ?? row)),
    intervals: whole.intervals.filter((one) => touches(one.from_ms, one.to_ms)),
    incidents,
    findings: whole.findings.filter((one) => touches(one.from_ms, one.to_ms)),
    ...(await saidOfPeriod({ store, site, documents, joined: whole, incidents, tail })),
    windows: known.windows,
    closed: known.closed,
    documents,
    as_of,
  };
}

function joined(parts: readonly JudgedWindow[]): JudgedWindow {
  if (parts.length === 0) {
    return { from_ms: 0, to_ms: 0, intervals: [], incidents: [], findings: [] };
  }
  return joinWindows(parts);
}

function toDayRow(row: DayStoreRow): DayRow {
  const { site, day_ms, end_ms, rules, sums_all, sums_working } = row;
  return { site, day_ms, end_ms, rules, sums_all, sums_working };
}

/** Intervals clipped to [from_ms, end_ms). */
export function clipIntervals(
  intervals: readonly FinalInterval[],
  from_ms: number,
  end_ms: number,
): FinalInterval[] {
  return intervals.flatMap((one) => {
    const start_ms = Math.max(one.from_ms, from_ms);
    const over_ms = Math.min(one.to_ms ?? end_ms, end_ms);
    return start_ms < over_ms ? [{ ...one, from_ms: start_ms, to_ms: over_ms }] : [];
  });
}
