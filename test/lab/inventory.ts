import { addressOf, type DeviceName } from './topology.ts';

export const SITE = 'lab-hq';
export const AGENT = 'do-1';
export const INTERVAL_MS = 1000;
export const TIMEOUT_MS = 800;
/** The PC that drops echoes is asked by ARP in the same slot, which needs 5 s. */
export const ECHO_DROPPING_INTERVAL_MS = 5000;

interface LabDevice {
  readonly code: string;
  readonly kind: string;
  readonly at: DeviceName;
  readonly behind?: string;
  readonly interval_s: number;
  readonly more?: string;
}

const SNMP = 'snmp: { version: 2c, secret: ro-community, interval_s: 10 }';

/** What the collector is told to watch; codes are the names of the lab's devices. */
export const LAB_DEVICES: readonly LabDevice[] = [
  { code: 'gw', kind: 'gateway', at: 'gw', interval_s: 1 },
  { code: 'core', kind: 'switch', at: 'core', behind: 'gw', interval_s: 1, more: SNMP },
  { code: 'acc', kind: 'switch', at: 'acc', behind: 'core', interval_s: 1 },
  { code: 'srv', kind: 'server', at: 'srv', behind: 'acc', interval_s: 1 },
  { code: 'cam', kind: 'camera', at: 'cam', behind: 'core', interval_s: 1 },
  { code: 'prn', kind: 'printer', at: 'prn', behind: 'core', interval_s: 1 },
  { code: 'pc1', kind: 'pc', at: 'pc1', behind: 'acc', interval_s: 1 },
  { code: 'pc2', kind: 'pc', at: 'pc2', behind: 'acc', interval_s: 5 },
];

/** Devices that are probed every second, all of which answer echoes. */
export const SECOND_DEVICES: readonly DeviceName[] = LAB_DEVICES.filter(
  ({ interval_s }) => interval_s === 1,
).map(({ at }) => at);

export function inventoryYaml(): string {
  const devices = LAB_DEVICES.map(({ code, kind, at, behind, interval_s, more }) => {
    const attached = behind === undefined ? '' : `, attached: { device: ${behind} }`;
    const snmp = more === undefined ? '' : `, ${more}`;
    const icmp = `icmp: { interval_s: ${interval_s}, timeout_ms: ${TIMEOUT_MS} }`;
    return (
      `  - { code: ${code}, kind: ${kind}, address: ${addressOf(at)}, reachability: icmp, ` +
      `powered_by: mains${attached}, probes: { ${icmp}${snmp} } }`
    );
  });
  return [
    'unit: { code: xa-lab, name: "UBND xã Lab" }',
    `site: { code: ${SITE}, name: "Trụ sở UBND xã Lab" }`,
    `agents: [{ code: ${AGENT}, address: ${addressOf('agent')}, attached: { device: core } }]`,
    'devices:',
    ...devices,
    '',
  ].join('\n');
}
