import { ordinal } from '../../shared/judge/replay/inputs.ts';
import { JUDGE_STATE_VERSION } from '../../shared/judge/state.ts';
import { SAVE_INPUTS_MAX } from '../judge/round.ts';
import { START } from '../judge/site-judge.ts';
import type { Position } from '../store/rows.ts';
import type { JudgeStateRow } from '../store/rows-judgement.ts';
import type { ReadUnit } from '../store/store.ts';

/** Leaves that are counted at a time. */
const PAGE_LEAVES = 1_000;

/** How far into the ledger the kept judgement of a site reaches. */
export interface Watermark {
  /** The stored state; null before the first one. */
  readonly state: JudgeStateRow | null;
  /**
   * The last leaf that kept rows tell of; leaves behind it said nothing new. Null: nothing can be
   * compared, see `why`.
   */
  readonly to: Position | null;
  readonly why: 'not_judged' | 'other_version' | 'unfinished' | null;
  /** Leaves of the site behind `to`. */
  readonly leaves_behind: number;
}

/**
 * A collector writes its rows up to one leaf in one commit, and names it. It replays what the
 * stored state does not have, which is fewer than SAVE_INPUTS_MAX leaves, in one commit as well:
 * so rows stand at the named leaf also after a kill. More leaves between the two mean that all
 * is being computed again, and rows are of different times.
 */
export async function watermarkOf(kept: ReadUnit, site: string): Promise<Watermark> {
  const state = await kept.judgeState(site);
  const progress = await kept.judgeProgress(site);
  const at: Position = state === null ? START : { log: state.log, leaf: state.leaf };
  const to = progress === null || ordinal(progress) < ordinal(at) ? at : progress;
  const nothing = async (why: Watermark['why']): Promise<Watermark> => {
    return { state, to: null, why, leaves_behind: await leavesAfter(kept, site, START, null) };
  };
  if (state !== null && state.version !== JUDGE_STATE_VERSION) return nothing('other_version');
  if (ordinal(to) === ordinal(START) || !(await isLeafOf(kept, site, to))) {
    return nothing('not_judged');
  }
  if ((await leavesAfter(kept, site, at, to)) >= SAVE_INPUTS_MAX) return nothing('unfinished');
  return { state, to, why: null, leaves_behind: await leavesAfter(kept, site, to, null) };
}

async function isLeafOf(kept: ReadUnit, site: string, { log, leaf }: Position): Promise<boolean> {
  return (await kept.leaf(log, leaf))?.site === site;
}

/** Leaves of a site in (from, to]; null: to the end. Rows of batches are not read. */
async function leavesAfter(
  kept: ReadUnit,
  site: string,
  from: Position,
  to: Position | null,
): Promise<number> {
  let count = 0;
  for (let at = from; ; ) {
    const page = await kept.siteLeaves(site, at, PAGE_LEAVES, () => true);
    for (const { leaf } of page) {
      at = { log: leaf.log, leaf: leaf.index };
      if (to !== null && ordinal(at) > ordinal(to)) return count;
      count += 1;
    }
    if (page.length < PAGE_LEAVES) return count;
  }
}
