/**
 * Ticks of one target, probe and check may not interleave: nobody could say which answer was which.
 */
import { CHECKS_MAX, SERIES_PROBES, type SeriesProbe } from './codes.ts';
import type { Strict } from './strict.ts';

/** From the first to the last tick of one target, probe and check, mono ms, ends included. */
export type Span = readonly [first: number, last: number];

/** The span of some targets, whose indexes ascend. */
interface Claim {
  readonly span: Span;
  readonly targets: readonly number[];
}

/** What is taken of one section, by a number of {@link spanKey}. */
export type Spans = Map<number, Claim[]>;

/** One number for each probe and check; with a target, for each of these three. */
export function spanKey(probe: SeriesProbe, check: number, target = 0): number {
  return (target * SERIES_PROBES.length + SERIES_PROBES.indexOf(probe)) * CHECKS_MAX + check;
}

/**
 * Notes that `targets` have ticks in `span`. Fails with SECTION_OVERLAP where one of them stands
 * twice, or has some there already under the same key; `placeOf` says the place of its position.
 */
export function claim(
  strict: Strict,
  spans: Spans,
  key: number,
  { span, targets }: Claim,
  placeOf: (position: number) => string,
): void {
  const ascending = inOrder(targets);
  const taken = spans.get(key) ?? [];
  const [first, last] = span;
  let shared = twice(ascending);
  for (const other of taken) {
    if (first <= other.span[1] && other.span[0] <= last) {
      shared ??= common(ascending, other.targets);
    }
  }
  if (shared !== undefined) {
    strict.fail(
      placeOf(targets.lastIndexOf(shared)),
      'has ticks that stand twice',
      'SECTION_OVERLAP',
    );
  }
  taken.push({ span, targets: ascending });
  spans.set(key, taken);
}

/** Agents write them in order: then they need no copy. */
function inOrder(targets: readonly number[]): readonly number[] {
  for (let k = 1; k < targets.length; k++) {
    if ((targets[k - 1] ?? 0) > (targets[k] ?? 0)) return targets.toSorted((a, b) => a - b);
  }
  return targets;
}

function twice(ascending: readonly number[]): number | undefined {
  for (let k = 1; k < ascending.length; k++) {
    if (ascending[k - 1] === ascending[k]) return ascending[k];
  }
  return undefined;
}

/** The lowest that both hold; undefined: none. */
function common(a: readonly number[], b: readonly number[]): number | undefined {
  let [i, j] = [0, 0];
  while (i < a.length && j < b.length) {
    const [left = 0, right = 0] = [a[i], b[j]];
    if (left === right) return left;
    if (left < right) i += 1;
    else j += 1;
  }
  return undefined;
}
