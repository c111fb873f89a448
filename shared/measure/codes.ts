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

/** Probes whose ticks travel as series; those that carry no reachability corroborate causes. */
export const SERIES_PROBES = [
  'icmp',
  'tcp',
  'arp',
  'snmp',
  'echo_large',
  'dns',
  'http',
] as const satisfies readonly (Exclude<Reachability, 'none'> | 'echo_large' | 'dns' | 'http')[];
export type SeriesProbe = (typeof SERIES_PROBES)[number];

/** Probes of which a target can have several, told apart by their place in the target list. */
export const CHECK_PROBES = ['tcp', 'dns', 'http'] as const satisfies readonly SeriesProbe[];
export type CheckProbe = (typeof CHECK_PROBES)[number];

export function isCheckProbe(probe: SeriesProbe): probe is CheckProbe {
  return (CHECK_PROBES as readonly SeriesProbe[]).includes(probe);
}

/** Checks of one target and probe: more services of one device are several devices. */
export const CHECKS_MAX = 8;

/** `accepted` and `refused` are `r`: somebody is there. */
export const TCP_OUTCOMES = ['accepted', 'refused', 'timeout', 'unreachable', 'not_sent'] as const;
export type TcpOutcome = (typeof TCP_OUTCOMES)[number];

/**
 * Any well-formed answer is `r`, `servfail` and `refused` apart. `no_records`: NOERROR without a
 * record of the type asked for. `truncated`: the TC bit stood where no longer answer could follow.
 */
export const DNS_OUTCOMES = [
  'answered',
  'no_records',
  'nxdomain',
  'servfail',
  'refused',
  'other_rcode',
  'truncated',
  'garbage',
  'timeout',
  'unreachable',
  'not_sent',
] as const;
export type DnsOutcome = (typeof DNS_OUTCOMES)[number];

/** `ok` is a status below 400, `client_error` 400 to 499: both are `r`. */
export const HTTP_OUTCOMES = [
  'ok',
  'client_error',
  'server_error',
  'name_failed',
  'connect_refused',
  'connect_timeout',
  'unreachable',
  'tls_expired',
  'tls_name',
  'tls_untrusted',
  'tls_failed',
  'timeout',
  'garbage',
  'not_sent',
] as const;
export type HttpOutcome = (typeof HTTP_OUTCOMES)[number];

/** The closed list of each probe, by its name. */
export interface CheckOutcomes {
  readonly tcp: TcpOutcome;
  readonly dns: DnsOutcome;
  readonly http: HttpOutcome;
}

/** What the numbers of a check tick's `phases_us` are, in their order. */
export const CHECK_PHASES = {
  tcp: ['connect'],
  dns: ['answer'],
  http: ['resolve', 'connect', 'tls', 'first_byte', 'whole'],
} as const satisfies Readonly<Record<CheckProbe, readonly string[]>>;

/** What a row of the `identity` section says. */
export const IDENTITY_WHATS = [
  'mac',
  'address',
  'hostname',
  'sys_name',
  'sys_descr',
  'if_name',
  'if_alias',
  'if_descr',
] as const;
export type IdentityWhat = (typeof IDENTITY_WHATS)[number];

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
