import type { ClockSample } from '../shared/measure/batch.ts';
import {
  nextOffset,
  OFFSET_CHANGE_MAX_MS,
  type RunOffset,
  sampleOffset,
} from '../shared/measure/clock.ts';

/** A jump of wall − monotonic beyond this is a step; slewing is at most 0.5 ms/s (RFC 5905). */
export const CLOCK_STEP_MS = 100;
/** A request that took longer says too little about the time (Cristian's method), ms. */
export const COLLECTOR_RTT_MS_MAX = 2_000;
/**
 * While nothing new is to be said, one sample in so long is written: the offset moves with it, and
 * a clock that is slewed at 0.5 ms/s is 0.3 s away by then, a third of what begins a new run.
 */
export const SAMPLE_GAP_MS = 600_000;
/** Samples that wait for the next header. */
const SAMPLES_HELD_MAX = 16;

/** What the caller must do after a sample: `new_run` means seal with cause `run` and restart. */
export type SampleVerdict = 'same_run' | 'new_run';

/**
 * One request as a clock sample: the answer was written somewhere between sent and received, so
 * its middle is wrong by at most half the round trip. Undefined where that says too little.
 */
export function cristian(
  sent_mono_ms: number,
  received_mono_ms: number,
  collector_ms: number,
): ClockSample | undefined {
  const rtt_ms = received_mono_ms - sent_mono_ms;
  if (!(rtt_ms >= 0 && rtt_ms < COLLECTOR_RTT_MS_MAX) || !(collector_ms > 0)) return undefined;
  return {
    mono_ms: Math.round(sent_mono_ms + rtt_ms / 2),
    wall_ms: Math.round(collector_ms),
    source: 'collector',
    sync: true,
    error_ms: Math.ceil(rtt_ms / 2),
  };
}

/**
 * Owns the offset of the run. The judge computes the same one from the samples in the headers
 * (shared/measure/clock.ts), so only samples that are written down count.
 */
export class RunClock {
  /** The offset behind the last header, and the samples that the next header will carry. */
  #base: RunOffset | null = null;
  #held: ClockSample[] = [];
  #offset: RunOffset | null = null;
  /** The sample that ended the run; the old run keeps its offset until `restart`. */
  #next: ClockSample | undefined;
  #stepSeen = false;
  /** Newest written sample of the own kernel, and of the collector. */
  #kernelSample: ClockSample | undefined;
  #collectorSample: ClockSample | undefined;
  #kernelOffset_ms: number | undefined;
  #kernelSync = false;
  #source: ClockSample['source'] | null = null;

  /** wall = monotonic + offset. Before the first sample the run has none. */
  get offset_ms(): number | undefined {
    return this.#offset?.offset_ms;
  }

  /** True once a synchronised sample stands behind the offset. */
  get synchronised(): boolean {
    return this.#offset?.synchronised === true;
  }

  /** Whose word the synchronised offset rests on; null while nobody vouches for it. */
  get source(): ClockSample['source'] | null {
    return this.#source;
  }

  /** The settable clock was set: its word counts again once a collector sample agrees. */
  stepped(): void {
    this.#stepSeen = true;
  }

  /**
   * A sample of the own kernel or of chrony. It counts, and is written down, where it says
   * something new: first of the run, after SAMPLE_GAP_MS, another source or state, a step.
   */
  kernel(sample: ClockSample): SampleVerdict {
    const offset_ms = sampleOffset(sample);
    const moved_ms = Math.abs(offset_ms - (this.#kernelOffset_ms ?? offset_ms));
    this.#kernelOffset_ms = offset_ms;
    // Whoever watches for steps may look later than this sample was taken.
    if (moved_ms > CLOCK_STEP_MS) this.#stepSeen = true;
    const sync = this.#trusts(sample);
    this.#kernelSync = sync;
    const known = this.#kernelSample;
    const state = known?.sync !== sync || known.source !== sample.source;
    const news = state || moved_ms > CLOCK_STEP_MS || isDue(known, sample);
    return news || (sync && this.#isFar(sample)) ? this.#take({ ...sample, sync }) : 'same_run';
  }

  /** A sample of the collector; `kernel_ms` is wall − monotonic of the settable clock now. */
  collector(sample: ClockSample, kernel_ms: number): SampleVerdict {
    this.#stepSeen = Math.abs(sampleOffset(sample) - kernel_ms) > OFFSET_CHANGE_MAX_MS;
    const apart_ms = Math.abs(sampleOffset(sample) - (this.#offset?.offset_ms ?? 0));
    const error_ms = sample.error_ms ?? 0;
    // A bad round trip must not end a run that a better source vouches for.
    const limit_ms = OFFSET_CHANGE_MAX_MS + (this.synchronised ? error_ms : 0);
    if (this.#isFar(sample)) return apart_ms > limit_ms ? this.#take(sample) : 'same_run';
    // Within its own error it says nothing new, and noise would move ticks between slots.
    const due = isDue(this.#collectorSample, sample) && !this.#kernelSync && apart_ms > error_ms;
    const news = !this.synchronised || due;
    return news ? this.#take(sample) : 'same_run';
  }

  /** The samples for the next header; they are handed out once. */
  takeSamples(): ClockSample[] {
    const samples = this.#held;
    this.#held = [];
    this.#base = this.#offset;
    return samples;
  }

  /**
   * Begins a new run. Its first sample is the one that ended the last run, else `first`: after a
   * sleep the old ones say nothing.
   */
  restart(first: ClockSample): void {
    const sample = this.#next ?? { ...first, sync: this.#trusts(first) };
    if (this.#next === undefined) this.#kernelOffset_ms = sampleOffset(first);
    this.#next = undefined;
    this.#held = [];
    this.#base = null;
    this.#offset = null;
    this.#kernelSample = undefined;
    this.#collectorSample = undefined;
    this.#source = null;
    this.#take(sample);
  }

  #trusts(sample: ClockSample): boolean {
    // After a step the kernel's word alone is not enough: people set clocks, and NTP may be wrong.
    return sample.sync && !(this.#stepSeen && sample.source !== 'collector');
  }

  #isFar(sample: ClockSample): boolean {
    if (this.#offset === null) return false;
    return Math.abs(sampleOffset(sample) - this.#offset.offset_ms) > OFFSET_CHANGE_MAX_MS;
  }

  #take(sample: ClockSample): SampleVerdict {
    if (sample.sync && this.#isFar(sample)) {
      this.#next = sample;
      return 'new_run';
    }
    if (this.#held.length >= SAMPLES_HELD_MAX) this.#held.splice(1, 1);
    this.#held.push(sample);
    if (sample.source === 'collector') this.#collectorSample = sample;
    else this.#kernelSample = sample;
    if (sample.sync) this.#source = sample.source;
    this.#offset = nextOffset(this.#base, this.#held);
    return 'same_run';
  }
}

function isDue(written: ClockSample | undefined, sample: ClockSample): boolean {
  return written === undefined || sample.mono_ms - written.mono_ms >= SAMPLE_GAP_MS;
}
