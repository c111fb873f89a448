import type { Store } from '../store/store.ts';
import type { SeriesKeeper } from './keeper.ts';

/** Between looks at all agents: days end once a day, and backlogs take hours. */
const SWEEP_WAIT_MS = 10 * 60_000;
/** Between looks at what is wanted: a person waits for it. */
const WANTED_WAIT_MS = 2_000;
/**
 * Rest after each turn of some 10 ms: a day of a site is made within seconds, with less than a
 * tenth of a core in use, and what came in meanwhile goes first.
 */
const TURN_PAUSE_MS = 100;
/** Sites that somebody looks at go first; more than these are met by the sweep soon enough. */
const WANTED_MAX = 100;

export interface SeriesTurnsOptions {
  readonly store: Store;
  readonly keeper: SeriesKeeper;
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly log: { warn(fields: object, message: string): void };
}

export interface SeriesTurns {
  /** Makes the days of this site next. */
  wanted(site: string): void;
  /** Ends after the running turn. */
  stop(): Promise<void>;
}

/** Keeps days that are over, one turn after the other, as long as it runs. */
export function startSeriesTurns(options: SeriesTurnsOptions): SeriesTurns {
  const { store, keeper, wait } = options;
  const ended = new AbortController();
  const wanted = new Set<string>();
  const pause = async (): Promise<void> => wait(TURN_PAUSE_MS, ended.signal);

  const keepAll = async (site: string, agent: string, days_max: number): Promise<void> => {
    try {
      for (let days = 0; days < days_max; days++) {
        if (!(await keeper.keepNext(site, agent, pause))) return;
      }
    } catch (error) {
      ended.signal.throwIfAborted();
      // One site that cannot be read does not stop the others; it is tried with the next sweep.
      options.log.warn({ err: error, site }, 'no history was made');
    }
  };
  const keepWanted = async (): Promise<void> => {
    for (const site of wanted) {
      wanted.delete(site);
      for (const { agent } of await store.agents(site)) {
        await keepAll(site, agent, Number.POSITIVE_INFINITY);
      }
    }
  };
  const run = async (): Promise<void> => {
    for (let waited_ms = 0; ; waited_ms += WANTED_WAIT_MS) {
      await wait(WANTED_WAIT_MS, ended.signal);
      await keepWanted();
      if (waited_ms < SWEEP_WAIT_MS) continue;
      waited_ms = 0;
      for (const { site, agent } of await store.agents()) {
        await keepWanted();
        // A day at a time: a site that was away for weeks does not hold the others up.
        await keepAll(site, agent, 1);
      }
    }
  };
  const running = run().catch((error: unknown) => {
    if (!ended.signal.aborted) options.log.warn({ err: error }, 'history is made no more');
  });
  return {
    wanted(site) {
      if (wanted.size < WANTED_MAX) wanted.add(site);
    },
    async stop() {
      ended.abort();
      await running;
    },
  };
}
