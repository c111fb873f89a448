import { AGENT, SITE, TIMEOUT_MS } from '../inventory.ts';
import { addressOf, type CableName, type DeviceName, macOf } from '../topology.ts';

/** Behind the gateway's WAN cord: addresses that the collector's machine also has. */
export const OUTSIDE_PREFIX = '10.93.255.';
export const OUTSIDE_NETWORK = `${OUTSIDE_PREFIX}0/24`;
export const OUTSIDE = {
  'ref-a': `${OUTSIDE_PREFIX}11`,
  'ref-b': `${OUTSIDE_PREFIX}12`,
  'ref-c': `${OUTSIDE_PREFIX}13`,
  'app-1': `${OUTSIDE_PREFIX}21`,
  'dns-1': `${OUTSIDE_PREFIX}53`,
} as const;
export type OutsideName = keyof typeof OUTSIDE;
export const APP_PORT = 443;

/** The shortest that shows a link that was lost for 12 s in two polls. */
export const SNMP_S = 5;
const DNS_S = 5;

/** Managed switches, and the server, whose SNMP tells its uptime. */
export type ManagedName = 'core' | 'acc' | 'srv';

/** Cable at each port of the managed ones, by ifIndex. */
export const PORTS: Readonly<Record<ManagedName, Readonly<Record<number, CableName>>>> = {
  core: { 1: 'gw', 2: 'acc', 4: 'agent', 5: 'prn', 6: 'cam', 7: 'unm' },
  acc: { 1: 'acc', 2: 'srv', 3: 'pc1', 5: 'pc3', 6: 'pc4' },
  srv: { 1: 'srv' },
};
export const MANAGED = Object.keys(PORTS) as ManagedName[];

/** Ports are named by their ifIndex: other names of ports are private and no fact bears them. */
export const portName = (port: number): string => String(port);

/** The managed device and the port into which a device is plugged; null: nobody watches it. */
export function portOf(device: string): { device: ManagedName; port: number } | null {
  const owner = device === 'core' ? 'gw' : device;
  for (const managed of ['core', 'acc'] as const) {
    for (const [port, cable] of Object.entries(PORTS[managed])) {
      if (cable === owner && cable !== managed) return { device: managed, port: Number(port) };
    }
  }
  return null;
}

interface OfficeDevice {
  readonly code: Exclude<DeviceName, 'col' | 'agent' | 'pc2'>;
  readonly kind: string;
  readonly behind: string | null;
  readonly more?: string;
}

const SNMP = `snmp: { version: 2c, secret: ro-community, interval_s: ${SNMP_S} }`;

const DEVICES: readonly OfficeDevice[] = [
  { code: 'gw', kind: 'gateway', behind: 'core' },
  { code: 'core', kind: 'switch', behind: null, more: SNMP },
  { code: 'acc', kind: 'switch', behind: 'core', more: SNMP },
  { code: 'srv', kind: 'server', behind: 'acc', more: SNMP },
  { code: 'prn', kind: 'printer', behind: 'core' },
  { code: 'cam', kind: 'camera', behind: 'core' },
  { code: 'pc1', kind: 'pc', behind: 'acc' },
  { code: 'pc3', kind: 'pc', behind: 'acc' },
  { code: 'pc4', kind: 'pc', behind: 'acc' },
  { code: 'cam2', kind: 'camera', behind: 'unm' },
  { code: 'cam3', kind: 'camera', behind: 'unm' },
  { code: 'pc5', kind: 'pc', behind: 'unm' },
];
/** Every code that is probed. */
export const PROBED: readonly string[] = [
  ...DEVICES.map(({ code }) => code),
  ...Object.keys(OUTSIDE),
];

const SECOND = `interval_s: 1, timeout_ms: ${TIMEOUT_MS}`;
const ICMP = `icmp: { ${SECOND} }`;
const DNS_NAME = `cong.example.vn, interval_s: ${DNS_S}`;

function attached(code: string, behind: string | null): string {
  if (behind === null) return '';
  const place = portOf(code);
  const port = place === null ? '' : `, port: "${portName(place.port)}"`;
  return `, attached: { device: ${behind}${port} }`;
}

/** The inventory of every office of labelled faults. `groups` may name the operators outside. */
export function officeYaml(): string {
  const inside = DEVICES.map(({ code, kind, behind, more }) => {
    const mac = code === 'cam' ? `, mac: "${macOf('cam', 1)}"` : '';
    return (
      `  - { code: ${code}, kind: ${kind}, address: ${addressOf(code)}${mac}, powered_by: mains, ` +
      `reachability: icmp${attached(code, behind)}, ` +
      `probes: { ${ICMP}${more === undefined ? '' : `, ${more}`} } }`
    );
  });
  const outside = Object.entries(OUTSIDE).map(([code, address]) => {
    const probes: Readonly<Record<string, string>> = {
      'app-1': `reachability: tcp, probes: { tcp: [{ port: ${APP_PORT}, ${SECOND} }] }`,
      'dns-1': `reachability: icmp, probes: { ${ICMP}, dns: [{ name: ${DNS_NAME} }] }`,
    };
    const probe = probes[code] ?? `reachability: icmp, probes: { ${ICMP} }`;
    return `  - { code: ${code}, kind: upstream, address: ${address}, ${probe} }`;
  });
  const own = portOf('agent');
  return [
    'unit: { code: xa-lab, name: "UBND xã Lab" }',
    `site: { code: ${SITE}, name: "Trụ sở UBND xã Lab" }`,
    `agents: [{ code: ${AGENT}, address: ${addressOf('agent')}, ` +
      `attached: { device: core, port: "${portName(own?.port ?? 0)}" } }]`,
    'devices:',
    ...inside,
    '  - { code: unm, kind: unmanaged-switch, powered_by: mains' +
      `${attached('unm', 'core')}, witnesses: [cam2, cam3] }`,
    ...outside,
    '',
  ].join('\n');
}
