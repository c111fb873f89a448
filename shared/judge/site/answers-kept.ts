import { INTERVALS_S } from '../../measure/codes.ts';
import { clip, type Span, union } from '../spans.ts';
import { isSwitchedOffKind } from './held.ts';
import type { PieceMark } from './material.ts';
import type { SiteSettings } from './settings.ts';
import type { Plan } from './topology.ts';
import { slack } from './tracks.ts';

/** No grid of slots is coarser: so far behind a root's fall may an answer still count. */
const SLACK_MAX_MS = slack(Math.max(...INTERVALS_S) * 1000, 0);
/** So many spans of one device a `day` document may hold (docs/formats/papers.md). */
const ANSWERED_MAX = 1_000;

interface KeptContext {
  /** The site's plan at `at_ms`; null: there is none. */
  readonly plan: Plan | null;
  /** As judged: the silences that go on at `at_ms` may be roots. */
  readonly pieces: readonly PieceMark[];
  readonly settings: SiteSettings;
  /** UTC ms: from then on only what is kept is known of the time before. */
  readonly at_ms: number;
}

/**
 * What must be kept of a device's answers (`up`, ascending) where judging goes on at `at_ms`: those
 * of the last minutes, and of an endpoint its first answer around the fall of each node above it
 * that is silent still. By those it becomes unreachable or off when it falls later (accounting §3).
 */
export function keptAnswers(device: string, up: readonly Span[], context: KeptContext): Span[] {
  const { plan, settings, at_ms } = context;
  const { answered_before_ms } = settings;
  const last = clip(up, at_ms - answered_before_ms, at_ms);
  const node = plan?.nodes.get(device) ?? null;
  if (!isSwitchedOffKind(node)) return last;
  const above = new Set(plan?.above(device) ?? []);
  const around = context.pieces
    .filter((one) => above.has(one.device) && one.from_ms < at_ms && one.to_ms > at_ms)
    .flatMap(({ silence: { from_ms } }) => {
      const to_ms = Math.min(at_ms, from_ms + SLACK_MAX_MS);
      return clip(up, from_ms - answered_before_ms, to_ms).slice(0, 1);
    });
  return union([...last, ...around]).slice(-ANSWERED_MAX);
}
