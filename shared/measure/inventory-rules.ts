import { jsonPath, type Path, quote } from '../problem.ts';
import {
  classify,
  type IpAddress,
  isGroupMac,
  isLocallyAdministered,
  parseAddress,
  sameAddress,
} from './address.ts';
import {
  PUBLIC_ICMP_INTERVAL_MIN_MS,
  PUBLIC_SERVICE_INTERVAL_MIN_MS,
} from './inventory-defaults.ts';
import type { Reader } from './inventory-reader.ts';
import type { Device, Inventory } from './inventory-types.ts';

/** Checks what is probed: addresses, identities, and how often strangers are asked. */
export function checkTargets(
  reader: Reader,
  draft: Inventory,
  allow_loopback: boolean,
  own: readonly IpAddress[],
): void {
  const addresses = new Map<string, number>();
  const macs = new Map<string, number>();
  draft.devices.forEach((device, index) => {
    const at: Path = ['devices', index];
    const address = readAddress(reader, device, at, allow_loopback, own);
    if (address !== undefined) {
      const key = `${address.version}:${address.bits}`;
      duplicate(reader, addresses, key, index, 'address', device.address ?? '');
    }
    if (device.mac !== undefined) {
      checkMac(reader, device.mac, [...at, 'mac']);
      duplicate(reader, macs, device.mac, index, 'mac', device.mac);
    }
    checkKind(reader, device, at);
    if (address === undefined ? device.kind === 'upstream' : classify(address) === 'public') {
      checkPublicPace(reader, device, at);
    }
  });
  checkLoneTargets(reader, draft);
}

function readAddress(
  reader: Reader,
  device: Device,
  at: Path,
  allow_loopback: boolean,
  own: readonly IpAddress[],
): IpAddress | undefined {
  const text = device.address;
  if (text === undefined) return undefined;
  const where: Path = [...at, 'address'];
  const address = parseAddress(text);
  if (address === undefined) {
    const fix = 'write an IPv4 or IPv6 address, e.g. 10.77.0.2 (a name goes to `hostname:`)';
    reader.error('INVENTORY_ADDRESS', where, `${quote(text)} is no IP address`, fix);
    return undefined;
  }
  const kind = classify(address);
  const usable = kind === 'private' || kind === 'public' || (kind === 'loopback' && allow_loopback);
  if (!usable) {
    const message = `${text} is a ${kind} address: no single device answers there`;
    const code = `INVENTORY_ADDRESS_${kind.toUpperCase()}`;
    reader.error(code, where, message, 'write the address of the device itself');
    return undefined;
  }
  if (own.some((mine) => sameAddress(mine, address))) {
    const message = `${text} is the agent's own address: it would always answer`;
    reader.error('INVENTORY_ADDRESS_OWN', where, message, 'remove this device');
  }
  const last = Number(address.bits & 0xffn);
  if (address.version === 4 && kind !== 'loopback' && (last === 0 || last === 255)) {
    const message = `${text} is the network or broadcast address of a /24`;
    const fix = 'correct it, unless the network is larger than a /24';
    reader.warning('INVENTORY_ADDRESS_EDGE', where, message, fix);
  }
  return address;
}

function duplicate(
  reader: Reader,
  seen: Map<string, number>,
  key: string,
  index: number,
  field: 'address' | 'mac',
  text: string,
): void {
  const before = seen.get(key);
  if (before === undefined) {
    seen.set(key, index);
    return;
  }
  const code = field === 'mac' ? 'INVENTORY_DUPLICATE_MAC' : 'INVENTORY_DUPLICATE_ADDRESS';
  const message = `${text} is already used by ${jsonPath(['devices', before])}`;
  reader.error(code, ['devices', index, field], message, `correct one of the two`);
}

function checkMac(reader: Reader, mac: string, at: Path): void {
  if (isGroupMac(mac) || mac === '00:00:00:00:00:00') {
    const message = `${mac} belongs to no single device`;
    reader.error('INVENTORY_MAC', at, message, 'write the MAC on the label of the device');
  } else if (isLocallyAdministered(mac)) {
    const message = `${mac} is locally administered (random): it identifies nothing`;
    const fix = 'switch off "random MAC" on the device, or identify it by `hostname:`';
    reader.error('INVENTORY_MAC_LOCAL', at, message, fix);
  }
}

function checkKind(reader: Reader, device: Device, at: Path): void {
  const { probes } = device;
  const count =
    [probes.icmp, probes.arp, probes.snmp].filter((p) => p !== undefined).length +
    probes.tcp.length +
    probes.dns.length +
    probes.http.length;
  if (device.kind === 'unmanaged-switch') {
    if (count === 0) return;
    const fix = 'remove `probes:`, or write `kind: switch` if it has an address';
    const message = 'an unmanaged switch cannot answer a probe';
    reader.error('INVENTORY_UNMANAGED_PROBED', [...at, 'probes'], message, fix);
    return;
  }
  const remote = device.address !== undefined || device.hostname !== undefined;
  const asked = count - probes.dns.length - probes.http.length;
  if (asked > 0 && !remote && device.mac === undefined) {
    const fix = 'add `address:`, `hostname:` or `mac:`';
    const message = 'has probes but nothing to address';
    reader.error('INVENTORY_NO_ADDRESS', [...at, 'probes'], message, fix);
  }
  if (probes.arp !== undefined && device.kind === 'upstream') {
    const fix = 'remove `arp:` and use icmp or tcp';
    const message = 'ARP reaches the own subnet only';
    reader.error('INVENTORY_ARP_UPSTREAM', [...at, 'probes', 'arp'], message, fix);
  }
  if (device.reachability === 'none') {
    const message = 'has no reachability probe: its state is always unknown';
    const fix = 'add `address:` or a probe icmp, arp, tcp or snmp';
    reader.warning('INVENTORY_NO_REACHABILITY', at, message, fix);
  }
}

/** Strangers are asked gently; the agent's own `allow` enforces the same (house rule 14). */
function checkPublicPace(reader: Reader, device: Device, at: Path): void {
  const check = (interval_ms: number | undefined, least_ms: number, ...path: Path) => {
    if (interval_ms === undefined || interval_ms >= least_ms) return;
    const where = [...at, 'probes', ...path, 'interval_s'];
    const message = `outside private address space every ${interval_ms / 1_000} s is too often`;
    const fix = `write ${least_ms / 1_000} or more`;
    reader.error('INVENTORY_PUBLIC_PACE', where, message, fix);
  };
  const { icmp, tcp, dns, http, snmp } = device.probes;
  check(icmp?.interval_ms, PUBLIC_ICMP_INTERVAL_MIN_MS, 'icmp');
  check(snmp?.interval_ms, PUBLIC_SERVICE_INTERVAL_MIN_MS, 'snmp');
  for (const [name, list] of Object.entries({ tcp, dns, http })) {
    list.forEach((probe, i) => {
      check(probe.interval_ms, PUBLIC_SERVICE_INTERVAL_MIN_MS, name, i);
    });
  }
}

/** With one target a silent device and a silent world look alike (accounting §1). */
function checkLoneTargets(reader: Reader, draft: Inventory): void {
  draft.agents.forEach((agent, index) => {
    const targets = draft.devices.filter(
      (d) => d.agent === agent.code && d.reachability !== 'none',
    );
    if (targets.length !== 1) return;
    const message = `${quote(agent.code)} has a single target: a lone target is never down`;
    const fix = 'add a second device, best the gateway';
    reader.warning('INVENTORY_LONE_TARGET', ['agents', index], message, fix);
  });
}
