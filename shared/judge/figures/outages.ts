import type { FinalInterval } from '../final.ts';
import type { Span } from '../spans.ts';

/** Shorter outages are time, but no outages that are counted, ms. */
export const OUTAGE_MS_MIN = 60_000;

/** A stretch of `down` of one device, as counted time sees it. */
export interface Outage {
  /** First counted moment; the period that holds it counts the outage. UTC ms. */
  readonly at_ms: number;
  /** Counted time of it, also beyond any period, ms; at least OUTAGE_MS_MIN. */
  readonly length_ms: number;
  /**
   * It was seen to end before the figures' end (one that ends there is still open for them), while
   * the device was expected. An end in unknown time counts: the mean then says no more than was
   * seen.
   */
  readonly ended: boolean;
}

/** End of an interval; one that is still open lasts to where the agent's time is closed. */
export function endOf(interval: FinalInterval, known_to_ms: number | null): number {
  return interval.to_ms ?? Math.max(interval.from_ms, known_to_ms ?? interval.from_ms);
}

/**
 * Outages of one device. Down intervals that touch are one outage (a cause may change in it);
 * unreachable time is none: it belongs to the root's outage, and one fault is one outage.
 * `counted`: all time that counts, not cut to a period, but to where figures end. `expected`:
 * when the device was expected, not cut.
 */
export function outagesOf(
  intervals: readonly FinalInterval[],
  counted: readonly Span[],
  expected: readonly Span[],
  known_to_ms: number | null,
  as_of_to_ms: number,
): Outage[] {
  const out: Outage[] = [];
  let first = 0;
  for (let i = 0; i < intervals.length; i += 1) {
    const head = intervals[i];
    if (head?.state !== 'down') continue;
    let last = head;
    let to_ms = endOf(head, known_to_ms);
    for (let next = intervals[i + 1]; next !== undefined; next = intervals[i + 1]) {
      if (next.state !== 'down' || next.from_ms > to_ms) break;
      to_ms = Math.max(to_ms, endOf(next, known_to_ms));
      last = next;
      i += 1;
    }
    while ((counted[first]?.to_ms ?? Number.POSITIVE_INFINITY) <= head.from_ms) first += 1;
    const part = overlap(counted, first, head.from_ms, to_ms);
    if (part === null || part.length_ms < OUTAGE_MS_MIN) continue;
    const ended = last.to_ms !== null && to_ms < as_of_to_ms && holds(expected, to_ms);
    out.push({ ...part, ended });
  }
  return out;
}

function overlap(
  spans: readonly Span[],
  first: number,
  from_ms: number,
  to_ms: number,
): { at_ms: number; length_ms: number } | null {
  let at_ms: number | null = null;
  let length_ms = 0;
  for (let i = first; ; i += 1) {
    const span = spans[i];
    if (span === undefined || span.from_ms >= to_ms) break;
    const start = Math.max(from_ms, span.from_ms);
    at_ms ??= start;
    length_ms += Math.min(to_ms, span.to_ms) - start;
  }
  return at_ms === null ? null : { at_ms, length_ms };
}

/** Whether a moment lies in a list of spans. */
export function holds(spans: readonly Span[], at_ms: number): boolean {
  return spans.some((span) => span.from_ms <= at_ms && at_ms < span.to_ms);
}
