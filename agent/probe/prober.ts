import type { RawCode, Reachability } from '../../shared/measure/codes.ts';

/** What an engine needs to know of one target. Times are milliseconds. */
export interface ProbeTarget {
  /** Position in the target list in force; the only name that a batch uses. */
  readonly index: number;
  /** IPv4 or IPv6 address as text. */
  readonly address: string;
  readonly interval_ms: number;
  /** A reply later than this is no reply. 50 ≤ timeout ≤ interval − 100. */
  readonly timeout_ms: number;
  /** Ask by ARP in the same slot when an echo stays unanswered (own subnet, interval ≥ 5 s). */
  readonly arp_on_silence: boolean;
  /** Expected MAC, lower case with colons; an ARP answer by another MAC is code `x`. */
  readonly mac: string | undefined;
}

/**
 * A series: ticks of one probe over the same targets, tick n sent at t0_ms + n × interval_ms on
 * the agent's monotonic clock (integer ms since boot, CLOCK_MONOTONIC).
 */
export interface Series {
  readonly id: number;
  readonly probe: Exclude<Reachability, 'none'>;
  readonly t0_ms: number;
  readonly interval_ms: number;
  /** Target indexes; the order of codes in every row. */
  readonly targets: readonly number[];
}

/** All verdicts of one tick of a series, in the order of its targets. */
export interface Row {
  readonly series: number;
  /** Tick number, from 0, increasing by 1 without gaps: what was not measured is `x`. */
  readonly n: number;
  readonly codes: readonly RawCode[];
  /** Round-trip times in µs, −1 where there was no reply. */
  readonly rtt_us: readonly number[];
  /** How much later than t0 + n × interval the tick was really sent, ms ≥ 0. */
  readonly lag_ms: number;
}

/** Where engines put what they measured. Rows of a series come in order, each n exactly once. */
export interface ProbeSink {
  open(series: Series): void;
  row(row: Row): void;
  /** No more rows of this series will come. */
  close(series: number): void;
  /** Something a person should read in the log (an engine died, a line was garbage). */
  problem(problem: EngineProblem): void;
}

export type EngineProblemCode =
  | 'ENGINE_DIED'
  | 'ENGINE_GARBAGE'
  | 'ENGINE_SILENT'
  | 'CLOCK_STEP'
  | 'NO_RIGHT';

export interface EngineProblem {
  readonly code: EngineProblemCode;
  readonly message: string;
}

/** What a person can do about each. */
export const ENGINE_HINTS: Readonly<Record<EngineProblemCode, string>> = {
  ENGINE_DIED: 'it is started again by itself; if it goes on, run the engine by hand to see why',
  ENGINE_GARBAGE: 'install the fping of the distribution; what it cannot tell counts as not sent',
  ENGINE_SILENT: 'it is replaced by itself; if it goes on, look at the load of this machine',
  CLOCK_STEP: 'nothing is lost; if it happens often, let chrony slew the clock',
  NO_RIGHT: 'sudo setcap cap_net_raw+ep on fping, arping or arp-scan, whichever is meant',
};

/** One way of measuring reachability of many targets, e.g. fping. */
export interface Engine {
  readonly name: string;
  readonly version: string;
  /**
   * Probes exactly these targets for ticks sent at or after `from_ms` (monotonic). Targets of an
   * earlier call are probed until then, so that no tick is lost; their series are then closed.
   * Resolves when the old series are closed and the new ones run.
   */
  apply(targets: readonly ProbeTarget[], from_ms: number): Promise<void>;
  /** Ends all processes; open series are closed. */
  stop(): Promise<void>;
}

/** A single probe with a deadline from outside: ARP, TCP, SNMP, DNS, HTTP, "test now". */
export type Prober<Target, Detail> = (
  target: Target,
  deadline: AbortSignal,
) => Promise<ProbeOutcome<Detail>>;

export type ProbeOutcome<Detail> =
  | { readonly code: 'r'; readonly rtt_us: number; readonly detail: Detail }
  | { readonly code: 'n' | 'x'; readonly reason: string };
