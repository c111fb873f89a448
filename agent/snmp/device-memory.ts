import { ColumnMemory, ETHERLIKE_MINUTE, ETHERLIKE_REST } from './etherlike.ts';
import type { SystemPoll } from './system.ts';

/** sysUpTime is 32 bits of hundredths of a second: it begins anew after 497 days. */
const TICKS_WRAP = 2 ** 32;
const TICK_MS = 10;
/** Slow answers and coarse clocks: a sysUpTime this near to the expected one ran on, ticks. */
const TOLERANCE_TICKS = 5_000;
/** Some devices say a new ifTableLastChange with every poll; their names are read this often. */
const TABLE_CHANGE_MS = 3_600_000;

interface Clock {
  readonly read_mono_ms: number;
  readonly ticks: number | null;
  readonly boots: number | undefined;
  readonly table_change: number | undefined;
}

/**
 * What polls of one device know of the polls before: its clocks, and which columns it has. The
 * holder keeps one for each device and gives it to every poll.
 */
export class DeviceMemory {
  readonly minute = new ColumnMemory(ETHERLIKE_MINUTE);
  readonly rest = new ColumnMemory(ETHERLIKE_REST);
  /** Ports may have other numbers than their names were read with. */
  names_due = false;
  #clock: Clock | undefined;
  #named_ms: number | undefined;

  /** Takes a reading of the clocks in; true where the device, or its agent, was started since. */
  restarted(system: SystemPoll): boolean {
    const before = this.#clock;
    const now: Clock = {
      read_mono_ms: system.requested_mono_ms,
      ticks: system.sys_uptime_ticks,
      boots: system.scalars.snmpEngineBoots,
      table_change: system.scalars.ifTableLastChange,
    };
    this.#clock = now;
    if (before === undefined) return false;
    const restarted = beganAnew(before, now);
    if (restarted) {
      this.minute.forget();
      this.rest.forget();
    }
    const lately = now.read_mono_ms - (this.#named_ms ?? -TABLE_CHANGE_MS) < TABLE_CHANGE_MS;
    const other_rows = now.table_change !== before.table_change && !lately;
    if (restarted || other_rows) this.names_due = true;
    return restarted;
  }

  /** The names were read at `now_mono_ms`. */
  named(now_mono_ms: number): void {
    this.names_due = false;
    this.#named_ms = now_mono_ms;
  }
}

function beganAnew(before: Clock, now: Clock): boolean {
  if ((now.boots ?? 0) > (before.boots ?? Number.POSITIVE_INFINITY)) return true;
  if (before.ticks === null || now.ticks === null || now.ticks === before.ticks) return false;
  const expected = before.ticks + (now.read_mono_ms - before.read_mono_ms) / TICK_MS;
  if (now.ticks < before.ticks) {
    const past_wrap = now.ticks + TICKS_WRAP;
    return Math.abs(past_wrap - expected) > TOLERANCE_TICKS;
  }
  // After a long silence the new uptime may have passed the old one.
  return expected - now.ticks > TOLERANCE_TICKS;
}
