import type { DeviceKind, Reachability } from './codes.ts';

/**
 * The target list of one agent (docs/formats/targets.md). The public part is signed by the
 * document key and is a leaf; the private part (addresses, names, MACs, salts) is bound to it by
 * a commitment per target. A target's index is its position, stable inside one version only.
 */
export interface TargetList {
  readonly v: 1;
  /** Increases by 1; an agent refuses an older one. */
  readonly version: number;
  readonly site: string;
  readonly agent: string;
  /** Origin of the log that the list is a leaf of. */
  readonly log: string;
  readonly issued_ms: number;
  readonly targets: readonly PublicTarget[];
}

export interface PublicTarget {
  /** Asset code, unique in the site. */
  readonly code: string;
  readonly kind: DeviceKind;
  /** False: measured only to corroborate causes; adds no slots. */
  readonly own: boolean;
  readonly reachability: Reachability;
  readonly probes: PublicProbes;
  /** Where it is plugged in: device code and port as declared. */
  readonly link?: { readonly device: string; readonly port?: string };
  /** Of an unmanaged switch: codes of devices behind it, whose silence together is its own. */
  readonly witnesses?: readonly string[];
  /** Base64 SHA-256(salt ‖ record bytes). */
  readonly commitment: string;
}

/** What reading a batch needs of a target. */
export type MeasuredTarget = Pick<
  PublicTarget,
  'code' | 'kind' | 'own' | 'reachability' | 'probes'
>;

export interface PublicProbes {
  readonly icmp?: ProbeTimes;
  readonly arp?: { readonly interval_ms: number };
  readonly snmp?: { readonly interval_ms: number };
  /** One large echo beside the small ones: a link of half duplex loses it first. */
  readonly echo_large?: EchoLarge;
  /** Ports, names and pages stand in the private record, in the same order. */
  readonly tcp?: readonly ProbeTimes[];
  readonly dns?: readonly ProbeTimes[];
  readonly http?: readonly ProbeTimes[];
}

export interface ProbeTimes {
  /** On the UTC grid, INTERVALS_S. */
  readonly interval_ms: number;
  /** 50 to interval − 100. */
  readonly timeout_ms: number;
}

export interface EchoLarge extends ProbeTimes {
  /** ICMP payload, ECHO_LARGE_BYTES_MIN to ECHO_LARGE_BYTES_MAX. */
  readonly bytes: number;
}

/** Sent beside the public part to the agent only, never a leaf. */
export interface PrivateTargets {
  readonly v: 1;
  readonly version: number;
  /** In the order of the public targets. */
  readonly records: readonly PrivateRecord[];
}

export interface PrivateRecord {
  /** Base64, 16 random bytes; kept while the record is unchanged. */
  readonly salt: string;
  /** JSON text of a TargetRecord; committed to byte for byte. */
  readonly record: string;
}

export interface TargetRecord {
  readonly name: string;
  readonly address?: string;
  readonly mac?: string;
  readonly hostname?: string;
  /** Secrets stand here by name only; their values live on the agent. */
  readonly snmp?: SnmpRecord;
  /** As many as the public part has, in its order; so for dns and http. */
  readonly tcp?: readonly { readonly port: number }[];
  readonly dns?: readonly { readonly name: string }[];
  readonly http?: readonly { readonly url: string }[];
}

export type SnmpRecord =
  | { readonly version: '1' | '2c'; readonly port: number; readonly secret: string }
  | {
      readonly version: '3';
      readonly port: number;
      readonly user: string;
      readonly level: 'noAuthNoPriv' | 'authNoPriv' | 'authPriv';
      readonly auth?: string;
      readonly auth_secret?: string;
      readonly priv?: string;
      readonly priv_secret?: string;
      /** RFC 3411 contextName; absent: the default context. */
      readonly context?: string;
    };

/** The slot grid of a target: the interval of its reachability probe; null if it has none. */
export function slotIntervalMs(target: PublicTarget): number | null {
  switch (target.reachability) {
    case 'icmp':
      return target.probes.icmp?.interval_ms ?? null;
    case 'arp':
      return target.probes.arp?.interval_ms ?? null;
    case 'snmp':
      return target.probes.snmp?.interval_ms ?? null;
    case 'tcp':
      return target.probes.tcp?.[0]?.interval_ms ?? null;
    case 'none':
      return null;
  }
}
