/** Where judging begins: at a midnight that the ledger has a `day` document of. */
import { fromBase64 } from '../../../shared/bytes.ts';
import { LanProofError } from '../../../shared/errors.ts';
import type { LeafPlace } from '../../../shared/evidence/bundle/types.ts';
import { parseEnvelope } from '../../../shared/evidence/dsse.ts';
import type { Judged } from '../../../shared/judge/period/judged.ts';
import { isBad } from '../../../shared/judge/period/site.ts';
import type { Span } from '../../../shared/judge/spans.ts';
import { RULES_VERSION } from '../../../shared/judge/types.ts';
import { parsePaper } from '../../../shared/papers/parse.ts';
import type { DayPaper } from '../../../shared/papers/types.ts';
import { REACH_BACK_MS } from '../../judge/day/reach.ts';
import { ofKind, type PlacedDocument } from './scope.ts';

export interface Begin {
  readonly place: LeafPlace;
  readonly paper: DayPaper;
}

/**
 * Start of what was bad as the period came, or the period's own, UTC ms: from a midnight before it
 * outages are whole.
 */
export function reachOf({ intervals, incidents }: Judged, { from_ms, to_ms }: Span): number {
  const least_ms = from_ms - REACH_BACK_MS;
  const starts = [
    ...intervals.filter((one) => isBad(one) && one.from_ms < to_ms).map((one) => one.from_ms),
    ...incidents.map(({ started_earliest_ms, started_at_ms }) => {
      return started_earliest_ms ?? started_at_ms;
    }),
  ];
  return starts.reduce((least, at_ms) => Math.min(least, Math.max(at_ms, least_ms)), from_ms);
}

/**
 * The newest day that was over when what reaches into the period began, else when the period did;
 * of one day its latest leaf. Null: none, so the bundle begins with the site's first batch.
 */
export function chooseBegin(
  documents: readonly PlacedDocument[],
  period: Span,
  reach_ms: number,
): Begin | null {
  const days = new Map<number, Begin>();
  for (const { leaf, text } of ofKind(documents, 'day')) {
    const paper = readDay(text);
    if (paper === null || paper.rules !== RULES_VERSION) continue;
    days.set(paper.from_ms, { place: { log: leaf.log, leaf: leaf.leaf }, paper });
  }
  const newestUntil = (at_ms: number): Begin | null =>
    [...days.values()]
      .filter(({ paper }) => paper.to_ms <= at_ms)
      .reduce<Begin | null>(
        (newest, one) => (one.paper.to_ms > (newest?.paper.to_ms ?? -1) ? one : newest),
        null,
      );
  return newestUntil(reach_ms) ?? newestUntil(period.from_ms);
}

/** Without what was said of days before the one that judging begins behind. */
export function withoutEarlierDays(
  documents: readonly PlacedDocument[],
  begin: Begin | null,
): PlacedDocument[] {
  if (begin === null) return [...documents];
  return documents.filter(({ leaf, text }) => {
    const paper = leaf.kind === 'day' ? readDay(text) : null;
    return paper === null || paper.to_ms >= begin.paper.to_ms;
  });
}

/** Our own store's document; one of a later version is passed over. */
function readDay(text: string): DayPaper | null {
  try {
    return parsePaper('day', fromBase64(parseEnvelope(text).payload));
  } catch (error) {
    if (error instanceof LanProofError) return null;
    throw error;
  }
}
