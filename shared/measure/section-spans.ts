import { CHECKS_MAX, SERIES_PROBES, type SeriesProbe } from './codes.ts';
import type { Strict } from './strict.ts';

/** From the first to the last tick of one target, probe and check, mono ms, ends included. */
export type Span = readonly [number, number];

/** One number for target × probe × check: a busy batch has thousands of them. */
export function spanKey(target: number, probe: SeriesProbe, check: number): number {
  return (target * SERIES_PROBES.length + SERIES_PROBES.indexOf(probe)) * CHECKS_MAX + check;
}

/**
 * Notes a span. Ticks of one target, probe and check may not interleave: nobody could say which
 * answer was which. Fails with SECTION_OVERLAP at `place`.
 */
export function claim(
  strict: Strict,
  spans: Map<number, Span[]>,
  key: number,
  span: Span,
  place: () => string,
): void {
  const taken = spans.get(key);
  if (taken === undefined) {
    spans.set(key, [span]);
    return;
  }
  const [first, last] = span;
  if (taken.some(([from, to]) => first <= to && from <= last)) {
    strict.fail(place(), 'has ticks that stand twice', 'SECTION_OVERLAP');
  }
  taken.push(span);
}
