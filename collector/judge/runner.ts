import { createHash } from 'node:crypto';
import { LanProofError } from '../../shared/errors.ts';
import { ordinal } from '../../shared/judge/replay/inputs.ts';
import { createListeners } from '../ledger/listeners.ts';
import type { Ledger } from '../ledger/types.ts';
import type { Days } from './day/days.ts';
import type { SiteNows } from './day/now.ts';
import { createSecondLevel } from './day/second-level.ts';
import { createHeldSites, type HeldSites } from './held-sites.ts';
import { type RoundOptions, runRound, type SiteChange } from './round.ts';
import type { SiteJudge } from './site-judge.ts';
import { writeOutputs } from './write-outputs.ts';

/** A round waits so long for more sites, ms: they share its commit, and 100 ms are allowed. */
export const ROUND_WAIT_MS = 50;
/** Rounds in a row without any progress, a second each, before a reader is told so. */
const ROUNDS_FAILED_MAX = 3;
/** Sites of one round: its commit must not hold ingest up. */
export const ROUND_SITES_MAX = 64;

export interface JudgeOptions extends RoundOptions {
  readonly ledger: Pick<Ledger, 'onCommit'>;
}

/** Follows the ledger site by site, behind a cursor of its own that a restart goes on from. */
export interface Judge {
  /** Looks for leaves of this site that were not judged. Commits of the ledger do it themselves. */
  poke(site: string): void;
  /** Pokes every site that has leaves: once, at the start. */
  catchUp(): Promise<void>;
  /** Runs `read` when the judge of a site has folded every committed leaf, or throws JUDGE_BEHIND. */
  withSite<T>(site: string, read: (judge: SiteJudge) => T): Promise<T>;
  /** Forgets all judgement of a site and computes it again from the ledger. */
  rebuildSite(site: string): Promise<void>;
  /** Whole days and live states, for who reads inside `withSite`. */
  readonly days: Days;
  readonly nows: SiteNows;
  /** Called after the judge's commit; returns the way to stop. */
  onChange(listener: (change: SiteChange) => void): () => void;
  /** Inputs that were passed over since the start, and sites that wait. */
  stats(): { readonly faults: number; readonly waiting: number };
  /** Ends after the running round; the state of every site is stored. */
  close(): Promise<void>;
}

export function createJudge(options: JudgeOptions): Judge {
  const { store } = options;
  const held = createHeldSites(options.now_ms);
  const dirty = new Set<string>();
  const changes = createListeners<SiteChange>();
  let faults = 0;
  let closed = false;
  let running: Promise<void> | undefined;
  let turn: Promise<unknown> = Promise.resolve();

  const oneAtATime = <T>(work: () => Promise<T>): Promise<T> => {
    const result = turn.then(work);
    turn = result.catch(() => undefined);
    return result;
  };
  const second = createSecondLevel({ ...options, sha256: sha256Hex });
  const pump = async (): Promise<void> => {
    while ((dirty.size > 0 || second.hasDue) && !closed) {
      // What is new goes first; a day of one site is judged when nobody waits.
      if (dirty.size === 0) {
        await options.wait(0);
        if (dirty.size === 0 && !closed) await oneAtATime(() => judgeDays(second.nextDue()));
        continue;
      }
      await options.wait(ROUND_WAIT_MS);
      const sites = [...dirty].slice(0, ROUND_SITES_MAX);
      for (const site of sites) dirty.delete(site);
      await oneAtATime(async () => {
        await round(sites);
        await second.follow();
      });
    }
    running = undefined;
  };
  const judgeDays = async (site: string | undefined): Promise<void> => {
    if (site === undefined) return;
    try {
      await second.work(await caughtUp(site));
    } catch (error) {
      options.log.warn({ err: error, site }, 'a day could not be judged');
    }
  };
  const poke = (site: string): void => {
    if (closed) return;
    dirty.add(site);
    running ??= pump();
  };
  const hooks = {
    tell: changes.tell,
    folded: second.folded,
    again: poke,
    fault: () => {
      faults += 1;
    },
  };
  const round = (sites: readonly string[]): Promise<void> => runRound(options, held, hooks, sites);
  const caughtUp = (site: string): Promise<SiteJudge> =>
    catchUpSite({ store, held, round, faults: () => faults }, site);
  const stop = options.ledger.onCommit((sites) => {
    for (const site of sites) poke(site);
  });

  return {
    poke,
    async catchUp() {
      for (const site of await store.judgeableSites()) poke(site);
    },
    withSite: (site, read) => oneAtATime(async () => read(await caughtUp(site))),
    rebuildSite: (site) =>
      oneAtATime(async () => {
        held.drop(site);
        await store.write((tx) => tx.dropJudgement(site));
        await caughtUp(site);
      }),
    days: second.days,
    nows: second.nows,
    onChange: changes.add,
    stats: () => ({ faults, waiting: dirty.size }),
    async close() {
      closed = true;
      stop();
      await running;
      // What was committed just before the end is judged now, not after the next start.
      await oneAtATime(() => round([...dirty]));
      await oneAtATime(() => saveAll(options, held.all()));
    },
  };
}

/** A clean end leaves nothing to replay. */
async function saveAll(options: RoundOptions, judges: readonly SiteJudge[]): Promise<void> {
  const open = judges.filter(({ unsaved }) => unsaved > 0);
  if (open.length === 0) return;
  const nothing = { outputs: [], fresh: [], more: false };
  await options.store.write(async (tx) => {
    const how = { now_ms: options.now_ms(), save: true };
    for (const judge of open) await writeOutputs(tx, judge, nothing, how);
  });
}

function sha256Hex(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

interface CatchUp {
  readonly store: JudgeOptions['store'];
  readonly held: HeldSites;
  readonly round: (sites: readonly string[]) => Promise<void>;
  readonly faults: () => number;
}

/** The judge of a site when it has folded every committed leaf. Throws JUDGE_BEHIND. */
async function catchUpSite(
  { store, held, round, faults }: CatchUp,
  site: string,
): Promise<SiteJudge> {
  // Each failed round waited already: whoever asks gets an answer, not a request that hangs.
  let last = Number.NEGATIVE_INFINITY;
  for (let failed = 0, best = last, seen = faults(); failed < ROUNDS_FAILED_MAX; ) {
    const { newest, judge } = await store.read(async (unit) => ({
      newest: await unit.newestSiteLeaf(site),
      judge: await held.load(site, unit),
    }));
    const at = ordinal(judge.position);
    if (newest === null || ordinal(newest) <= at) return judge;
    // A revocation that reaches back made the site begin anew: from there progress counts again.
    if (at < last) best = Number.NEGATIVE_INFINITY;
    failed = at > best || faults() > seen ? 0 : failed + 1;
    [last, best, seen] = [at, Math.max(best, at), faults()];
    await round([site]);
  }
  throw new LanProofError('JUDGE_BEHIND', 'judgement cannot be stored at the moment', {
    hint: 'look at space and rights of data_dir and into the log; nothing measured is lost',
    fatal: false,
  });
}
