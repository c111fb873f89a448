/**
 * Raw codes: what an agent saw for one tick of a probe (design: accounting §1). They are signed
 * and never altered; how they are counted is decided at reading time by shared/judge.
 */
export const RAW_CODES = ['r', 'n', 'a', 'x', 'l'] as const;

/**
 * - `r` answered in time (with `reachability: arp`: the ARP request was answered)
 * - `a` no echo, but an ARP request sent in the same slot was answered
 * - `n` sent, no answer in time (also: host unreachable)
 * - `x` not sent, or nothing can be said: no route, EPERM, ENOBUFS, engine silent, foreign MAC
 * - `l` the agent's own interface had no carrier
 */
export type RawCode = (typeof RAW_CODES)[number];

export function isRawCode(text: string): text is RawCode {
  return (RAW_CODES as readonly string[]).includes(text);
}

/** Probes that can carry a device's reachability. `none`: nothing can be addressed. */
export const REACHABILITIES = ['icmp', 'tcp', 'arp', 'snmp', 'none'] as const;
export type Reachability = (typeof REACHABILITIES)[number];

/** Intervals that divide the UTC grid, in seconds (accounting §1). */
export const INTERVALS_S = [1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600] as const;

/** Device kinds of the inventory (contracts §2). */
export const DEVICE_KINDS = [
  'gateway',
  'switch',
  'unmanaged-switch',
  'pc',
  'printer',
  'access-point',
  'camera',
  'recorder',
  'server',
  'ups',
  'kiosk',
  'upstream',
] as const;
export type DeviceKind = (typeof DEVICE_KINDS)[number];

/** Kinds that people switch off: their silence is `off`, not `down` (accounting §3). */
export const SWITCHED_OFF_KINDS: ReadonlySet<DeviceKind> = new Set(['pc', 'kiosk', 'printer']);

/** Kinds that are the network itself: they seal a batch early and have Prometheus series. */
export const INFRASTRUCTURE_KINDS: ReadonlySet<DeviceKind> = new Set([
  'gateway',
  'switch',
  'unmanaged-switch',
  'access-point',
  'server',
  'ups',
]);
