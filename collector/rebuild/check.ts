import { localDayFrom } from '../../shared/judge/day/grid.ts';
import { SERIES_VERSION } from '../../shared/judge/series/types.ts';
import { createDays } from '../judge/day/days.ts';
import { judgeDay } from '../judge/day/judge-day.ts';
import { type SiteJudge, START } from '../judge/site-judge.ts';
import { createSeriesKeeper } from '../series/keeper.ts';
import type { Position } from '../store/rows.ts';
import type { ReadUnit, Store } from '../store/store.ts';
import { behindSilence, comparableFrom, rowsSince, seedArchived } from './archived.ts';
import { type ComparedRow, compareRows, type Difference } from './compare.ts';
import {
  ALL_TIME,
  chunkRows,
  dayRow,
  isOfTheseRules,
  seriesKeptRows,
  seriesRows,
  sparseRows,
} from './compared-rows.ts';
import { createFolding, type FoldOptions } from './fold.ts';
import { overlayStore } from './overlay.ts';
import { type Watermark, watermarkOf } from './watermark.ts';

/** Differences of one site that are told; the others are counted. */
export const TOLD_MAX = 20;
/** Hours and days are compared in parts: a year of a site would take too much memory, ms. */
const PART_MS = 31 * 86_400_000;

export interface CheckOptions extends Omit<FoldOptions, 'store'> {
  /** One committed state of the real store; it is only read. */
  readonly kept: ReadUnit;
  /** An empty store for judgement; empty again afterwards. */
  readonly scratch: Store;
  readonly sha256: (text: string) => string;
  /** Also makes and compares the history of charts, which takes several times as long. */
  readonly history: boolean;
}

export interface SiteCheck {
  /** Rows that are in both, or should be, by table. */
  readonly compared: Readonly<Record<string, number>>;
  readonly differences: number;
  /** The first TOLD_MAX of them. */
  readonly told: readonly Difference[];
  /** What had nothing to compare with. */
  readonly without: {
    /** Leaves that no kept row tells of yet, and why all of them where nothing was compared. */
    readonly leaves: number;
    readonly why: Watermark['why'];
    /** Kept days of another version, and histories where asked for: made again before a reading. */
    readonly days: number;
  };
}

/**
 * Judges a site again from the ledger, as far as its kept judgement reaches, and compares. Rows
 * of slots and states must be equal in every cell, days in what they say, history in every byte.
 */
export async function checkSite(options: CheckOptions, site: string): Promise<SiteCheck> {
  const { kept, scratch } = options;
  const mark = await watermarkOf(kept, site);
  const tally = newTally(await comparableFrom(kept));
  let days = 0;
  try {
    if (mark.to !== null) {
      const site_store = { until: START as Position };
      const store = overlayStore(kept, scratch, () => site_store.until);
      const judge = await foldTo({ ...options, store }, site, mark, mark.to, site_store, tally);
      tally.from_ms = await behindSilence(scratch, site, tally.from_ms);
      add(tally, await sparseRows(kept, site), await sparseRows(scratch, site));
      await compareChunks(options, site, tally);
      days += await compareDays({ ...options, store }, site, judge, tally);
      if (options.history) days += await compareSeries({ ...options, store }, site, tally);
    }
  } finally {
    await scratch.write((tx) => tx.dropJudgement(site));
  }
  const { compared, differences, told } = tally;
  const without = { leaves: mark.leaves_behind, why: mark.why, days };
  return { compared, differences, told, without };
}

interface Tally {
  /** What is told of the time before is archived: it cannot be computed again. */
  from_ms: number;
  readonly compared: Record<string, number>;
  differences: number;
  readonly told: Difference[];
}

interface OverlayOptions extends CheckOptions {
  /** The ledger of `kept`, the judgement of `scratch`. */
  readonly store: Store;
}

function newTally(from_ms: number): Tally {
  return { from_ms, compared: {}, differences: 0, told: [] };
}

function add(tally: Tally, all: readonly ComparedRow[], made: readonly ComparedRow[]): void {
  const [kept, again] = [rowsSince(all, tally.from_ms), rowsSince(made, tally.from_ms)];
  const count = (table: string): void => {
    tally.compared[table] = (tally.compared[table] ?? 0) + 1;
  };
  for (const { table } of kept) count(table);
  for (const difference of compareRows(kept, again)) {
    if (difference.kept === null && difference.where === null) count(difference.table);
    tally.differences += 1;
    if (tally.told.length < TOLD_MAX) tally.told.push(difference);
  }
}

/** Folds to where the state was stored, compares it, and goes on to where the rows stand. */
async function foldTo(
  options: OverlayOptions,
  site: string,
  { state }: Watermark,
  to: Position,
  ledger: { until: Position },
  tally: Tally,
): Promise<SiteJudge> {
  const folding = createFolding(options);
  if (state !== null) {
    ledger.until = { log: state.log, leaf: state.leaf };
    const judge = await folding.toEnd(site);
    const again: unknown = JSON.parse(JSON.stringify(judge.state));
    const place = { table: 'judge_state', who: '', at_ms: null };
    // It may still hold what only archived time can tell.
    const whole = tally.from_ms === Number.NEGATIVE_INFINITY;
    if (whole)
      add(
        tally,
        [{ ...place, cells: { state: JSON.parse(state.state) as unknown } }],
        [{ ...place, cells: { state: again } }],
      );
  }
  ledger.until = to;
  return await folding.toEnd(site);
}

async function compareChunks(options: CheckOptions, site: string, tally: Tally): Promise<void> {
  const { kept, scratch, signal } = options;
  const edges: number[] = [];
  for (const { agent } of await kept.agents(site)) {
    for (const store of [kept, scratch]) {
      const hours = await store.chunkHours(site, agent);
      if (hours !== null) edges.push(hours.first_ms, hours.last_ms);
    }
  }
  const last_ms = Math.max(...edges);
  for (let from_ms = Math.min(...edges); from_ms <= last_ms; from_ms += PART_MS) {
    signal.throwIfAborted();
    const part = [site, from_ms, from_ms + PART_MS] as const;
    add(tally, await chunkRows(kept, ...part), await chunkRows(scratch, ...part));
  }
}

/** Returns how many kept days are of other rules. */
async function compareDays(
  options: OverlayOptions,
  site: string,
  judge: SiteJudge,
  tally: Tally,
): Promise<number> {
  const { kept, scratch, signal } = options;
  const newest = await kept.newestDay(site);
  if (newest === null) return 0;
  if (!isOfTheseRules(newest))
    return (await kept.days(site, ALL_TIME.from_ms, ALL_TIME.to_ms)).length;
  await seedArchived(kept, scratch, site);
  const first_ms = await judgeDays(options, judge, newest.end_ms);
  const from = Math.min(first_ms, (await kept.days(site, 0, first_ms))[0]?.day_ms ?? first_ms);
  let other = 0;
  for (let from_ms = from; from_ms < newest.end_ms; from_ms += PART_MS) {
    signal.throwIfAborted();
    const part = async (store: ReadUnit) =>
      (await store.days(site, from_ms, from_ms + PART_MS)).filter((row) => row.day_ms >= from_ms);
    const rows = await part(kept);
    const mine = rows.filter(isOfTheseRules);
    other += rows.length - mine.length;
    add(tally, mine.map(dayRow), (await part(scratch)).map(dayRow));
  }
  return other;
}

/** Judges day after day up to `end_ms`; returns the begin of the first one. */
async function judgeDays(
  { store, sha256, signal, now_ms, onRound }: OverlayOptions,
  judge: SiteJudge,
  end_ms: number,
): Promise<number> {
  const days = createDays({ store, now_ms, sha256 });
  const known = await days.know(judge);
  if (known.windows.length === 0) return end_ms;
  const begin_ms = Math.min(...known.windows.map(({ from_ms }) => from_ms));
  for (;;) {
    signal.throwIfAborted();
    const newest = await store.newestDay(judge.site);
    const from_ms = newest?.end_ms ?? begin_ms;
    if (from_ms >= end_ms) return localDayFrom(known.documents.calendar, begin_ms).day_ms;
    const day = localDayFrom(known.documents.calendar, from_ms);
    onRound(judge.site, null);
    await store.write((unit) => judgeDay(unit, { ...known, judge, sha256 }, day, newest));
  }
}

/** Makes the history that is kept once more; returns how many kept days are of another version. */
async function compareSeries(options: OverlayOptions, site: string, tally: Tally): Promise<number> {
  const { kept, scratch, store, signal } = options;
  const keeper = createSeriesKeeper(store);
  const pause = async (): Promise<void> => signal.throwIfAborted();
  for (const { agent } of await kept.agents(site)) {
    const last = await kept.newestSeriesDay(site, agent, SERIES_VERSION);
    if (last === null) continue;
    for (let made = true; made; ) {
      const newest = await scratch.newestSeriesDay(site, agent, SERIES_VERSION);
      if (newest !== null && newest.day_ms >= last.day_ms) break;
      options.onRound(site, null);
      made = await keeper.keepNext(site, agent, pause);
    }
  }
  const rows = await seriesKeptRows(kept, site);
  add(tally, rows, await seriesKeptRows(scratch, site));
  const windows = [...(await kept.windows(site)), ...(await scratch.windows(site))];
  for (const device of new Set(windows.map((window) => window.device))) {
    signal.throwIfAborted();
    add(tally, await seriesRows(kept, site, device), await seriesRows(scratch, site, device));
  }
  const all = await kept.seriesKept(site, ALL_TIME.from_ms, ALL_TIME.to_ms);
  return all.length - rows.length;
}
