import { CHECKS_MAX, SERIES_PROBES, type SeriesProbe } from './codes.ts';
import type { Strict } from './strict.ts';

/** From the first to the last tick of one target, probe and check, mono ms, ends included. */
export type Span = readonly [number, number];

/** One number for each target × probe × check: a busy batch has thousands of them. */
export function spanKeys(probe: SeriesProbe, check: number): (target: number) => number {
  const each = SERIES_PROBES.length * CHECKS_MAX;
  const own = SERIES_PROBES.indexOf(probe) * CHECKS_MAX + check;
  return (target) => target * each + own;
}

/**
 * Notes a span, given as a list of one so that all targets of a series share it. Ticks of one
 * target, probe and check may not interleave: nobody could say which answer was which. Fails with
 * SECTION_OVERLAP at `place`.
 */
export function claim(
  strict: Strict,
  spans: Map<number, readonly Span[]>,
  key: number,
  own: readonly [Span],
  place: () => string,
): void {
  const taken = spans.get(key);
  if (taken === undefined) {
    spans.set(key, own);
    return;
  }
  const [[first, last]] = own;
  if (taken.some(([from, to]) => first <= to && from <= last)) {
    strict.fail(place(), 'has ticks that stand twice', 'SECTION_OVERLAP');
  }
  // Parts of one target are few; the list may be that of a whole series and is not to be changed.
  spans.set(key, [...taken, ...own]);
}
