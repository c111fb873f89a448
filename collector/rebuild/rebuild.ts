import { ordinal } from '../../shared/judge/replay/inputs.ts';
import { createDays } from '../judge/day/days.ts';
import type { SiteJudge } from '../judge/site-judge.ts';
import { writeOutputs } from '../judge/write-outputs.ts';
import type { Position } from '../store/rows.ts';
import { createFolding, type FoldOptions } from './fold.ts';

export interface RebuildOptions extends FoldOptions {
  /** SHA-256 of a text as hex. */
  readonly sha256: (text: string) => string;
}

/** What a site's judgement came to. */
export interface Rebuilt {
  /** Inputs that broke the judge and were passed over. */
  readonly faults: number;
}

/**
 * Drops all judgement of a site and computes it again from the ledger: slots, states and whole
 * days. The history that charts are drawn from is no judgement: it goes with the slots that it was
 * made of, and the running collector makes it again. The collector must not run meanwhile. A
 * rebuild that breaks off leaves nothing wrong: the collector, or the next rebuild, goes on from
 * there.
 */
export async function rebuildSite(options: RebuildOptions, site: string): Promise<Rebuilt> {
  const { store, signal } = options;
  const published = earlier(await store.judgeProgress(site), await store.newestSiteLeaf(site));
  await store.write(async (tx) => {
    await tx.dropJudgement(site);
    // What was told once is not told again, neither to viewers nor as an alert.
    if (published !== null) await tx.putJudgeProgress(site, published);
  });
  const folding = createFolding(options);
  const judge = await folding.toEnd(site);
  await saveState(options, judge);
  const days = createDays(options);
  while ((await days.ensure(judge)) === 'more') {
    signal.throwIfAborted();
    options.onRound(site, null);
  }
  return { faults: judge.faults.size };
}

/** Stores what the last rounds left in memory, so that a start has nothing to replay. */
async function saveState({ store, now_ms }: RebuildOptions, judge: SiteJudge): Promise<void> {
  const nothing = { outputs: [], fresh: [], more: false };
  const how = { now_ms: now_ms(), save: true };
  await store.write((tx) => writeOutputs(tx, judge, nothing, how));
}

function earlier(a: Position | null, b: Position | null): Position | null {
  if (a === null || b === null) return null;
  return ordinal(a) <= ordinal(b) ? a : b;
}
