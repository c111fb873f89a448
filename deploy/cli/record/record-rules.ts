/** Standard trees that an agent may want to read: IEEE 802.1AB (LLDP), 802.3ad, the Internet's. */
export const STANDARD_ROOTS = ['1.0.8802', '1.2.840.10006', '1.3.6.1.2', '1.3.6.1.6'] as const;
/** What vendors add; only the device's own maker knows what stands there. */
export const VENDOR_ROOT = '1.3.6.1.4.1';

/**
 * Never asked for: who talks to whom, who may ask, and what runs there. It is nobody's business
 * and names, addresses and communities stand in the very OIDs of these tables.
 */
export const LEFT_OUT = [
  '1.0.8802.1.1.2.1.3.8', // LLDP: own management addresses
  '1.0.8802.1.1.2.1.4.2', // LLDP: neighbours' management addresses
  '1.3.6.1.2.1.3', // address translation
  '1.3.6.1.2.1.4', // IP: addresses, routes, neighbours
  '1.3.6.1.2.1.6', // TCP connections
  '1.3.6.1.2.1.7', // UDP listeners
  '1.3.6.1.2.1.14', // OSPF
  '1.3.6.1.2.1.15', // BGP
  '1.3.6.1.2.1.16.4', // RMON: hosts
  '1.3.6.1.2.1.16.5',
  '1.3.6.1.2.1.16.6', // RMON: who with whom
  '1.3.6.1.2.1.16.9', // RMON: events, with communities
  '1.3.6.1.2.1.16.19', // RMON: probe set-up
  '1.3.6.1.2.1.23', // RIP
  '1.3.6.1.2.1.25.4', // programs that run
  '1.3.6.1.2.1.25.5',
  '1.3.6.1.2.1.25.6', // programs installed
  '1.3.6.1.2.1.55', // IPv6
  '1.3.6.1.2.1.67', // RADIUS
  '1.3.6.1.2.1.92', // notification log
  '1.3.6.1.6.3.12', // SNMP targets
  '1.3.6.1.6.3.13',
  '1.3.6.1.6.3.14',
  '1.3.6.1.6.3.15', // SNMP users
  '1.3.6.1.6.3.16', // SNMP views, with communities
  '1.3.6.1.6.3.18', // SNMP communities
] as const;

/** Texts of makers, about models and sockets: kept, without what they contain of names. */
const KEPT_TEXTS = [
  '1.3.6.1.2.1.1.1', // sysDescr
  '1.3.6.1.2.1.1.9.1.3', // sysORDescr
  '1.3.6.1.2.1.47.1.1.1.1.2', // entPhysicalDescr
  '1.3.6.1.2.1.47.1.1.1.1.8', // hardware, firmware, software revisions
  '1.3.6.1.2.1.47.1.1.1.1.9',
  '1.3.6.1.2.1.47.1.1.1.1.10',
  '1.3.6.1.2.1.47.1.1.1.1.12', // maker
  '1.3.6.1.2.1.47.1.1.1.1.13', // model
  '1.3.6.1.2.1.25.3.2.1.3', // hrDeviceDescr
  '1.3.6.1.2.1.33.1.1.1', // UPS: maker, model, versions
  '1.3.6.1.2.1.33.1.1.2',
  '1.3.6.1.2.1.33.1.1.3',
  '1.3.6.1.2.1.33.1.1.4',
] as const;

/** Names of sockets. Kept where they look like one; else they may be what a person wrote. */
const OWN_PORTS = [
  '1.3.6.1.2.1.2.2.1.2', // ifDescr
  '1.3.6.1.2.1.31.1.1.1.1', // ifName
  '1.3.6.1.2.1.47.1.1.1.1.7', // entPhysicalName
  '1.0.8802.1.1.2.1.3.7.1.3', // LLDP: own port ids and descriptions
  '1.0.8802.1.1.2.1.3.7.1.4',
] as const;
const NEIGHBOUR_PORTS = [
  '1.0.8802.1.1.2.1.4.1.1.7', // LLDP: port ids and descriptions of neighbours
  '1.0.8802.1.1.2.1.4.1.1.8',
] as const;

/** `GigabitEthernet1/0/24`, `gi24`, `Port 7`, `1/0/1`, `eth0.10`, `Vlan1`. */
const PORT_NAME = /^(?:[a-z][a-z -]{0,24})?\d{1,5}(?:[/.:_-]\d{1,5}){0,4}$/i;

/** Whether a text is how devices name a socket. */
export function isPortName(text: string): boolean {
  return PORT_NAME.test(text.trim());
}

const SERIALS = ['1.3.6.1.2.1.47.1.1.1.1.11', '1.3.6.1.2.1.43.5.1.1.17'] as const;

/** Six bytes here are a MAC even where they could be read as text. */
const MACS = ['1.3.6.1.2.1.2.2.1.6', '1.3.6.1.2.1.17.1.1', '1.3.6.1.2.1.17.4.3.1.1'] as const;

/** Names of VLANs, among the bits below. */
const VLAN_NAMES = ['1.3.6.1.2.1.17.7.1.4.3.1.1'] as const;

/** Bits for ports and VLANs: kept byte for byte. */
const BITS = ['1.3.6.1.2.1.17.6', '1.3.6.1.2.1.17.7'] as const;

/** Tables with a MAC in the OID: how many arcs stand between the column and it. */
const MAC_INDEXES: readonly (readonly [table: string, between: number])[] = [
  ['1.3.6.1.2.1.17.4.3.1', 0], // dot1dTpFdbTable
  ['1.3.6.1.2.1.17.5.1.1', 0], // dot1dStaticTable
  ['1.3.6.1.2.1.17.7.1.2.2.1', 1], // dot1qTpFdbTable
  ['1.3.6.1.2.1.17.7.1.2.3.1', 1], // dot1qTpGroupTable
  ['1.3.6.1.2.1.17.7.1.3.1.1', 1], // dot1qStaticUnicastTable
];

export type TextRule = 'keep' | 'own_port' | 'neighbour_port' | 'serial' | 'mac' | 'bits' | 'name';

/** What to do with an OCTET STRING. Everything of vendors is masked. */
export function ruleOf(oid: string): TextRule {
  const within = (trees: readonly string[]) => trees.some((tree) => oid.startsWith(`${tree}.`));
  if (within(KEPT_TEXTS)) return 'keep';
  if (within(OWN_PORTS)) return 'own_port';
  if (within(NEIGHBOUR_PORTS)) return 'neighbour_port';
  if (within(VLAN_NAMES)) return 'name';
  if (within(SERIALS)) return 'serial';
  if (within(MACS)) return 'mac';
  return within(BITS) ? 'bits' : 'name';
}

/** Position of the first of the six arcs of a MAC in an OID's arcs, −1 where there is none. */
export function macAt(oid: string, arcs: readonly string[]): number {
  const found = MAC_INDEXES.find(([table]) => oid.startsWith(`${table}.`));
  if (found === undefined) return -1;
  const [table, between] = found;
  const at = table.split('.').length + 1 + between;
  return arcs.length >= at + 6 ? at : -1;
}
