import { type Closed, closedOf } from '../../../shared/judge/closed.ts';
import { MARGIN_MS } from '../../../shared/judge/day/grid.ts';
import { ordinal } from '../../../shared/judge/replay/inputs.ts';
import type { JudgeState } from '../../../shared/judge/state.ts';
import type { SiteLeaf } from '../../store/store-evidence.ts';
import type { SiteJudge } from '../site-judge.ts';
import { touchedByDocument } from './documents.ts';

/**
 * A day is kept only when its agents closed its margin, or {@link OWED_MAX_MS} after it: what an
 * agent closes that was not further behind than this cannot lie in one. ms.
 */
const BEHIND_MS = 24 * 3_600_000;

/** What the agents had closed before some leaves were folded. */
export function closedBefore(state: JudgeState): Closed {
  return closedOf(state);
}

/**
 * From when on folded leaves may say something else than the stored rows show by themselves: an
 * agent that was far behind closed more, or a paper holds. Null: nothing does.
 */
export function touchedBy(
  judge: SiteJudge,
  before: Closed,
  leaves: readonly SiteLeaf[],
  now_ms: number,
): number | null {
  let touched_ms = Number.POSITIVE_INFINITY;
  for (const [agent, { ms, pending }] of closedOf(judge.state)) {
    const old = before.get(agent);
    const old_ms = old?.ms ?? null;
    if (old_ms === null || (old_ms === ms && old?.pending === pending)) continue;
    if (old_ms < now_ms - BEHIND_MS) touched_ms = Math.min(touched_ms, old_ms);
  }
  for (const { leaf, document } of leaves) {
    // A replay says again what was said: the days that it touched were dropped then.
    const place = { log: leaf.log, leaf: leaf.index };
    if (document === null || ordinal(place) <= ordinal(judge.published)) continue;
    touched_ms = Math.min(touched_ms, touchedByDocument(document) ?? Number.POSITIVE_INFINITY);
  }
  return touched_ms === Number.POSITIVE_INFINITY ? null : touched_ms;
}

/** What is told of the margin behind a day was judged with the day. */
export function dropFrom(touched_ms: number): number {
  return touched_ms - MARGIN_MS;
}
