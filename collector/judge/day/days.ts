import { closedOf } from '../../../shared/judge/closed.ts';
import {
  isComplete,
  isOwed,
  type LocalDayBounds,
  localDayFrom,
  MARGIN_MS,
} from '../../../shared/judge/day/grid.ts';
import { judgeWindow } from '../../../shared/judge/day/judge-window.ts';
import type { JudgedWindow, SiteDocuments } from '../../../shared/judge/day/types.ts';
import type { DeviceWindow } from '../../../shared/judge/lists.ts';
import { ownWindows } from '../../../shared/judge/owners.ts';
import { ordinal } from '../../../shared/judge/replay/inputs.ts';
import { RULES_VERSION } from '../../../shared/judge/types.ts';
import type { DayMark, DayStoreRow } from '../../store/rows-judgement.ts';
import type { ReadUnit, Store, WriteUnit } from '../../store/store.ts';
import type { SiteJudge } from '../site-judge.ts';
import { readDocuments } from './documents.ts';
import { judgeDay, type Known } from './judge-day.ts';
import { readWindow } from './material.ts';
import { createRecent } from './recent.ts';
import { unpackCarry } from './row.ts';

/** Days of one site that are judged in one unit of work: ingest and live changes wait for it. */
export const DAYS_PER_TURN_MAX = 2;
/** Sites whose newest judgement stays in memory: some 100 kB each. */
const TAILS_MAX = 200;
/** Sites whose papers stay in memory: some 30 kB each. */
const DOCUMENTS_MAX = 500;
/** Live states need no more of the past than this, where whole days are not judged yet. */
const LIVE_TAIL_MAX_MS = 50 * 3_600_000;

export interface DaysOptions {
  readonly store: Store;
  readonly now_ms: () => number;
  /** SHA-256 of a text as hex. */
  readonly sha256: (text: string) => string;
}

/** Whole local days of a site, judged and stored, and the time behind them. */
export interface Days {
  /**
   * Judges and stores the next complete days, at most DAYS_PER_TURN_MAX. `more`: ask again, after
   * the site's judge has caught up. `patient`: a day that an agent is just delivering waits.
   */
  ensure(judge: SiteJudge, patient?: ReadonlySet<string>): Promise<'done' | 'more'>;
  /** The time from the newest judged day to `to_ms`; null: nothing was expected in it. */
  tail(judge: SiteJudge, to_ms: number): Promise<JudgedWindow | null>;
  /** The same for live states, which must not wait for days that are not judged yet. */
  liveTail(judge: SiteJudge, to_ms: number): Promise<JudgedWindow | null>;
  know(judge: SiteJudge): Promise<Known>;
  /** The papers alone: overviews of a province ask for no windows. */
  documents(judge: SiteJudge): Promise<SiteDocuments>;
  /** Whether a maintenance document stands in the ledger. */
  isMaintained(site: string): Promise<boolean>;
  /** A paper of the site was folded. */
  forget(judge: SiteJudge): void;
  /** Earliest moment at which another day can be complete; null: it was not looked at yet. */
  due_ms(judge: SiteJudge): number | null;
}

interface Tail {
  readonly at: number;
  readonly to_ms: number;
  readonly judged: JudgedWindow | null;
}

interface Next<Row> {
  readonly day: LocalDayBounds;
  readonly newest: Row | null;
}

/** Until `due_ms` no other day can be complete, while the newest one ends at `end_ms`. */
interface Looked {
  readonly due_ms: number;
  readonly end_ms: number | null;
}

export function createDays(options: DaysOptions): Days {
  const { store, now_ms, sha256 } = options;
  const papers = createRecent<SiteJudge, SiteDocuments>(DOCUMENTS_MAX);
  const tails = createRecent<SiteJudge, Tail>(TAILS_MAX);
  const looked = new WeakMap<SiteJudge, Looked>();

  const papersOf = async (unit: ReadUnit, judge: SiteJudge): Promise<SiteDocuments> => {
    const documents = papers.get(judge) ?? (await readDocuments(unit, judge.site, judge.position));
    papers.set(judge, documents);
    return documents;
  };
  const know = async (unit: ReadUnit, judge: SiteJudge): Promise<Known> => {
    const windows = await readOwnWindows(unit, judge.site);
    return { documents: await papersOf(unit, judge), windows, closed: closedOf(judge.state) };
  };
  const judgeTail = async (judge: SiteJudge, to_ms: number, reach_ms: number) => {
    const known = await know(store, judge);
    const row = await store.newestDay(judge.site);
    const newest = current(row, await archivedIf(store, row));
    const from_ms = newest?.end_ms ?? firstMoment(known.windows);
    if (from_ms === null || from_ms >= to_ms) return null;
    const source = { ...known, store, judge, sha256 };
    if (from_ms >= to_ms - reach_ms) {
      const carry = newest?.rules === RULES_VERSION ? unpackCarry(newest) : null;
      return judgeWindow(await readWindow(source, { from_ms, to_ms }, carry));
    }
    const { day_ms } = localDayFrom(known.documents.calendar, to_ms - reach_ms);
    const near = { from_ms: Math.max(day_ms, from_ms), to_ms };
    return judgeWindow(await readWindow(source, near, null));
  };

  return {
    know: (judge) => know(store, judge),
    documents: (judge) => papersOf(store, judge),
    isMaintained: (site) => hasMaintenance(store, site),
    due_ms: (judge) => looked.get(judge)?.due_ms ?? null,

    async ensure(judge, patient) {
      const row = await store.newestDayMark(judge.site);
      const mark = current(row, await archivedIf(store, row));
      const end_ms = mark?.end_ms ?? null;
      const last = looked.get(judge);
      // Days may have been dropped since, also by another collector.
      if (end_ms !== null && last?.end_ms === end_ms && now_ms() < last.due_ms) return 'done';
      const due_ms = await leastDue(store, judge.site, end_ms);
      looked.set(judge, { due_ms, end_ms });
      if (now_ms() < due_ms) return 'done';
      const before = await know(store, judge);
      const found = nextOf(mark, before);
      if (found !== null) looked.set(judge, { due_ms: found.day.end_ms + MARGIN_MS, end_ms });
      if (!isDue(found, before, now_ms())) return 'done';
      const { windows, closed } = before;
      if (patient !== undefined && isOwed(found.day, windows, closed, patient)) return 'done';
      looked.delete(judge);
      tails.delete(judge);
      return await store.write(async (unit) => {
        // What another collector folded meanwhile may be a paper that this memory does not know.
        const newest = await unit.newestSiteLeaf(judge.site);
        if (newest === null || ordinal(newest) !== ordinal(judge.position)) return 'more';
        const context = { ...(await know(unit, judge)), judge, sha256 };
        for (let count = 0; count < DAYS_PER_TURN_MAX; count++) {
          const next = nextOf(await newestKept(unit, judge.site), context);
          if (!isDue(next, context, now_ms())) return 'done';
          await judgeDay(unit, context, next.day, next.newest);
        }
        return 'more';
      });
    },

    async tail(judge, to_ms) {
      const at = judge.said;
      const kept = tails.get(judge);
      if (kept?.at === at && kept.to_ms === to_ms) return kept.judged;
      const judged = await judgeTail(judge, to_ms, Number.POSITIVE_INFINITY);
      tails.set(judge, { at, to_ms, judged });
      return judged;
    },
    async liveTail(judge, to_ms) {
      const kept = tails.get(judge);
      if (kept?.at === judge.said && kept.to_ms === to_ms) return kept.judged;
      return await judgeTail(judge, to_ms, LIVE_TAIL_MAX_MS);
    },

    forget(judge) {
      papers.delete(judge);
      tails.delete(judge);
      looked.delete(judge);
    },
  };
}

/**
 * Before this the next day is not over, whatever the calendar says: a province that begins reads no
 * papers to find that out. 0 where nothing was ever expected.
 */
async function leastDue(unit: ReadUnit, site: string, end_ms: number | null): Promise<number> {
  const from_ms = end_ms ?? firstMoment(await readOwnWindows(unit, site));
  return from_ms === null ? 0 : from_ms + MARGIN_MS;
}

async function hasMaintenance(unit: ReadUnit, site: string): Promise<boolean> {
  return (await unit.documentsOf(site, ['maintenance'])).length > 0;
}

/** Days of other rules go: all of them are judged again. */
async function newestKept(unit: WriteUnit, site: string): Promise<DayStoreRow | null> {
  const row = await unit.newestDay(site);
  const archived_ms = await archivedIf(unit, row);
  if (row === null || current(row, archived_ms) !== null) return row;
  await unit.dropDays(site, 0);
  // Archived days stay, whatever rules judged them.
  return current(await unit.newestDay(site), archived_ms);
}

/** A day of other rules says nothing here, unless nobody can judge it again. */
function current<Row extends DayMark>(row: Row | null, archived_ms: number): Row | null {
  if (row === null) return null;
  return row.rules === RULES_VERSION || row.day_ms < archived_ms ? row : null;
}

/** Asked where it matters only: every site is asked for its newest day all the time. */
async function archivedIf(unit: ReadUnit, row: DayMark | null): Promise<number> {
  return row === null || row.rules === RULES_VERSION ? 0 : await unit.archivedBefore();
}

/** The day after the newest one that counts, or the first; null: nothing was ever expected. */
function nextOf<Row extends DayMark>(newest: Row | null, known: Known): Next<Row> | null {
  const from_ms = newest?.end_ms ?? firstMoment(known.windows);
  if (from_ms === null) return null;
  return { day: localDayFrom(known.documents.calendar, from_ms), newest };
}

function isDue<Row>(found: Next<Row> | null, known: Known, now_ms: number): found is Next<Row> {
  return found !== null && isComplete(found.day, known.windows, known.closed, now_ms);
}

async function readOwnWindows(unit: ReadUnit, site: string): Promise<DeviceWindow[]> {
  const byDevice = Map.groupBy(await unit.windows(site), ({ device }) => device);
  return [...byDevice.values()].flatMap((windows) =>
    ownWindows(
      windows.map(({ device, agent, from_ms, to_ms, interval_ms }) => {
        return { device, agent, from_ms, to_ms, interval_ms };
      }),
    ),
  );
}

function firstMoment(windows: readonly DeviceWindow[]): number | null {
  if (windows.length === 0) return null;
  return windows.reduce((min, { from_ms }) => Math.min(min, from_ms), Number.POSITIVE_INFINITY);
}
