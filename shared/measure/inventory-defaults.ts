import type { DeviceKind, SeriesProbe } from './codes.ts';

export const CODE_PATTERN = '^[a-z0-9][a-z0-9-]{0,38}$';
export const CODE_FORM = 'lower-case letters, digits and -, 1 to 39 characters, e.g. sw-core';
const CODE = new RegExp(CODE_PATTERN);

/** A commune office has 20–200 devices; a site of more is several sites. */
export const DEVICES_PER_SITE_MAX = 2_000;
/** One owning agent measures a site; the others corroborate. */
export const AGENTS_PER_SITE_MAX = 16;
/** The least time in which a reply over a loaded LAN can be told from silence. */
export const TIMEOUT_MIN_MS = 50;
/** A tick must be settled before the next one is due. */
export const TIMEOUT_MARGIN_MS = 100;
/** Beyond the own LAN nobody is to be pinged more often than this. */
export const PUBLIC_ICMP_INTERVAL_MIN_MS = 10_000;
/** Names, pages and ports of others are asked once a minute at most. */
export const PUBLIC_SERVICE_INTERVAL_MIN_MS = 60_000;
export const RTT_LIMIT_LAN_MS = 50;
export const RTT_LIMIT_OUTSIDE_MS = 300;
export const SNMP_PORT = 161;
/** Witnesses of one unmanaged switch: more than any such switch has ports. */
export const WITNESSES_MAX = 64;
export const CALENDAR_DEFAULT = 'hanh-chinh';

/** Probes of the inventory; the large echo comes with icmp by itself. */
export type ProbeName = Exclude<SeriesProbe, 'echo_large'>;

const ICMP_INTERVAL_MS: Readonly<Record<DeviceKind, number>> = {
  gateway: 1_000,
  switch: 1_000,
  'unmanaged-switch': 1_000,
  server: 1_000,
  ups: 1_000,
  printer: 5_000,
  'access-point': 5_000,
  camera: 5_000,
  recorder: 5_000,
  kiosk: 5_000,
  pc: 10_000,
  upstream: 10_000,
};

const INTERVAL_MS: Readonly<Record<Exclude<ProbeName, 'icmp'>, number>> = {
  arp: 10_000,
  snmp: 60_000,
  tcp: 60_000,
  dns: 60_000,
  http: 60_000,
};

/** How long an answer may take when nothing is said and the interval leaves room for it. */
const TIMEOUT_MS: Readonly<Record<ProbeName, number>> = {
  icmp: 1_000,
  arp: 1_000,
  snmp: 2_000,
  tcp: 3_000,
  dns: 3_000,
  http: 10_000,
};
/** Leaves the engine time to settle a tick: 800 ms at an interval of 1 s. */
const TIMEOUT_DEFAULT_MARGIN_MS = 200;

export function isCode(text: string): boolean {
  return CODE.test(text);
}

export function defaultIntervalMs(probe: ProbeName, kind: DeviceKind): number {
  return probe === 'icmp' ? ICMP_INTERVAL_MS[kind] : INTERVAL_MS[probe];
}

/** min(interval − 200 ms, 1 s icmp and arp, 2 s snmp, 3 s tcp and dns, 10 s http). */
export function defaultTimeoutMs(probe: ProbeName, interval_ms: number): number {
  return Math.min(TIMEOUT_MS[probe], interval_ms - TIMEOUT_DEFAULT_MARGIN_MS);
}
