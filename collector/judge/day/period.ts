import { joinWindows } from '../../../shared/judge/day/join.ts';
import type { JudgedWindow } from '../../../shared/judge/day/types.ts';
import type { FinalInterval } from '../../../shared/judge/final.ts';
import type { State } from '../../../shared/judge/types.ts';
import type { DayMark, DayStoreRow } from '../../store/rows-judgement.ts';
import type { Store } from '../../store/store.ts';
import type { AsOf, DayRow, Judged } from '../read-types.ts';
import type { SiteJudge } from '../site-judge.ts';
import type { Days } from './days.ts';
import type { LaterWords } from './later.ts';
import { unpackDay } from './row.ts';

/** Time that is told whole, so that an outage over midnight is one. */
const WHOLE: ReadonlySet<State> = new Set<State>(['down', 'unreachable', 'degraded']);

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
  // One window more than asked for: what happened at the end is settled only there.
  for (let goesOn = true; goesOn; ) {
    const at_ms = parts.at(-1)?.to_ms ?? Number.NEGATIVE_INFINITY;
    const [row] =
      newest === null || parts.length === 0 || at_ms >= newest.end_ms
        ? []
        : await store.days(judge.site, at_ms, at_ms + 1);
    if (row === undefined) {
      if (parts.length === 0 && newest !== null && end_ms <= newest.end_ms) break;
      const tail = await days.tail(judge, as_of.to_ms);
      if (tail !== null) parts.push(tail);
      break;
    }
    const next = unpackDay(row);
    parts.push(next);
    goesOn = next.intervals.some((one) => one.to_ms === next.to_ms && WHOLE.has(one.state));
  }
  await reachBack(store, judge.site, parts, newest);
  const inside = rows.filter((row) => row.day_ms >= from_ms && row.end_ms <= period.to_ms);
  const settled = inside.length === 0 ? [] : await later.of(judge, as_of.to_ms);
  const newer = new Map(settled.map((row) => [row.day_ms, row]));
  const { intervals, incidents, findings } = joined(parts);
  const touches = (begin_ms: number, over_ms: number | null): boolean =>
    begin_ms < end_ms && (over_ms ?? Number.POSITIVE_INFINITY) > from_ms;
  return {
    days: inside.map((row) => toDayRow(newer.get(row.day_ms) ?? row)),
    intervals: intervals.filter((one) => touches(one.from_ms, one.to_ms)),
    incidents: incidents.filter((one) => touches(one.started_at_ms, one.ended_at_ms)),
    findings: findings.filter((one) => touches(one.from_ms, one.to_ms)),
    windows: known.windows,
    closed: known.closed,
    documents: known.documents,
    as_of,
  };
}

/** Puts earlier days before `parts` while something bad at their begin goes back into them. */
async function reachBack(
  store: Store,
  site: string,
  parts: JudgedWindow[],
  newest: DayMark | null,
): Promise<void> {
  for (;;) {
    const [first] = parts;
    if (first === undefined || newest === null || first.from_ms > newest.end_ms) return;
    if (!first.intervals.some((one) => one.from_ms === first.from_ms && WHOLE.has(one.state))) {
      return;
    }
    const [before] = await store.days(site, first.from_ms - 1, first.from_ms);
    if (before === undefined) return;
    parts.unshift(unpackDay(before));
  }
}

function joined(parts: readonly JudgedWindow[]): Omit<JudgedWindow, 'from_ms' | 'to_ms'> {
  if (parts.length === 0) return { intervals: [], incidents: [], findings: [] };
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
