import type { ClockSample } from './batch.ts';

/** A synchronised sample further away than this from a run's offset starts a new run, ms. */
export const OFFSET_CHANGE_MAX_MS = 1_000;

export interface RunOffset {
  /** UTC ms of the boot: wall − mono, integer. */
  readonly offset_ms: number;
  /** False: no source vouched for it; the run's slots are `clock_pending`. */
  readonly synchronised: boolean;
}

/** wall − mono of one sample, ms. */
export function sampleOffset(sample: ClockSample): number {
  return Math.round(sample.wall_ms - sample.mono_ms);
}

/**
 * The one offset of a run (accounting §1): its newest synchronised sample, else its first. Samples
 * after `start_ms` (mono ms of the run's first tick) may not move ticks that were placed already,
 * so the newest one at the start counts; only where there is none, the first one after it. A run
 * keeps the offset for its whole life, and so does not depend on where batches are cut.
 * Null if there is no sample.
 */
export function runOffset(samples: readonly ClockSample[], start_ms?: number): RunOffset | null {
  const start = start_ms ?? Number.POSITIVE_INFINITY;
  let newest: ClockSample | undefined;
  let next: ClockSample | undefined;
  for (const sample of samples) {
    if (!sample.sync) continue;
    if (sample.mono_ms <= start) {
      if (newest === undefined || sample.mono_ms >= newest.mono_ms) newest = sample;
    } else if (next === undefined || sample.mono_ms < next.mono_ms) next = sample;
  }
  const chosen = newest ?? next ?? samples[0];
  if (chosen === undefined) return null;
  return { offset_ms: sampleOffset(chosen), synchronised: chosen.sync };
}

/**
 * Slot number of tick j: floor((t0 + j × i + offset) / i), all in integer ms. The slot begins at
 * UTC ms number × i.
 */
export function placeTick(t0_ms: number, j: number, i_ms: number, offset_ms: number): number {
  return Math.floor((t0_ms + j * i_ms + offset_ms) / i_ms);
}
