import { LanProofError } from '../../shared/errors.ts';
import { ordinal } from '../../shared/judge/replay/inputs.ts';
import { createListFinder } from '../judge/batch-parts.ts';
import { createHandover } from '../judge/handover.ts';
import { createHeldSites } from '../judge/held-sites.ts';
import { runRound } from '../judge/round.ts';
import type { SiteJudge } from '../judge/site-judge.ts';
import type { Position } from '../store/rows.ts';
import type { ReadUnit, Store } from '../store/store.ts';

/** Rounds without any progress before the reason is thrown: a disk may be busy for a moment. */
const ROUNDS_FAILED_MAX = 3;
/**
 * Leaves of one round: nobody waits for the next one, and each ends with a commit and a stored
 * state of some 40 kB. Their rows, some kB each, are held until then.
 */
const LEAVES_MAX = 480;

export interface FoldOptions {
  readonly store: Store;
  /** Wall clock, UTC epoch ms. */
  readonly now_ms: () => number;
  readonly signal: AbortSignal;
  /** Sleeps after a commit that failed. */
  readonly wait: (ms: number) => Promise<void>;
  /** Called before each round with the newest folded leaf; null: all are folded. */
  readonly onRound: (site: string, position: Position | null) => void;
}

/** Folds a site's leaves with the collector's own rounds, as fast as they can be read. */
export interface Folding {
  /** Folds up to the newest leaf that the store tells of. Throws what kept it from doing so. */
  toEnd(site: string): Promise<SiteJudge>;
  /** Lets go of a site's state in memory. */
  forget(site: string): void;
}

export function createFolding(options: FoldOptions): Folding {
  const { store, signal } = options;
  const held = createHeldSites(options.now_ms);
  let problem: unknown;
  let faults = 0;
  const log = {
    warn: (fields: object) => {
      problem = Object.assign({ err: undefined }, fields).err;
    },
  };
  const findList = createListFinder(store);
  const round = {
    ...options,
    handover: createHandover(),
    findList,
    log,
    leaves_max: LEAVES_MAX,
  };
  const hooks = {
    tell: () => undefined,
    folded: () => undefined,
    again: () => undefined,
    fault: () => {
      faults += 1;
    },
  };

  return {
    forget: (site) => held.drop(site),

    async toEnd(site) {
      const look = async (unit: ReadUnit) => ({
        newest: await unit.newestSiteLeaf(site),
        judge: await held.load(site, unit),
      });
      for (let failed = 0, best = Number.NEGATIVE_INFINITY, seen = faults; ; ) {
        signal.throwIfAborted();
        const { newest, judge } = await store.read(look);
        const at = ordinal(judge.position);
        if (newest === null || ordinal(newest) <= at) return judge;
        options.onRound(site, judge.position);
        // A fault sends the site back to its stored state: that is progress, too.
        failed = at > best || faults > seen ? 0 : failed + 1;
        if (failed === ROUNDS_FAILED_MAX) throw behind(problem);
        [best, seen] = [Math.max(best, at), faults];
        await runRound(round, held, hooks, [site]);
      }
    },
  };
}

function behind(cause: unknown): unknown {
  if (cause instanceof LanProofError) return cause;
  return new LanProofError('JUDGE_BEHIND', 'the ledger could not be judged to its end', {
    hint: 'report this: it is a fault of the program',
    cause,
  });
}
