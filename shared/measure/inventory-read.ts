import { type Path, quote } from '../problem.ts';
import { parseMac } from './address.ts';
import { DEVICE_KINDS, type DeviceKind, REACHABILITIES, type Reachability } from './codes.ts';
import { RTT_LIMIT_LAN_MS, RTT_LIMIT_OUTSIDE_MS } from './inventory-defaults.ts';
import { readProbes } from './inventory-probes.ts';
import type { Reader } from './inventory-reader.ts';
import type { Asset, Attachment, Device, Probes } from './inventory-types.ts';
import { POWERED_BY } from './inventory-types.ts';
import { isDnsName } from './service-names.ts';

const RTT_LIMIT_MAX_MS = 10_000;
const YEAR_MIN = 1980;
const YEAR_MAX = 2100;
const COST_VND_MAX = 1_000_000_000_000;

/** Reads `devices[index]`; `first_agent` owns devices that name no agent. */
export function readDevice(
  reader: Reader,
  raw: unknown,
  index: number,
  first_agent: string,
): Device {
  const at: Path = ['devices', index];
  const value = reader.record(raw, at);
  const code = reader.code(value['code'], [...at, 'code']);
  const kind = reader.oneOf(value['kind'], [...at, 'kind'], DEVICE_KINDS, 'pc');
  const address = reader.optionalText(value['address'], [...at, 'address']);
  const mac = readMac(reader, value['mac'], [...at, 'mac']);
  const hostname = readHostname(reader, value['hostname'], [...at, 'hostname']);
  const addressable = address !== undefined || mac !== undefined || hostname !== undefined;
  const given = readProbes(reader, value['probes'], [...at, 'probes'], kind);
  const { reachability, probes } = readReachability(reader, value, at, kind, addressable, given);
  const attached = readAttachment(reader, value['attached'], [...at, 'attached']);
  return {
    code,
    name: reader.optionalText(value['name'], [...at, 'name']) ?? code,
    kind,
    ...(address === undefined ? {} : { address }),
    ...(mac === undefined ? {} : { mac }),
    ...(hostname === undefined ? {} : { hostname }),
    reachability,
    agent: reader.optionalCode(value['agent'], [...at, 'agent']) ?? first_agent,
    ...(attached === undefined ? {} : { attached }),
    groups: reader.codes(value['groups'], [...at, 'groups']),
    powered_by: reader.oneOf(
      value['powered_by'] ?? 'unknown',
      [...at, 'powered_by'],
      POWERED_BY,
      'unknown',
    ),
    probes,
    rtt_limit_ms: readRttLimit(reader, value['rtt_limit_ms'], [...at, 'rtt_limit_ms'], kind),
    witnesses: reader.codes(value['witnesses'], [...at, 'witnesses']),
    asset: readAsset(reader, value['asset'], [...at, 'asset']),
  };
}

export function readAttachment(reader: Reader, raw: unknown, at: Path): Attachment | undefined {
  if (raw === undefined) return undefined;
  const value = reader.record(raw, at);
  const port = reader.optionalText(value['port'], [...at, 'port']);
  const device = reader.code(value['device'], [...at, 'device']);
  return { device, ...(port === undefined ? {} : { port }) };
}

/**
 * Contracts §2: the first of icmp, arp, tcp[0], snmp among `probes`; without `probes`, icmp; none
 * for an unmanaged switch or where nothing can be addressed. No probe is added beside given ones.
 */
function readReachability(
  reader: Reader,
  value: Readonly<Record<string, unknown>>,
  at: Path,
  kind: DeviceKind,
  addressable: boolean,
  given: Probes,
): { reachability: Reachability; probes: Probes } {
  const where: Path = [...at, 'reachability'];
  const stated = value['reachability'];
  const probeless = kind === 'unmanaged-switch' || !addressable;
  const bare = value['probes'] === undefined;
  let reachability: Reachability;
  if (stated !== undefined) reachability = reader.oneOf(stated, where, REACHABILITIES, 'none');
  else if (probeless) reachability = 'none';
  else if (bare) reachability = 'icmp';
  else {
    const order = ['icmp', 'arp', 'tcp', 'snmp'] as const;
    reachability = order.find((name) => hasProbe(given, name)) ?? 'none';
  }
  if (bare && reachability === 'icmp' && !probeless) {
    return { reachability, probes: readProbes(reader, { icmp: {} }, [...at, 'probes'], kind) };
  }
  if (reachability !== 'none' && !hasProbe(given, reachability)) {
    const fix = probeless
      ? 'write `reachability: none`: there is nothing to ask'
      : `add \`${reachability}:\` to \`probes:\`, or name one of the probes given`;
    const message = `reachability ${reachability} is not among the probes`;
    reader.error('INVENTORY_REACHABILITY', where, message, fix);
  }
  return { reachability, probes: given };
}

function hasProbe(probes: Probes, name: Exclude<Reachability, 'none'>): boolean {
  return name === 'tcp' ? probes.tcp.length > 0 : probes[name] !== undefined;
}

function readHostname(reader: Reader, raw: unknown, at: Path): string | undefined {
  const name = reader.optionalText(raw, at);
  if (name === undefined || name === '' || isDnsName(name)) return name;
  const message = `${quote(name)} is no host name`;
  reader.error('INVENTORY_HOSTNAME', at, message, 'write a name that resolves, e.g. pc-12.local');
  return name;
}

function readMac(reader: Reader, raw: unknown, at: Path): string | undefined {
  const text = reader.optionalText(raw, at);
  if (text === undefined) return undefined;
  const mac = parseMac(text);
  if (mac === undefined) {
    const fix = 'write six pairs of hex digits, e.g. 00:1b:21:3a:4f:5c';
    reader.error('INVENTORY_MAC', at, `${quote(text)} is no MAC address`, fix);
  }
  return mac;
}

function readRttLimit(reader: Reader, raw: unknown, at: Path, kind: DeviceKind): number {
  if (raw !== undefined) return reader.integer(raw, at, 1, RTT_LIMIT_MAX_MS);
  return kind === 'upstream' ? RTT_LIMIT_OUTSIDE_MS : RTT_LIMIT_LAN_MS;
}

function readAsset(reader: Reader, raw: unknown, at: Path): Asset {
  if (raw === undefined) return {};
  const value = reader.record(raw, at);
  const out: { -readonly [K in keyof Asset]: Asset[K] } = {};
  for (const key of ['owner', 'serial', 'model', 'room'] as const) {
    const text = reader.optionalText(value[key], [...at, key]);
    if (text !== undefined) out[key] = text;
  }
  const numbers = {
    year_in_service: [YEAR_MIN, YEAR_MAX],
    original_cost_vnd: [0, COST_VND_MAX],
    generation: [1, 1_000],
  } as const;
  for (const key of ['year_in_service', 'original_cost_vnd', 'generation'] as const) {
    const [min, max] = numbers[key];
    if (value[key] !== undefined) out[key] = reader.integer(value[key], [...at, key], min, max);
  }
  if (value['fixed_asset'] !== undefined) {
    out.fixed_asset = reader.boolean(value['fixed_asset'], [...at, 'fixed_asset']);
  }
  return out;
}
