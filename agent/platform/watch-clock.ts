import type { ClockEvent } from './platform.ts';

/** House §4: smaller moves of the settable clock are left to NTP's slewing. */
export const CLOCK_STEP_MS = 100;
/** /proc/uptime has 10 ms steps and is read a moment after the other clock. */
const SUSPEND_MS_MIN = 500;

/** The three clocks at one moment, ms. */
export interface ClockSample {
  readonly monotonic_ms: number;
  readonly wall_ms: number;
  readonly boottime_ms: number;
}

/**
 * Tells a step of the settable clock from a sleep of the machine: both move wall − monotonic, but
 * a sleep also moves boottime − monotonic. Small moves add up until they are a step, so that a
 * clock pushed on by 50 ms every second is noticed.
 */
export class ClockWatch {
  #wall_ms: number | undefined;
  #boot_ms: number | undefined;

  /** What happened since the sample before. */
  sample(now: ClockSample): ClockEvent[] {
    const wall_ms = now.wall_ms - now.monotonic_ms;
    const boot_ms = now.boottime_ms - now.monotonic_ms;
    const slept_ms = boot_ms - (this.#boot_ms ?? boot_ms);
    const slept = slept_ms >= SUSPEND_MS_MIN;
    const step_ms = wall_ms - (this.#wall_ms ?? wall_ms) - (slept ? slept_ms : 0);
    const stepped = Math.abs(step_ms) > CLOCK_STEP_MS;
    if (slept || this.#boot_ms === undefined) this.#boot_ms = boot_ms;
    if (slept || stepped || this.#wall_ms === undefined) this.#wall_ms = wall_ms;
    const events: ClockEvent[] = [];
    if (slept) events.push({ kind: 'suspend', for_ms: slept_ms });
    if (stepped) events.push({ kind: 'step', by_ms: step_ms });
    return events;
  }
}
