import type { SnmpReading } from '../../measure/snmp-columns.ts';

/**
 * One poll of a device, placed on UTC by its caller, who leaves out runs whose clock is pending.
 * `outcome`, `ports`, `sys_uptime_ticks` and `response_ms` as in SnmpReading.
 */
export interface PlacedReading
  extends Pick<SnmpReading, 'response_ms' | 'sys_uptime_ticks' | 'outcome' | 'ports'> {
  /** UTC ms at which the first request left. */
  readonly at_ms: number;
  /**
   * Scalars of the batch part, given with its newest `ok` poll. `ran_on`: the part had none and no
   * batch is lacking since the last that had, so the clocks ran on. Null: nothing is known.
   */
  readonly scalars: Readonly<Record<string, number | string>> | 'ran_on' | null;
}

/**
 * `reboot`: the device began anew. `agent_restart`: only its SNMP agent did. `restart`: one of
 * the two, nothing tells which. `wrap`: sysUpTime passed 2^32 ticks after 497 days; no restart.
 */
export type RestartKind = 'reboot' | 'agent_restart' | 'restart' | 'wrap';

export const RESTART_EVIDENCE = [
  /** sysUpTime is lower than before, and not because it wrapped. */
  'uptime_fell',
  /** sysUpTime grew less than time went by: it began anew during a silence. */
  'uptime_behind',
  'uptime_wrapped',
  'uptime_ran_on',
  'boots_grew',
  'engine_time_fell',
  'host_uptime_fell',
  'host_uptime_ran_on',
  /** Counters of most ports stand lower than before. */
  'counters_fell',
  /** ifLastChange of every port that told one stands lower than before. */
  'last_change_fell',
] as const;
export type RestartEvidence = (typeof RESTART_EVIDENCE)[number];

/** Said again with the same `seen_ms` where later readings tell more; the last one counts. */
export interface Restart {
  readonly kind: RestartKind;
  /** at_ms of the reading that showed it: its key within the device. */
  readonly seen_ms: number;
  /** at_ms of the last reading before. */
  readonly last_ms: number;
  /** Bounds of the instant at which uptime began anew (or wrapped), UTC ms. */
  readonly earliest_ms: number;
  readonly latest_ms: number;
  /** In the order of RESTART_EVIDENCE. */
  readonly evidence: readonly RestartEvidence[];
}

/**
 * `reboot`: device or SNMP agent began anew. `discontinuity`: the device says so of the port, or
 * nothing proves that the counter ran on. `rate_above_line`: more than line rate × time × 1.1.
 * `cleared`: set back by an operator. `gap`: too long ago. `missing`: no such instance any more.
 * `narrow_at_speed`: 32 bits can wrap unseen at this speed in this time.
 */
export type InvalidReason =
  | 'reboot'
  | 'discontinuity'
  | 'rate_above_line'
  | 'cleared'
  | 'gap'
  | 'missing'
  | 'narrow_at_speed';

/** What one counter of one port did between two readings of it. */
export type CounterDelta = {
  readonly port: number;
  /** MIB object name. */
  readonly column: string;
  /** at_ms of the two readings. */
  readonly from_ms: number;
  readonly to_ms: number;
} & (
  | { readonly validity: 'valid' | 'wrap'; readonly delta: bigint; readonly reason: null }
  | { readonly validity: 'invalid'; readonly delta: null; readonly reason: InvalidReason }
);

export const RATIO_METRICS = ['in_errors', 'fcs', 'alignment', 'late_collisions'] as const;
export type RatioMetric = (typeof RATIO_METRICS)[number];

/** Errors ÷ (packets + errors) of one UTC window of 5 minutes. */
export interface ErrorRatio {
  readonly port: number;
  readonly metric: RatioMetric;
  /** The window. */
  readonly from_ms: number;
  readonly to_ms: number;
  /** at_ms of the first readings of packets and errors in this window and the next; null: none. */
  readonly measured_from_ms: number;
  readonly measured_to_ms: number | null;
  /** All null where a delta between is not valid; `ratio` alone where nothing was received. */
  readonly errors: bigint | null;
  readonly packets: bigint | null;
  readonly ratio: number | null;
}

export type PortStatus = 'up' | 'down' | 'other';
export type Duplex = 'full' | 'half' | 'unknown';

/** A fact of a port and when it became so. */
export type FactChange = {
  readonly port: number;
  /** Null: the first that is known of the port. */
  readonly earliest_ms: number | null;
  readonly latest_ms: number;
} & (
  | {
      readonly fact: 'oper';
      readonly before: PortStatus | null;
      readonly value: PortStatus;
      /** 2 where ifLastChange moved although the state is as before: it went and came back. */
      readonly changes: 1 | 2;
    }
  | { readonly fact: 'admin'; readonly before: PortStatus | null; readonly value: PortStatus }
  /** Mb/s; null: not known, which is not slow. */
  | { readonly fact: 'speed'; readonly before: number | null; readonly value: number | null }
  | { readonly fact: 'duplex'; readonly before: Duplex | null; readonly value: Duplex | null }
);

/** ≥ 3 changes of up and down within 10 minutes; said again as it goes on, key port + from_ms. */
export interface Flap {
  readonly port: number;
  /** Latest bounds of the first and last change; to_ms null: still flapping. */
  readonly from_ms: number;
  readonly to_ms: number | null;
  readonly changes: number;
}

/** A physical port that is up and not as good as it can be; said again when it ends. */
export interface PortFinding {
  readonly port: number;
  readonly finding: 'half_duplex' | 'slow';
  /** at_ms of the first reading that shows it and of the first that does not; null: still so. */
  readonly from_ms: number;
  readonly to_ms: number | null;
  readonly speed_mbps: number | null;
  /** Best speed so far of this port while up. */
  readonly best_mbps: number | null;
}

export interface CountersOutput {
  readonly restarts: Restart[];
  readonly deltas: CounterDelta[];
  readonly ratios: ErrorRatio[];
  readonly changes: FactChange[];
  readonly flaps: Flap[];
  readonly findings: PortFinding[];
}
