import type { ClockSample } from './batch.ts';

/** A synchronised sample further away than this from a run's offset starts a new run, ms. */
export const OFFSET_CHANGE_MAX_MS = 1_000;

export interface RunOffset {
  /** UTC ms of the boot: wall − mono, integer. */
  readonly offset_ms: number;
  /** False: no source vouched for it; the run's slots are `clock_pending`. */
  readonly synchronised: boolean;
}

/** wall − mono of one sample, integer ms. */
export function sampleOffset(sample: ClockSample): number {
  return Math.round(sample.wall_ms - sample.mono_ms);
}

/**
 * The one offset of a run (accounting §1) from its samples in header order: the newest
 * synchronised sample, else the first. Null if there is none.
 */
export function runOffset(samples: readonly ClockSample[]): RunOffset | null {
  const chosen = samples.findLast((sample) => sample.sync) ?? samples[0];
  if (chosen === undefined) return null;
  return { offset_ms: sampleOffset(chosen), synchronised: chosen.sync };
}

/**
 * The offset of a run after another header with `samples`. Placing goes forward only: ticks that
 * were placed with `before` stay where they are. A synchronised sample more than
 * OFFSET_CHANGE_MAX_MS from a synchronised offset belongs to the agent's next run: passed over.
 */
export function nextOffset(
  before: RunOffset | null,
  samples: readonly ClockSample[],
): RunOffset | null {
  const near = samples.filter((sample) => {
    if (before === null) return true;
    if (!before.synchronised) return sample.sync;
    const apart_ms = Math.abs(sampleOffset(sample) - before.offset_ms);
    return sample.sync && apart_ms <= OFFSET_CHANGE_MAX_MS;
  });
  return runOffset(near) ?? before;
}

/**
 * Slot number of tick j: floor((t0 + j × i + offset) / i), all in integer ms. The slot begins at
 * UTC ms number × i.
 */
export function placeTick(t0_ms: number, j: number, i_ms: number, offset_ms: number): number {
  return Math.floor((t0_ms + j * i_ms + offset_ms) / i_ms);
}
