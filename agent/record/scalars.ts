import type { SystemPoll } from '../snmp/system.ts';

/** Clocks among the scalars, ms per unit. */
const CLOCK_UNIT_MS: Readonly<Record<string, number>> = {
  snmpEngineTime: 1_000,
  hrSystemUptime: 10,
};
/** Whole seconds of the device, an answer that was late, a clock that drifts for an hour. */
const RUNS_ON_MS = 2_000;

interface Said {
  readonly scalars: Readonly<Record<string, number>>;
  readonly read_mono_ms: number;
  readonly hour: number;
}

/**
 * Decides when the scalars of a device are written: a clock that runs on as the last written
 * reading lets expect says nothing new, so it is written once an hour and when it does not.
 */
export class ScalarsRecord {
  #said: Said | undefined;
  #waiting: Readonly<Record<string, number>> | undefined;

  add({ scalars, requested_mono_ms }: SystemPoll, hour: number): void {
    if (Object.keys(scalars).length === 0) return;
    const now = { scalars, read_mono_ms: requested_mono_ms, hour };
    const due = this.#waiting !== undefined || this.#said === undefined || news(this.#said, now);
    if (!due) return;
    this.#said = now;
    this.#waiting = scalars;
  }

  /** What is to be written, if anything; it is then taken for written. */
  take(): Readonly<Record<string, number>> | undefined {
    const scalars = this.#waiting;
    this.#waiting = undefined;
    return scalars;
  }
}

function news(said: Said, now: Said): boolean {
  const names = Object.keys(now.scalars);
  if (said.hour !== now.hour || names.length !== Object.keys(said.scalars).length) return true;
  const elapsed_ms = now.read_mono_ms - said.read_mono_ms;
  return names.some((name) => {
    const before = said.scalars[name];
    const value = now.scalars[name];
    if (before === undefined || value === undefined) return true;
    const unit_ms = CLOCK_UNIT_MS[name];
    if (unit_ms === undefined) return value !== before;
    return Math.abs((value - before) * unit_ms - elapsed_ms) > RUNS_ON_MS;
  });
}
