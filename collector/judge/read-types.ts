/** Reading what the judge found; every figure a person sees begins here. */
import type { DeviceWindow } from '../../shared/judge/lists.ts';
import type { SlotRun, State, StateInterval, UnknownReason } from '../../shared/judge/types.ts';
import type { IntervalRow } from '../store/rows-judgement.ts';
import type { Closed } from './closed.ts';

/** What is known about a device now. */
export interface CurrentState {
  readonly device: string;
  readonly agent: string;
  /** `unknown` with reason `not_received` when the agent is late. */
  readonly state: State;
  readonly reason: UnknownReason | null;
  /** Null: never answered (display word `pending`). */
  readonly since_ms: number | null;
  /** End of what is known: the agent's closed_to; null before its first batch. */
  readonly closed_to_ms: number | null;
  /** now − closed_to: how old the knowledge is. */
  readonly age_ms: number | null;
  readonly last_reply_ms: number | null;
  /** Median round trip of the newest closed minute, µs. */
  readonly rtt_us: number | null;
}

/** What a figure is a function of (accounting §1). */
export interface AsOf {
  readonly log: string;
  readonly size: number;
  readonly to_ms: number;
  readonly at_ms: number;
}

interface Material {
  /** Whole state intervals that touch the period, each by the word of its agent. */
  readonly stored: readonly IntervalRow[];
  /**
   * When devices were expected, and of whom; those of one device are disjoint and ascending.
   * Outside of them a device has no figures.
   */
  readonly windows: readonly DeviceWindow[];
  readonly closed: Closed;
  readonly as_of: AsOf;
}

export interface JudgeReader {
  /**
   * Runs that cover [from_ms, to_ms) without a gap, as far as `as_of.to_ms` reaches; slots that
   * nothing was received for are `not_received`. Both ends are whole UTC minutes (RangeError).
   */
  slots(
    site: string,
    device: string,
    from_ms: number,
    to_ms: number,
  ): Promise<{ readonly runs: SlotRun[]; readonly as_of: AsOf }>;
  /** State intervals that touch the period, clipped to it and to `as_of.to_ms`, gap-free. */
  intervals(
    site: string,
    from_ms: number,
    to_ms: number,
    device?: string,
  ): Promise<{ readonly intervals: StateInterval[]; readonly as_of: AsOf }>;
  /** What the figures of a period are made of, all read at one moment. */
  material(site: string, from_ms: number, to_ms: number, device?: string): Promise<Material>;
  /** Current state of every device with an owning agent, by device code. */
  current(site: string): Promise<CurrentState[]>;
}
