import { fromBase64, fromUtf8, toBase64, toHex, utf8 } from '../../shared/bytes.ts';
import type { Crypto } from '../../shared/evidence/crypto.ts';
import { parseEnvelope } from '../../shared/evidence/dsse.ts';
import { classify, parseAddress } from '../../shared/measure/address.ts';
import { SALT_BYTES } from '../../shared/measure/batch.ts';
import { defaultTimeoutMs } from '../../shared/measure/inventory-defaults.ts';
import type { Device, Inventory, Timing } from '../../shared/measure/inventory-types.ts';
import { commitment } from '../../shared/measure/target-list.ts';
import type {
  EchoLarge,
  PrivateRecord,
  PrivateTargets,
  ProbeTimes,
  PublicProbes,
  PublicTarget,
  SnmpRecord,
  TargetList,
  TargetRecord,
} from '../../shared/measure/targets.ts';
import type { TargetsRow } from '../store/rows.ts';
import type { InventoryReads } from '../store/store-inventory.ts';

/** Bad cables and wrong duplex lose long frames first; one a 10 s is no load on anything. */
const ECHO_LARGE_INTERVAL_MS = 10_000;
/** ICMP payload: a frame of 1,442 bytes, below the MTU of every tunnel in use. */
const ECHO_LARGE_BYTES = 1_400;

/** Targets of one agent with their private records, and the salts that are new. */
export interface TargetDraft {
  readonly targets: readonly PublicTarget[];
  readonly records: readonly PrivateRecord[];
  readonly salts: readonly { readonly key: string; readonly salt: Uint8Array }[];
}

/**
 * The targets of an agent in the order of the inventory. A record keeps its salt while its text
 * is the same, so that an unchanged device has an unchanged commitment.
 */
export async function draftTargets(
  deps: { readonly crypto: Crypto; readonly random: (bytes: number) => Uint8Array },
  reads: Pick<InventoryReads, 'salt'>,
  inventory: Inventory,
  agent: string,
): Promise<TargetDraft> {
  const site = inventory.site.code;
  const targets: PublicTarget[] = [];
  const records: PrivateRecord[] = [];
  const salts: { key: string; salt: Uint8Array }[] = [];
  for (const device of inventory.devices) {
    if (device.agent !== agent) continue;
    const record = JSON.stringify(targetRecord(device));
    const key = `${device.code}/${toHex(deps.crypto.sha256(utf8(record)))}`;
    let salt = await reads.salt(site, key);
    if (salt === null) {
      salt = deps.random(SALT_BYTES);
      salts.push({ key, salt });
    }
    const text = toBase64(salt);
    records.push({ salt: text, record });
    targets.push(publicTarget(device, commitment(deps.crypto, text, record)));
  }
  return { targets, records, salts };
}

/** The signed payload of a list of our own store. */
export function listOf({ envelope }: Pick<TargetsRow, 'envelope'>): TargetList {
  return JSON.parse(fromUtf8(fromBase64(parseEnvelope(envelope).payload)));
}

/**
 * False where an agent showed the list after a restore: only the agent has its addresses then,
 * and it must be given a new one.
 */
export function isPrivateKnown(row: Pick<TargetsRow, 'envelope' | 'private'>): boolean {
  const { records }: PrivateTargets = JSON.parse(row.private);
  return records.length === listOf(row).targets.length;
}

function publicTarget(device: Device, bound: string): PublicTarget {
  const { code, kind, reachability, attached, witnesses } = device;
  return {
    code,
    kind,
    own: true,
    reachability,
    probes: publicProbes(device),
    ...(attached === undefined ? {} : { link: attached }),
    ...(kind === 'unmanaged-switch' && witnesses.length > 0 ? { witnesses } : {}),
    commitment: bound,
  };
}

/** Members that stand for nothing are left out: an unchanged device keeps its old text. */
function publicProbes(device: Device): PublicProbes {
  const { icmp, arp, snmp, tcp, dns, http } = device.probes;
  const large = largeEcho(device);
  return {
    ...(icmp === undefined ? {} : { icmp: times(icmp) }),
    ...(arp === undefined ? {} : { arp: { interval_ms: arp.interval_ms } }),
    ...(snmp === undefined ? {} : { snmp: { interval_ms: snmp.interval_ms } }),
    ...(large === null ? {} : { echo_large: large }),
    ...(tcp.length === 0 ? {} : { tcp: tcp.map(times) }),
    ...(dns.length === 0 ? {} : { dns: dns.map(times) }),
    ...(http.length === 0 ? {} : { http: http.map(times) }),
  };
}

function times({ interval_ms, timeout_ms }: Timing): ProbeTimes {
  return { interval_ms, timeout_ms };
}

/** Beside every small echo of the own network; strangers are not asked twice (house rule 14). */
function largeEcho({ kind, address, probes: { icmp } }: Device): EchoLarge | null {
  if (icmp === undefined || kind === 'upstream') return null;
  const where = address === undefined ? undefined : parseAddress(address);
  if (where !== undefined && classify(where) === 'public') return null;
  // Who is asked seldom on purpose is not asked more often by the large one.
  const interval_ms = Math.max(ECHO_LARGE_INTERVAL_MS, icmp.interval_ms);
  const timeout_ms = defaultTimeoutMs('icmp', interval_ms);
  return { interval_ms, timeout_ms, bytes: ECHO_LARGE_BYTES };
}

function targetRecord(device: Device): TargetRecord {
  const { name, address, mac, hostname, probes } = device;
  const { tcp, dns, http } = probes;
  return {
    name,
    ...(address === undefined ? {} : { address }),
    ...(mac === undefined ? {} : { mac }),
    ...(hostname === undefined ? {} : { hostname }),
    ...(probes.snmp === undefined ? {} : { snmp: snmpRecord(probes.snmp) }),
    ...(tcp.length === 0 ? {} : { tcp: tcp.map(({ port }) => ({ port })) }),
    ...(dns.length === 0 ? {} : { dns: dns.map((check) => ({ name: check.name })) }),
    ...(http.length === 0 ? {} : { http: http.map(({ url }) => ({ url })) }),
  };
}

function snmpRecord({
  interval_ms: _interval,
  timeout_ms: _timeout,
  ...record
}: SnmpRecord & { interval_ms: number; timeout_ms: number }): SnmpRecord {
  return record;
}
