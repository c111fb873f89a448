/** What stands in the virtual office, and where its cords go. Addresses are private to the lab. */
export type DeviceName =
  | 'col'
  | 'gw'
  | 'core'
  | 'acc'
  | 'agent'
  | 'prn'
  | 'cam'
  | 'srv'
  | 'pc1'
  | 'pc2'
  | 'unm'
  | 'cam2'
  | 'cam3'
  | 'pc3'
  | 'pc4'
  | 'pc5';

export type CableName = 'wan' | Exclude<DeviceName, 'col' | 'core'>;

/** One end of a cable: the device and its port. */
export interface End {
  readonly device: DeviceName;
  readonly port: string;
}

export interface Cable {
  readonly a: End;
  readonly b: End;
}

export const LAN_PREFIX = '10.93.1.';
export const COLLECTOR_ADDRESS = '10.93.254.2';
export const GATEWAY_WAN_ADDRESS = '10.93.254.1';
export const SNMP_COMMUNITY = 'labro';

/** Last byte of each address in the LAN. */
const HOSTS: Readonly<Record<Exclude<DeviceName, 'col'>, number>> = {
  gw: 1,
  core: 2,
  acc: 3,
  agent: 10,
  prn: 20,
  cam: 30,
  srv: 40,
  pc1: 101,
  pc2: 102,
  unm: 4,
  cam2: 31,
  cam3: 32,
  pc3: 103,
  pc4: 104,
  pc5: 105,
};

export const DEVICES: readonly DeviceName[] = [
  'col',
  'gw',
  'core',
  'acc',
  'agent',
  'prn',
  'cam',
  'srv',
  'pc1',
  'pc2',
  'unm',
  'cam2',
  'cam3',
  'pc3',
  'pc4',
  'pc5',
];
/** Everything that hangs on the office's own mains. */
export const SITE_DEVICES: readonly DeviceName[] = DEVICES.filter((device) => device !== 'col');
export const SWITCHES: readonly DeviceName[] = ['core', 'acc', 'unm'];
/** A desk switch: it has no address and answers nobody. */
export const UNMANAGED_SWITCH: DeviceName = 'unm';
/** The PC whose firewall drops echo requests, as Windows does by default; it answers ARP. */
export const ECHO_DROPPING_PC: DeviceName = 'pc2';

const cable = (a: DeviceName, a_port: string, b: DeviceName, b_port: string): Cable => ({
  a: { device: a, port: a_port },
  b: { device: b, port: b_port },
});

export const CABLES: Readonly<Record<CableName, Cable>> = {
  wan: cable('gw', 'wan', 'col', 'wan'),
  gw: cable('core', 'p1', 'gw', 'lan'),
  acc: cable('core', 'p2', 'acc', 'p1'),
  agent: cable('core', 'p4', 'agent', 'eth0'),
  prn: cable('core', 'p5', 'prn', 'eth0'),
  cam: cable('core', 'p6', 'cam', 'eth0'),
  srv: cable('acc', 'p2', 'srv', 'eth0'),
  pc1: cable('acc', 'p3', 'pc1', 'eth0'),
  pc2: cable('acc', 'p4', 'pc2', 'eth0'),
  pc3: cable('acc', 'p5', 'pc3', 'eth0'),
  pc4: cable('acc', 'p6', 'pc4', 'eth0'),
  unm: cable('core', 'p7', 'unm', 'p1'),
  cam2: cable('unm', 'p2', 'cam2', 'eth0'),
  cam3: cable('unm', 'p3', 'cam3', 'eth0'),
  pc5: cable('unm', 'p4', 'pc5', 'eth0'),
};
export const CABLE_NAMES = Object.keys(CABLES) as CableName[];

/** Address of a device; the collector's is behind the gateway. */
export function addressOf(device: DeviceName): string {
  return device === 'col' ? COLLECTOR_ADDRESS : `${LAN_PREFIX}${HOSTS[device]}`;
}

/** A universally administered MAC, as a box out of a shop has: the product refuses local ones. */
export function macOf(device: DeviceName, index: number): string {
  const number = DEVICES.indexOf(device);
  const hex = (value: number): string => value.toString(16).padStart(2, '0');
  return `00:23:24:0a:${hex(number)}:${hex(index)}`;
}

export function portsOf(device: DeviceName): string[] {
  return Object.values(CABLES)
    .flatMap(({ a, b }) => [a, b])
    .filter((end) => end.device === device)
    .map((end) => end.port)
    .sort();
}
