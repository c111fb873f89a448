import type { CheckOutcomes, CheckProbe, IdentityWhat, RawCode, SeriesProbe } from './codes.ts';

/**
 * The batch: signed header + gzip(JSON) sections (docs/formats/batch.md). Times named `mono` are
 * integer ms of CLOCK_MONOTONIC since the boot named in the header; all others are UTC epoch ms.
 */
export const BATCH_VERSION = 1;
export const SECTION_NAMES = ['infra', 'endpoints', 'identity'] as const;
export type SectionName = (typeof SECTION_NAMES)[number];
/** Sections whose stored bytes begin with a random salt, so that their hash tells nothing. */
export const PRIVATE_SECTIONS: ReadonlySet<SectionName> = new Set(['endpoints', 'identity']);

export const SEAL_CAUSES = ['minute', 'early', 'list', 'run', 'stop'] as const;
export type SealCause = (typeof SEAL_CAUSES)[number];

/** Where a clock sample comes from; `collector` is Cristian's method over one request. */
export const CLOCK_SOURCES = ['kernel', 'chrony', 'collector', 'none'] as const;

export interface ClockSample {
  readonly mono_ms: number;
  readonly wall_ms: number;
  readonly source: (typeof CLOCK_SOURCES)[number];
  /** True if the source said that the time was synchronised when the sample was taken. */
  readonly sync: boolean;
  /** Bound of the error, or null where the source gives none. */
  readonly error_ms: number | null;
}

/** Coded events; the numbers that belong to a code are listed in docs/formats/batch.md. */
export const EVENT_CODES = [
  'start',
  'stop',
  'clock_step',
  'suspend',
  'link_down',
  'link_up',
  'list_applied',
  'list_refused',
  'engine_died',
  'engine_silent',
  'engine_fallback',
  'disk_full',
  'disk_ok',
  'mac_conflict',
  'address_moved',
  'address_duplicate',
  'polled_gently',
  'history_lost',
  'ac_off',
  'ac_on',
] as const;
export type EventCode = (typeof EVENT_CODES)[number];

export interface AgentEvent {
  readonly code: EventCode;
  readonly mono_ms: number;
  /** Target index, where the event is about one target. */
  readonly target?: number;
  /** The number that belongs to the code: a step in ms, a list version, a length in ms. */
  readonly value?: number;
  /** UTC ms that belongs to the code: for list_applied the minute from which the list holds. */
  readonly utc_ms?: number;
}

export interface SectionRef {
  readonly name: SectionName;
  readonly bytes: number;
  /** Base64 SHA-256 over the stored bytes (for private sections: 16 salt bytes, then gzip). */
  readonly sha256: string;
}

export interface BatchHeader {
  readonly v: typeof BATCH_VERSION;
  readonly site: string;
  readonly agent: string;
  readonly epoch: number;
  readonly seq: number;
  /** Base64 batch hash of seq − 1; for seq 1 the hash of the enrol document. */
  readonly prev: string;
  readonly list: { readonly version: number; readonly hash: string };
  /** Newest checkpoint that the agent verified; the signed note itself when it changed. */
  readonly seen: { readonly log: string; readonly size: number; readonly checkpoint?: string };
  readonly boot: string;
  readonly run: string;
  readonly sealed_ms: number;
  /** Every tick placed before this UTC ms is in this batch or an earlier one. */
  readonly closed_to_ms: number;
  readonly cause: SealCause;
  /** Both stand in the first batch of a run and hold for the run until they stand again. */
  readonly engine?: { readonly icmp: string; readonly arp: string };
  readonly software?: string;
  readonly clock: readonly ClockSample[];
  readonly events: readonly AgentEvent[];
  readonly sections: readonly SectionRef[];
}

/** Ticks n0 … n0+n−1 of one series for some targets. Tick j was sent at t0 + j × i. */
export interface SeriesPart {
  readonly probe: SeriesProbe;
  /** Which of the targets' checks, 0 to CHECKS_MAX − 1; only for tcp, dns, http; absent: 0. */
  readonly check?: number;
  /** Monotonic ms of tick 0. */
  readonly t0: number;
  /** Interval, ms. */
  readonly i: number;
  readonly n0: number;
  readonly n: number;
  /** Target indexes of the list in force; in the JSON a text of runs (index-runs.ts). */
  readonly targets: readonly number[];
  /** Per target a run-length string over the n ticks: `r12n3r45`. */
  readonly s: readonly string[];
  /** [tick, ms] where a tick was sent more than 20 ms late. */
  readonly lag?: readonly (readonly [number, number])[];
  /** In the batch that closes a minute: round trips of that minute, µs, per target. */
  readonly rtt?: RttColumns;
}

export interface RttColumns {
  readonly min: readonly (number | null)[];
  readonly med: readonly (number | null)[];
  readonly p95: readonly (number | null)[];
  readonly max: readonly (number | null)[];
}

/**
 * What one check of one target saw, oldest first: `s` of the series says whether it worked, this
 * says how. Only in part: a batch may hold ticks of a series without their details.
 */
export type CheckPart = {
  readonly [Probe in CheckProbe]: {
    /** Target index. */
    readonly target: number;
    readonly probe: Probe;
    /** Its place among the target's checks of this probe, from 0. */
    readonly check: number;
    readonly ticks: readonly CheckTick<CheckOutcomes[Probe]>[];
  };
}[CheckProbe];

/**
 * Mono ms when it was sent, outcome, µs per phase (CHECK_PHASES; null where the phase was not
 * finished or not needed), and the DNS RCODE or HTTP status if there was one.
 */
export type CheckTick<Outcome = CheckOutcomes[CheckProbe]> =
  | readonly [number, Outcome, readonly (number | null)[]]
  | readonly [number, Outcome, readonly (number | null)[], number];

/** One target's SNMP polls in this batch, oldest first; read by shared/measure/snmp-columns.ts. */
export interface SnmpPart {
  readonly target: number;
  readonly polls: readonly SnmpPoll[];
  /** Scalars read with the newest poll: hrSystemUptime, snmpEngineBoots, snmpEngineTime. */
  readonly scalars?: Readonly<Record<string, number | string>>;
}

/**
 * Request mono ms, response ms, sysUpTime ticks or null, outcome; where a table of ports was read
 * also its number and what it held: everything (`SnmpKey`) or the differences (`SnmpChanges`).
 */
export type SnmpPoll =
  | readonly [number, number, number | null, string]
  | readonly [number, number, number | null, string, number, SnmpKey | SnmpChanges];

/** A key poll: the table with all its values. It needs nothing that was sent before. */
export interface SnmpKey {
  readonly if_index: readonly number[];
  /** Names of MIB objects. */
  readonly columns: readonly string[];
  /**
   * Per column one value per `if_index`, null where the port has none. Integers beyond 2^53 − 1
   * are decimal strings.
   */
  readonly values: readonly (readonly (number | string | null)[])[];
}

/**
 * Per column of the table's newest key poll the differences to the poll of this table before, one
 * per port; 0 stands for a column without any, and such columns at the end are left out.
 */
export type SnmpChanges = readonly (0 | readonly (number | string)[])[];

/** Facts of the agent's own host over the batch; in the JSON a list in HOST_ORDER. */
export interface HostPart {
  readonly carrier: boolean | null;
  readonly carrier_changes: number | null;
  readonly speed_mbps: number | null;
  readonly duplex: 'full' | 'half' | null;
  /** Frames received by the NIC since the last batch that said so. */
  readonly rx_frames: number | null;
  /** Mains: true plugged in, false on battery, null unknown. */
  readonly ac_line: boolean | null;
}

export const HOST_ORDER = [
  'carrier',
  'carrier_changes',
  'speed_mbps',
  'duplex',
  'rx_frames',
  'ac_line',
] as const satisfies readonly (keyof HostPart)[];

/** `infra` and `endpoints`. */
export interface ResultSection {
  readonly v: 1;
  readonly series: readonly SeriesPart[];
  readonly snmp?: readonly SnmpPart[];
  readonly checks?: readonly CheckPart[];
  readonly host?: HostPart;
}

/** `identity`: addresses, MACs, names. No figure reads it. */
export interface IdentitySection {
  readonly v: 1;
  readonly rows: readonly IdentityRow[];
}
export interface IdentityRow {
  readonly target: number;
  readonly what: IdentityWhat;
  /** ifIndex, where the row is about a port. */
  readonly port?: number;
  readonly value: string;
}

// Limits. A batch of a busy site is 2 kB; these stop a broken or hostile sender.
/** Whole request body: a day of backlog of one site is sent as many batches, never as one. */
export const BATCH_BYTES_MAX = 1024 * 1024;
export const HEADER_BYTES_MAX = 64 * 1024;
/** Inflated JSON of one section: 2,000 targets with SNMP of 200 switches fit. */
export const SECTION_INFLATED_BYTES_MAX = 8 * 1024 * 1024;
export const SALT_BYTES = 16;
/** Targets of one agent (inventory allows 2,000 devices a site). */
export const TARGETS_MAX = 2_000;
/** Ticks of one series in one batch: an hour at 1/s; a batch normally holds a minute. */
export const TICKS_MAX = 3_600;
export const EVENTS_MAX = 1_000;
export const CLOCK_SAMPLES_MAX = 64;

/** A run of equal codes: the decoded form of a run-length string. */
export interface CodeRun {
  readonly code: RawCode;
  readonly ticks: number;
}
