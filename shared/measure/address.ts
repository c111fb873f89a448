/** IPv4, IPv6, CIDR and MAC texts (RFC 791, 4291, 4632). Pure; used by inventory and agent. */

export interface IpAddress {
  readonly version: 4 | 6;
  readonly bits: bigint;
}

export interface IpNetwork extends IpAddress {
  readonly prefix: number;
}

export type AddressClass =
  | 'unspecified'
  | 'loopback'
  | 'multicast'
  | 'broadcast'
  | 'private'
  | 'public';

const V4_MAPPED_PREFIX = 0xffffn;
/** RFC 1918, shared space of providers (RFC 6598), link-local, unique local (RFC 4193). */
const PRIVATE_NETWORKS = networks([
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
  '169.254.0.0/16',
  'fc00::/7',
  'fe80::/10',
]);
const LOOPBACK_NETWORKS = networks(['127.0.0.0/8', '::1/128']);
const MULTICAST_NETWORKS = networks(['224.0.0.0/4', 'ff00::/8']);
const UNSPECIFIED_NETWORKS = networks(['0.0.0.0/8', '::/128']);
const BROADCAST_NETWORKS = networks(['255.255.255.255/32']);

/** Strict: no leading zeros, no zone, no port; an IPv4-mapped IPv6 address is its IPv4 address. */
export function parseAddress(text: string): IpAddress | undefined {
  if (text.includes(':')) return parseV6(text);
  const bits = parseV4(text);
  return bits === undefined ? undefined : { version: 4, bits };
}

/** `a.b.c.d/n`, `x::y/n`, or a single address (its whole length). */
export function parseNetwork(text: string): IpNetwork | undefined {
  const [head = '', tail, ...rest] = text.split('/');
  const address = parseAddress(head);
  if (address === undefined || rest.length > 0) return undefined;
  const width = address.version === 4 ? 32 : 128;
  if (tail === undefined) return { ...address, prefix: width };
  if (!/^(0|[1-9]\d{0,2})$/.test(tail) || Number(tail) > width) return undefined;
  return { ...address, prefix: Number(tail) };
}

export function inNetwork(address: IpAddress, network: IpNetwork): boolean {
  if (address.version !== network.version) return false;
  const shift = BigInt((address.version === 4 ? 32 : 128) - network.prefix);
  return address.bits >> shift === network.bits >> shift;
}

export function sameAddress(a: IpAddress, b: IpAddress): boolean {
  return a.version === b.version && a.bits === b.bits;
}

/** What kind of address it is; the first class that fits. */
export function classify(address: IpAddress): AddressClass {
  const within = (list: readonly IpNetwork[]) => list.some((net) => inNetwork(address, net));
  if (within(UNSPECIFIED_NETWORKS)) return 'unspecified';
  if (within(LOOPBACK_NETWORKS)) return 'loopback';
  if (within(BROADCAST_NETWORKS)) return 'broadcast';
  if (within(MULTICAST_NETWORKS)) return 'multicast';
  return within(PRIVATE_NETWORKS) ? 'private' : 'public';
}

/** `aa:bb:cc:dd:ee:ff` from colons, dashes, dots (`aabb.ccdd.eeff`) or none; else undefined. */
export function parseMac(text: string): string | undefined {
  const shapes = [
    /^[0-9a-f]{2}([:-][0-9a-f]{2}){5}$/i,
    /^([0-9a-f]{4}\.){2}[0-9a-f]{4}$/i,
    /^[0-9a-f]{12}$/i,
  ];
  if (!shapes.some((shape) => shape.test(text))) return undefined;
  if (text.includes(':') && text.includes('-')) return undefined;
  const hex = text.toLowerCase().replace(/[^0-9a-f]/g, '');
  return hex.match(/../g)?.join(':');
}

/** Bit 2 of the first octet (IEEE 802): chosen by software, changes between networks. */
export function isLocallyAdministered(mac: string): boolean {
  return (Number.parseInt(mac.slice(0, 2), 16) & 2) !== 0;
}

/** Bit 1 of the first octet (IEEE 802): a group, which no device answers with. */
export function isGroupMac(mac: string): boolean {
  return (Number.parseInt(mac.slice(0, 2), 16) & 1) !== 0;
}

function parseV4(text: string): bigint | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  let bits = 0n;
  for (const part of parts) {
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
    bits = (bits << 8n) | BigInt(part);
  }
  return bits;
}

function parseV6(text: string): IpAddress | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = groups(halves[0] ?? '', halves.length === 1);
  const tail = halves.length === 2 ? groups(halves[1] ?? '', true) : [];
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const all = [...head, ...Array.from({ length: missing }, () => 0n), ...tail];
  const bits = all.reduce((sum, group) => (sum << 16n) | group, 0n);
  if (bits >> 32n === V4_MAPPED_PREFIX) return { version: 4, bits: bits & 0xffffffffn };
  return { version: 6, bits };
}

function groups(text: string, mayEndInV4: boolean): bigint[] | undefined {
  if (text === '') return [];
  const out: bigint[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    const v4 = mayEndInV4 && index === parts.length - 1 ? parseV4(part) : undefined;
    if (v4 !== undefined) out.push(v4 >> 16n, v4 & 0xffffn);
    else if (/^[0-9a-f]{1,4}$/i.test(part)) out.push(BigInt(`0x${part}`));
    else return undefined;
  }
  return out;
}

function networks(texts: readonly string[]): readonly IpNetwork[] {
  return texts.flatMap((text) => parseNetwork(text) ?? []);
}
