import { setImmediate as breathe } from 'node:timers/promises';
import type { Store } from '../../store/store.ts';
import type { Folded, SiteJudge } from '../site-judge.ts';
import { createDays, type Days } from './days.ts';
import { createNows, type SiteNows } from './now.ts';
import { createTeller } from './tell.ts';

/** An agent that closed more within this time is still delivering: its day can wait, ms. */
const DELIVERING_MS = 10 * 60_000;

/** What is judged behind the slots: live states after each round, whole days in quiet moments. */
export interface SecondLevel {
  readonly days: Days;
  readonly nows: SiteNows;
  /** Notes what a committed round folded. */
  folded(judge: SiteJudge, found: Folded, papers: boolean): void;
  /** Publishes what changed in the sites that were noted since the last call. Never throws. */
  follow(): Promise<void>;
  /** A site that may have a day to be judged; undefined: none. */
  nextDue(): string | undefined;
  readonly hasDue: boolean;
  /** Judges some days of a site; what is left over waits behind the other sites. Never throws. */
  work(judge: SiteJudge): Promise<void>;
}

export function createSecondLevel(options: {
  readonly store: Store;
  readonly now_ms: () => number;
  readonly sha256: (text: string) => string;
  readonly log: { warn(fields: object, message: string): void };
}): SecondLevel {
  const { store, now_ms, log } = options;
  const days = createDays(options);
  const nows = createNows({ days, now_ms });
  const teller = createTeller();
  const noted = new Set<SiteJudge>();
  const due = new Set<string>();
  const delivered = new WeakMap<SiteJudge, Map<string, number>>();

  const noteDelivery = (judge: SiteJudge, { outputs }: Folded): void => {
    const at_ms = now_ms();
    const known = delivered.get(judge) ?? new Map<string, number>();
    delivered.set(judge, known);
    for (const { agents } of outputs) for (const { agent } of agents) known.set(agent, at_ms);
  };
  const delivering = (judge: SiteJudge): ReadonlySet<string> => {
    const at_ms = now_ms();
    const known = [...(delivered.get(judge) ?? [])];
    return new Set(known.flatMap(([agent, ms]) => (at_ms - ms < DELIVERING_MS ? [agent] : [])));
  };

  return {
    days,
    nows,
    folded(judge, found, papers) {
      nows.folded(judge, found, papers);
      noteDelivery(judge, found);
      // While more leaves follow, what is so now is not known, and a day would be dropped again.
      if (found.more) return;
      noted.add(judge);
      const due_ms = days.due_ms(judge);
      if (due_ms === null || now_ms() >= due_ms) due.add(judge.site);
    },

    async follow() {
      const told = [];
      for (const judge of noted) {
        if (nows.isFresh(judge)) continue;
        try {
          const now = await nows.now(judge);
          told.push(teller.compare(judge, now, now_ms()));
          // A tail takes some ms; batches that arrive must not wait for those of 64 sites.
          if (now !== null) await breathe();
        } catch (error) {
          log.warn({ err: error, site: judge.site }, 'live states could not be judged');
        }
      }
      noted.clear();
      const rows = told.flatMap((one) => one.rows);
      try {
        if (rows.length > 0) {
          await store.write(async (unit) => {
            for (const row of rows) await unit.addOutbox(row);
          });
        }
        for (const { done } of told) done();
      } catch (error) {
        log.warn({ err: error }, 'live states could not be published');
      }
    },

    nextDue() {
      const [site] = due;
      if (site !== undefined) due.delete(site);
      return site;
    },
    get hasDue() {
      return due.size > 0;
    },
    async work(judge) {
      try {
        if ((await days.ensure(judge, delivering(judge))) === 'more') due.add(judge.site);
      } catch (error) {
        log.warn({ err: error, site: judge.site }, 'a day could not be judged');
      }
    },
  };
}
