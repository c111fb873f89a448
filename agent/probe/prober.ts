import type { RawCode, SeriesProbe } from '../../shared/measure/codes.ts';
import type { CheckResult } from './check.ts';
import type { Seeker } from './seek.ts';

/** What schedules one target's ticks. Times are milliseconds. */
export interface TickedTarget {
  /** Position in the target list in force; the only name that a batch uses. */
  readonly index: number;
  readonly interval_ms: number;
  /** A reply later than this is no reply. 50 ≤ timeout ≤ interval − 100. */
  readonly timeout_ms: number;
  /** Which of the target's checks (tcp, dns, http); absent: 0. */
  readonly check?: number;
}

/** What an engine of echoes needs to know of one target. */
export interface ProbeTarget extends TickedTarget {
  /** IPv4 or IPv6 address as text. */
  readonly address: string;
  /** ICMP payload of a large echo (probe `echo_large`); absent: the engine's small one. */
  readonly bytes?: number;
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
  readonly probe: SeriesProbe;
  /** Which of the targets' checks (tcp, dns, http); absent: 0. */
  readonly check?: number;
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
  /** What checks saw, in the order of the targets; undefined where nothing can be told. */
  readonly details?: readonly (CheckDetail | undefined)[];
}

/** How one check of one tick went. */
export interface CheckDetail {
  /** When it was really sent, monotonic ms. */
  readonly sent_ms: number;
  readonly result: CheckResult;
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
  | 'NO_LARGE_ECHO'
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
  NO_LARGE_ECHO: 'apt install fping; the small echoes go on without it',
  NO_RIGHT: 'sudo setcap cap_net_raw+ep on fping, arping or arp-scan, whichever is meant',
};

/** One way of measuring reachability of many targets, e.g. fping. */
export interface Engine<Target extends TickedTarget = ProbeTarget> {
  readonly name: string;
  readonly version: string;
  /** Finds devices in a way of its own, in place of ARP. */
  readonly seeker?: Seeker;
  /**
   * Probes exactly these targets for ticks sent at or after `from_ms` (monotonic). Targets of an
   * earlier call are probed until then, so that no tick is lost; their series are then closed.
   * Resolves when the old series are closed and the new ones run.
   */
  apply(targets: readonly Target[], from_ms: number): Promise<void>;
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
