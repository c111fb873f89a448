import { fromBase64, fromUtf8, toBase64, toHex, utf8 } from '../../shared/bytes.ts';
import type { Crypto } from '../../shared/evidence/crypto.ts';
import { parseEnvelope } from '../../shared/evidence/dsse.ts';
import { SALT_BYTES } from '../../shared/measure/batch.ts';
import type { Device, Inventory } from '../../shared/measure/inventory-types.ts';
import { commitment } from '../../shared/measure/target-list.ts';
import type {
  PrivateRecord,
  PrivateTargets,
  PublicProbes,
  PublicTarget,
  SnmpRecord,
  TargetList,
  TargetRecord,
} from '../../shared/measure/targets.ts';
import type { TargetsRow } from '../store/rows.ts';
import type { InventoryReads } from '../store/store-inventory.ts';

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
  const { code, kind, reachability, attached } = device;
  return {
    code,
    kind,
    own: true,
    reachability,
    probes: publicProbes(device),
    ...(attached === undefined ? {} : { link: attached }),
    commitment: bound,
  };
}

function publicProbes({ probes: { icmp, arp, snmp } }: Device): PublicProbes {
  return {
    ...(icmp === undefined
      ? {}
      : { icmp: { interval_ms: icmp.interval_ms, timeout_ms: icmp.timeout_ms } }),
    ...(arp === undefined ? {} : { arp: { interval_ms: arp.interval_ms } }),
    ...(snmp === undefined ? {} : { snmp: { interval_ms: snmp.interval_ms } }),
  };
}

function targetRecord(device: Device): TargetRecord {
  const { name, address, mac, hostname, probes } = device;
  return {
    name,
    ...(address === undefined ? {} : { address }),
    ...(mac === undefined ? {} : { mac }),
    ...(hostname === undefined ? {} : { hostname }),
    ...(probes.snmp === undefined ? {} : { snmp: snmpRecord(probes.snmp) }),
  };
}

function snmpRecord({
  interval_ms: _interval,
  timeout_ms: _timeout,
  ...record
}: SnmpRecord & { interval_ms: number; timeout_ms: number }): SnmpRecord {
  return record;
}
