import { INTERVALS_S } from '../../shared/measure/codes.ts';

/** Polls over which timeouts are counted, and good polls until a device is asked more often. */
export const PACE_POLLS = 10;
/** More than a fifth of the tries without an answer: more questions only make it worse. */
export const TIMEOUT_SHARE_MAX = 0.2;
/** An answer this many times slower than usual comes from a device that has other work. */
export const SLOW_FACTOR = 3;
/** One slow poll happens on every switch that saves its configuration. */
export const SLOW_POLLS = 3;
/** Below this a device is quick, whatever its median is, ms. */
export const SLOW_MS_MIN = 20;
/** Response times that the median is taken of: an hour of polls a minute. */
export const MEDIAN_POLLS_MAX = 60;
/** The longest interval is this many times the list's. */
export const GENTLE_FACTOR_MAX = 4;

const S_MS = 1_000;

/** What one poll cost its device. */
export interface PollCost {
  /** Requests that were answered, errors included. */
  readonly answers: number;
  /** Tries without an answer. */
  readonly timeouts: number;
  /** Summed over the answers, ms. */
  readonly answer_ms: number;
}

/** How often a device is polled, and why. Immutable: `paceAfter` gives the next one. */
export interface Pace {
  readonly base_ms: number;
  /** The interval in use, ms: on the grid, base_ms to GENTLE_FACTOR_MAX × base_ms. */
  readonly interval_ms: number;
  /** At this interval, newest last, at most PACE_POLLS. */
  readonly costs: readonly PollCost[];
  /** Mean ms of an answer per poll, newest last, at most MEDIAN_POLLS_MAX. */
  readonly response_ms: readonly number[];
  readonly slow_run: number;
  readonly good_run: number;
}

export function startPace(base_ms: number): Pace {
  const none = { costs: [], response_ms: [], slow_run: 0, good_run: 0 };
  return { base_ms, interval_ms: base_ms, ...none };
}

/** From the list's interval on, each about twice the one before, on the grid of intervals. */
export function paceLadder(base_ms: number): readonly number[] {
  const grid = INTERVALS_S.map((s) => s * S_MS).filter(
    (ms) => ms > base_ms && ms <= base_ms * GENTLE_FACTOR_MAX,
  );
  const ladder = [base_ms];
  for (let at = base_ms; ; ) {
    const next = grid.findLast((ms) => ms > at && ms <= 2 * at) ?? grid.find((ms) => ms > at);
    if (next === undefined) return ladder;
    ladder.push(next);
    at = next;
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}

function isLossy(costs: readonly PollCost[]): boolean {
  const timeouts = costs.reduce((sum, cost) => sum + cost.timeouts, 0);
  const tries = costs.reduce((sum, cost) => sum + cost.answers + cost.timeouts, 0);
  return timeouts > TIMEOUT_SHARE_MAX * tries;
}

/**
 * The pace after one more poll. A poll without any answer changes nothing but the run of good
 * ones: a device that is off is not spared by asking it less, and its return shall be seen.
 */
export function paceAfter(pace: Pace, cost: PollCost): Pace {
  if (cost.answers === 0) return { ...pace, good_run: 0 };
  const mean_ms = cost.answer_ms / cost.answers;
  const usual_ms = median(pace.response_ms);
  const known = pace.response_ms.length >= PACE_POLLS;
  const slow = known && mean_ms > Math.max(SLOW_FACTOR * usual_ms, SLOW_MS_MIN);
  const costs = [...pace.costs, cost].slice(-PACE_POLLS);
  const next = {
    ...pace,
    costs,
    response_ms: [...pace.response_ms, mean_ms].slice(-MEDIAN_POLLS_MAX),
    slow_run: slow ? pace.slow_run + 1 : 0,
    good_run: slow || isLossy([cost]) ? 0 : pace.good_run + 1,
  };
  const troubled = next.slow_run >= SLOW_POLLS || (costs.length === PACE_POLLS && isLossy(costs));
  if (troubled) return moved(next, 1);
  return next.good_run >= PACE_POLLS ? moved(next, -1) : next;
}

/** One step along the ladder; the new interval is judged by its own polls. */
function moved(pace: Pace, by: 1 | -1): Pace {
  const ladder = paceLadder(pace.base_ms);
  const interval_ms = ladder[ladder.indexOf(pace.interval_ms) + by];
  if (interval_ms === undefined) return pace;
  return { ...pace, interval_ms, costs: [], slow_run: 0, good_run: 0 };
}
