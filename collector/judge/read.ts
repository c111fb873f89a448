import { LATE_MS } from '../../shared/judge/as-of.ts';
import { type Closed, closedOf, knownTo } from '../../shared/judge/closed.ts';
import { MINUTE_MS } from '../../shared/judge/lists.ts';
import { ownWindows } from '../../shared/judge/owners.ts';
import type { AsOf, Judged } from '../../shared/judge/period/judged.ts';
import type { Ledger } from '../ledger/types.ts';
import type { Store } from '../store/store.ts';
import { currentStates } from './current.ts';
import { findInDays } from './day/find-incident.ts';
import { createLaterWords } from './day/later.ts';
import { clipIntervals, readPeriod } from './day/period.ts';
import { readSlots } from './read-slots.ts';
import type { DaysKnown, DaysOfSites, JudgeReader } from './read-types.ts';
import type { Judge } from './runner.ts';
import type { SiteJudge } from './site-judge.ts';

interface ReaderOptions {
  readonly store: Store;
  readonly ledger: Pick<Ledger, 'checkpoint'>;
  readonly judge: Pick<Judge, 'withSite' | 'days' | 'nows'>;
  readonly now_ms: () => number;
}

/** Reads through the site's judge, which has folded every committed leaf when it answers. */
export function createJudgeReader(options: ReaderOptions): JudgeReader {
  const { store, judge, now_ms } = options;
  const asOfNow = createAsOf(options);
  const later = createLaterWords({ store, days: judge.days });

  /** The site's judge stands still while `read` runs: all that it reads is of one moment. */
  const atOnce = async <T>(
    site: string,
    read: (held: SiteJudge, closed: Closed, as_of: AsOf) => Promise<T>,
  ): Promise<T> =>
    await judge.withSite(site, (held) => {
      const closed = closedOf(held.state);
      return read(held, closed, asOfNow(held, closed));
    });

  const material: JudgeReader['material'] = async (site, from_ms, to_ms, device) => {
    checkMinutes(from_ms, to_ms);
    return atOnce(site, async (_, closed, as_of) => {
      const stored = await store.intervals(site, from_ms, Math.min(to_ms, as_of.to_ms), device);
      const windows = Map.groupBy(await store.windows(site, device), (window) => window.device);
      return { stored, windows: [...windows.values()].flatMap(ownWindows), closed, as_of };
    });
  };

  /** Lets others in between the turns that judge the days that are left over. */
  const whenJudged = async <T>(
    site: string,
    read: (held: SiteJudge, as_of: AsOf) => Promise<T>,
  ): Promise<T> => {
    for (;;) {
      const found = await atOnce(site, async (held, _, as_of) =>
        (await judge.days.ensure(held)) === 'more' ? null : { value: await read(held, as_of) },
      );
      if (found !== null) return found.value;
    }
  };

  const judged = async (site: string, from_ms: number, to_ms: number): Promise<Judged> => {
    checkMinutes(from_ms, to_ms);
    return whenJudged(site, (held, as_of) =>
      readPeriod({ store, days: judge.days, later, judge: held }, { from_ms, to_ms }, as_of),
    );
  };

  return {
    material,
    judged,
    incident: incidentReader({ store, judge }, whenJudged),

    async slots(site, device, from_ms, to_ms) {
      checkMinutes(from_ms, to_ms);
      return atOnce(site, async (held, closed, as_of) => {
        const period = { from_ms, to_ms: Math.min(to_ms, as_of.to_ms) };
        return { runs: await readSlots(store, held, closed, { device, ...period }), as_of };
      });
    },

    async intervals(site, from_ms, to_ms, device) {
      const { intervals, as_of } = await judged(site, from_ms, to_ms);
      const own = intervals.filter((one) => device === undefined || one.device === device);
      return { intervals: clipIntervals(own, from_ms, Math.min(to_ms, as_of.to_ms)), as_of };
    },

    async dayRows(sites, from_ms, to_ms, hours) {
      const known: [string, DaysKnown][] = [];
      const newer = new Map<string, string>();
      for (const site of sites) {
        const found = await whenJudged(site, async (held, as_of) => {
          const newest = await store.newestDayMark(site);
          const documents = await judge.days.documents(held);
          return { newest, documents, as_of, settled: await later.of(held, as_of.to_ms) };
        });
        const { newest, documents, as_of } = found;
        known.push([site, { to_ms: newest?.end_ms ?? null, documents, as_of }]);
        for (const row of found.settled) {
          newer.set(`${site}/${row.day_ms}`, hours === 'all' ? row.sums_all : row.sums_working);
        }
      }
      const stored = await store.daySums(sites, from_ms, to_ms, hours);
      const rows = stored.map((row) => {
        const sums = newer.get(`${row.site}/${row.day_ms}`);
        return sums === undefined ? row : { ...row, sums };
      });
      return { rows, sites: new Map(known) } satisfies DaysOfSites;
    },

    current: async (site) =>
      await judge.withSite(site, async (held) => {
        const plan = await judge.nows.plan(held);
        const now = await judge.nows.now(held);
        return currentStates(held, plan, now, { at_ms: now_ms(), late_ms: LATE_MS });
      }),

    incidentsNow: async (site) =>
      await judge.withSite(site, async (held) => {
        const incidents = (await judge.nows.now(held))?.incidents ?? [];
        if (incidents.length === 0) return { incidents, versions: [] };
        return { incidents, versions: (await judge.days.documents(held)).versions };
      }),
  };
}

function createAsOf({ ledger, now_ms }: Pick<ReaderOptions, 'ledger' | 'now_ms'>) {
  return ({ state, position }: SiteJudge, closed: Closed): AsOf => {
    const head = ledger.checkpoint();
    // Leaves that were folded belong to the prefix, also in the moment before it is signed.
    const folded = position.log === head.log ? position.leaf + 1 : 0;
    const at_ms = now_ms();
    const to_ms = knownTo(state, closed, at_ms);
    return { log: head.origin, size: Math.max(head.size, folded), to_ms, at_ms };
  };
}

type AtOnce = <T>(site: string, read: (held: SiteJudge, as_of: AsOf) => Promise<T>) => Promise<T>;

function incidentReader(
  { store, judge }: Pick<ReaderOptions, 'store' | 'judge'>,
  whenJudged: AtOnce,
): JudgeReader['incident'] {
  return async (site, id, from_ms, to_ms) => {
    const { end_ms, newest } = await whenJudged(site, async (held, as_of) => {
      const mark = await store.newestDayMark(site);
      const tail = await judge.days.tail(held, as_of.to_ms);
      return { end_ms: mark?.end_ms ?? null, newest: tail?.incidents ?? [] };
    });
    const found = newest.find((one) => one.id === id);
    if (found !== undefined || end_ms === null) return found ?? null;
    // Outside of the site's turn: what is searched for may be nowhere, and nobody waits for that.
    return await findInDays(store, site, id, from_ms, Math.min(end_ms, to_ms));
  };
}

function checkMinutes(from_ms: number, to_ms: number): void {
  if (from_ms % MINUTE_MS === 0 && to_ms % MINUTE_MS === 0 && from_ms <= to_ms) return;
  throw new RangeError('a period is made of whole UTC minutes');
}
