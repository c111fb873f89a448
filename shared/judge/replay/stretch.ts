/** Which batches of an agent a judgement that begins inside its history needs. */
import type { BatchHeader } from '../../measure/batch.ts';
import { FUTURE_MAX_MS } from '../place.ts';

/**
 * To where a batch may be believed to have closed time, UTC ms; null: it says nothing, because its
 * header cannot be read, no clock sample in it is synchronised, or it promises the future. The
 * stretch of an agent begins with the newest batch that says so of a moment more than
 * BUNDLE_BEFORE_MS before judging begins, in front of the first one that says so of a later moment,
 * and ends with the first one that reaches BUNDLE_AFTER_MS behind the end.
 */
export function knownTo(header: BatchHeader | null, recv_ms: number): number | null {
  if (header === null || header.closed_to_ms > recv_ms + FUTURE_MAX_MS) return null;
  return header.clock.some(({ sync }) => sync) ? header.closed_to_ms : null;
}
