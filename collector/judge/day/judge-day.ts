import type { Closed } from '../../../shared/judge/closed.ts';
import { type LocalDayBounds, MARGIN_MS } from '../../../shared/judge/day/grid.ts';
import { settleWindow } from '../../../shared/judge/day/join.ts';
import { cutWindow, judgeWindow } from '../../../shared/judge/day/judge-window.ts';
import { settledSums } from '../../../shared/judge/day/settled-sums.ts';
import { encodeSums } from '../../../shared/judge/day/sums.ts';
import type { JudgedWindow, SiteDocuments } from '../../../shared/judge/day/types.ts';
import type { DeviceWindow } from '../../../shared/judge/lists.ts';
import { RULES_VERSION } from '../../../shared/judge/types.ts';
import type { DayStoreRow } from '../../store/rows-judgement.ts';
import type { WriteUnit } from '../../store/store.ts';
import type { SiteJudge } from '../site-judge.ts';
import { readWindow } from './material.ts';
import { packDay, unpackCarry, unpackDay } from './row.ts';

/** What is read once for all days of a turn. */
export interface Known {
  readonly documents: SiteDocuments;
  /** Own windows, of all time. */
  readonly windows: readonly DeviceWindow[];
  readonly closed: Closed;
}

export interface DayContext extends Known {
  readonly judge: SiteJudge;
  readonly sha256: (text: string) => string;
}

/** Judges one complete day, stores it, and takes the sums of the days before it again. */
export async function judgeDay(
  unit: WriteUnit,
  context: DayContext,
  day: LocalDayBounds,
  newest: DayStoreRow | null,
): Promise<void> {
  const { judge } = context;
  const bounds = { from_ms: day.from_ms, to_ms: day.end_ms + MARGIN_MS };
  // An archived day of other rules ends there: what it carried on is read by its rules only.
  const before = newest?.rules === RULES_VERSION ? newest : null;
  const carry = before === null ? null : unpackCarry(before);
  const ask = await readWindow({ ...context, store: unit }, bounds, carry);
  const { kept, carry: next } = cutWindow(ask, day.end_ms, judgeWindow(ask));
  await unit.putDay({
    ...{ site: judge.site, ...judge.position, day_ms: day.day_ms, end_ms: day.end_ms },
    ...{ rules: RULES_VERSION, later_word: false },
    ...sumsOf(context, kept),
    ...packDay(kept, next),
  });
  for (const row of await settleBack(unit, context, before, kept)) await unit.putDay(row);
}

/**
 * Days before `later` whose sums it changes: an outage over a midnight is settled only there. The
 * rows keep what was judged of them; only their sums carry the later word.
 */
export async function settleBack(
  unit: Pick<WriteUnit, 'days'>,
  context: Known & { readonly judge: SiteJudge },
  newest: DayStoreRow | null,
  later: JudgedWindow,
): Promise<DayStoreRow[]> {
  const out: DayStoreRow[] = [];
  let word = later;
  for (let row = newest; row !== null; ) {
    const own = unpackDay(row);
    const settled = settleWindow(own, word);
    const later_word = settled !== own;
    if (!later_word && !row.later_word) break;
    out.push({ ...row, later_word, ...sumsOf(context, settled) });
    word = settled;
    const [before] = await unit.days(row.site, row.day_ms - 1, row.day_ms);
    row = before ?? null;
  }
  return out;
}

function sumsOf(
  known: Known,
  judged: JudgedWindow,
): Pick<DayStoreRow, 'sums_all' | 'sums_working'> {
  const { all, working } = settledSums(known, judged);
  return { sums_all: encodeSums(all), sums_working: encodeSums(working) };
}
