import type { DeviceKind, Reachability } from './codes.ts';
import type { SnmpRecord } from './targets.ts';

/** One site as the collector uses it: every default filled in, times in ms, MACs normalised. */
export interface Inventory {
  readonly unit: Unit;
  readonly site: Site;
  /** At least one; the first is the default owner of devices. */
  readonly agents: readonly AgentEntry[];
  readonly devices: readonly Device[];
}

export interface Unit {
  readonly code: string;
  readonly name: string;
  readonly parent?: string;
  /** Former and other names, printed in documents. */
  readonly aliases: readonly string[];
}

export interface Site {
  readonly code: string;
  readonly name: string;
  readonly calendar: string;
  readonly contact?: { readonly name?: string; readonly phone?: string };
  /** Number of workplaces by group. */
  readonly workplaces: Readonly<Record<string, number>>;
}

export interface AgentEntry {
  readonly code: string;
  /** The agent's own address, when a person wants it checked against the devices'. */
  readonly address?: string;
  readonly attached?: Attachment;
}

export interface Attachment {
  readonly device: string;
  /** ifName, ifDescr or ifIndex. */
  readonly port?: string;
}

export interface Device {
  readonly code: string;
  readonly name: string;
  readonly kind: DeviceKind;
  readonly address?: string;
  /** Lower case with colons. */
  readonly mac?: string;
  readonly hostname?: string;
  readonly reachability: Reachability;
  /** The owning agent: the only one whose probes are this device's slots. */
  readonly agent: string;
  readonly attached?: Attachment;
  readonly groups: readonly string[];
  readonly powered_by: PoweredBy;
  readonly probes: Probes;
  /** A minute whose p95 lies above counts as degraded, ms. */
  readonly rtt_limit_ms: number;
  /** Devices behind an unmanaged switch whose silence together means that it is down. */
  readonly witnesses: readonly string[];
  readonly asset: Asset;
}

export const POWERED_BY = ['mains', 'poe', 'ups', 'unknown'] as const;
export type PoweredBy = (typeof POWERED_BY)[number];

/** Interval on the UTC grid and timeout, 50 ≤ timeout_ms ≤ interval_ms − 100. */
export interface Timing {
  readonly interval_ms: number;
  readonly timeout_ms: number;
}

export interface Probes {
  readonly icmp?: Timing;
  readonly arp?: Timing;
  readonly snmp?: Timing & SnmpRecord;
  readonly tcp: readonly (Timing & { readonly port: number })[];
  readonly dns: readonly (Timing & { readonly name: string })[];
  readonly http: readonly (Timing & { readonly url: string })[];
}

export interface Asset {
  readonly owner?: string;
  readonly year_in_service?: number;
  readonly original_cost_vnd?: number;
  readonly fixed_asset?: boolean;
  readonly serial?: string;
  readonly model?: string;
  readonly room?: string;
  /** Counts replacements under one asset code, from 1. */
  readonly generation?: number;
}
