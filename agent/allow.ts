import { LanProofError } from '../shared/errors.ts';
import {
  classify,
  type IpAddress,
  type IpNetwork,
  inNetwork,
  parseAddress,
  parseNetwork,
  sameAddress,
} from '../shared/measure/address.ts';
import type { DeviceKind, SeriesProbe } from '../shared/measure/codes.ts';
import {
  PUBLIC_ICMP_INTERVAL_MIN_MS,
  PUBLIC_SERVICE_INTERVAL_MIN_MS,
} from '../shared/measure/inventory-defaults.ts';

export type ProbeKind = SeriesProbe;
const ECHO_PROBES: ReadonlySet<ProbeKind> = new Set(['icmp', 'echo_large']);
const SERVICE_PROBES: ReadonlySet<ProbeKind> = new Set(['tcp', 'dns', 'http']);

/** One address of one interface of this machine. */
export interface OwnNetwork {
  readonly address: string;
  readonly prefix: number;
}

export type Permit =
  | { readonly ok: true }
  | { readonly ok: false; readonly code: PermitCode; readonly hint: string };
export type PermitCode =
  | 'TARGET_ADDRESS'
  | 'TARGET_OWN_ADDRESS'
  | 'TARGET_NOT_ALLOWED'
  | 'TARGET_TOO_OFTEN';

export interface AllowList {
  /** May this agent probe this address or host name so often? The collector cannot widen it. */
  permits(host: string, kind: DeviceKind, probe: ProbeKind, interval_ms: number): Permit;
}

/**
 * The agent's own limit (house rule 14). `entries` are the `allow:` of agent.yml: networks,
 * addresses, host names (exact, case ignored). Undefined means the networks that this machine is
 * directly in, where they are private; loopback never, unless an entry says so. Beyond that only
 * devices of kind upstream are probed, by tcp, dns, http every 60 s or icmp every 10 s at most.
 * Throws LanProofError ALLOW_ENTRY for an entry that is neither.
 */
export function createAllowList(
  entries: readonly string[] | undefined,
  own: readonly OwnNetwork[],
): AllowList {
  const networks: IpNetwork[] = entries === undefined ? privateNetworks(own) : [];
  const hosts = new Set<string>();
  for (const [index, entry] of (entries ?? []).entries()) {
    const network = parseNetwork(entry);
    if (network !== undefined) networks.push(network);
    else if (isHostName(entry)) hosts.add(hostKey(entry));
    else {
      throw new LanProofError('ALLOW_ENTRY', 'an entry is no network, address or host name', {
        hint: 'write e.g. 10.77.0.0/24, 10.77.0.2 or printer.example.vn',
        place: `allow[${index}]`,
      });
    }
  }
  const ownAddresses = own.flatMap(({ address }) => parseAddress(address) ?? []);
  return {
    permits: (host, kind, probe, interval_ms) => {
      const address = parseAddress(host);
      if (address === undefined) {
        if (!isHostName(host)) return refuse('TARGET_ADDRESS', 'this is no address or host name');
        if (hosts.has(hostKey(host))) return { ok: true };
      } else {
        const bad = unusable(address, ownAddresses);
        if (bad !== undefined) return bad;
        if (networks.some((net) => inNetwork(address, net))) return { ok: true };
        const where = classify(address);
        if (where === 'loopback') return outside(host);
      }
      return kind === 'upstream' ? upstream(host, probe, interval_ms) : outside(host);
    },
  };
}

/**
 * May the agent connect to `address`, which a name server gave for `host`? As for a listed address;
 * a name that `allow` holds also leads to public addresses, but whoever answers for it cannot lead
 * the agent into a network that nobody allowed (DNS rebinding).
 */
export function permitsResolved(
  allow: AllowList,
  host: string,
  address: string,
  kind: DeviceKind,
  probe: ProbeKind,
  interval_ms: number,
): Permit {
  const direct = allow.permits(address, kind, probe, interval_ms);
  const parsed = parseAddress(address);
  if (direct.ok || direct.code !== 'TARGET_NOT_ALLOWED' || parsed === undefined) return direct;
  // As any device but an upstream one: only an entry of `allow` permits its name.
  const named = allow.permits(host, 'server', probe, interval_ms).ok;
  return named && classify(parsed) === 'public' ? { ok: true } : direct;
}

/** Packets that one probe costs; a request and its repetitions, answers not counted. */
const PACKETS_PER_PROBE: Readonly<Record<ProbeKind, number>> = {
  icmp: 1,
  arp: 1,
  // A walk of system and interfaces; larger devices are walked more slowly, not more densely.
  snmp: 20,
  echo_large: 1,
  // Up to three SYN in three seconds of silence.
  tcp: 3,
  dns: 1,
  // Name, connection, TLS, request, and an acknowledgement for every second segment of 64 KiB.
  http: 32,
};

export interface PlannedProbe {
  readonly probe: ProbeKind;
  readonly interval_ms: number;
}

/** Packets a second that these probes cost, averaged: Σ packets / interval. */
export function planPackets(probes: readonly PlannedProbe[]): number {
  return probes.reduce(
    (sum, { probe, interval_ms }) => sum + (PACKETS_PER_PROBE[probe] * 1_000) / interval_ms,
    0,
  );
}

/** Refuses a plan above `max_packets_per_s`. Throws LanProofError PACKETS_TOO_MANY. */
export function checkPackets(probes: readonly PlannedProbe[], max_packets_per_s: number): number {
  const planned = planPackets(probes);
  if (planned <= max_packets_per_s) return planned;
  const needed = `the target list needs ${planned.toFixed(1)} packets/s`;
  const message = `${needed}, allowed are ${max_packets_per_s}`;
  throw new LanProofError('PACKETS_TOO_MANY', message, {
    hint: 'raise `max_packets_per_s` in agent.yml, or lengthen intervals in the inventory',
  });
}

function privateNetworks(own: readonly OwnNetwork[]): IpNetwork[] {
  return own.flatMap(({ address, prefix }) => {
    const network = parseNetwork(`${address}/${prefix}`);
    return network !== undefined && classify(network) === 'private' ? [network] : [];
  });
}

function unusable(address: IpAddress, own: readonly IpAddress[]): Permit | undefined {
  const kind = classify(address);
  if (kind === 'unspecified' || kind === 'multicast' || kind === 'broadcast') {
    return refuse('TARGET_ADDRESS', `a ${kind} address is no device; correct the inventory`);
  }
  if (!own.some((mine) => sameAddress(mine, address))) return undefined;
  return refuse('TARGET_OWN_ADDRESS', "this is the agent's own address; remove the device");
}

function upstream(host: string, probe: ProbeKind, interval_ms: number): Permit {
  const echo = ECHO_PROBES.has(probe);
  if (!echo && !SERVICE_PROBES.has(probe)) return outside(host);
  const least_ms = echo ? PUBLIC_ICMP_INTERVAL_MIN_MS : PUBLIC_SERVICE_INTERVAL_MIN_MS;
  if (interval_ms >= least_ms) return { ok: true };
  return refuse('TARGET_TOO_OFTEN', `ask at most every ${least_ms / 1_000} s outside \`allow\``);
}

function outside(host: string): Permit {
  return refuse('TARGET_NOT_ALLOWED', `add ${host} or its network to \`allow:\` in agent.yml`);
}

function refuse(code: PermitCode, hint: string): Permit {
  return { ok: false, code, hint };
}

/** Letters, digits, dashes; the last label is no number, so a broken IPv4 is no host name. */
function isHostName(text: string): boolean {
  const LABEL = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?$/i;
  if (text.length > 253) return false;
  const labels = text.replace(/\.$/, '').split('.');
  return labels.every((label) => LABEL.test(label)) && !/^\d+$/.test(labels.at(-1) ?? '');
}

function hostKey(text: string): string {
  return text.replace(/\.$/, '').toLowerCase();
}
