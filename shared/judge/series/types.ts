import type { Column } from './column.ts';

export const DAY_MS = 86_400_000;
export const MINUTE_MS = 60_000;
export const DAY_MINUTES = DAY_MS / MINUTE_MS;
/** Of the stored form and of how it is made; days of another version are made again. */
export const SERIES_VERSION = 1;

/** Counters of a port as rates per second. */
export const PORT_METRICS = [
  'in_octets',
  'out_octets',
  'in_packets',
  'out_packets',
  'in_errors',
  'out_errors',
  'in_discards',
  'out_discards',
] as const;
export type PortMetric = (typeof PORT_METRICS)[number];

/** `rtt` in µs, `loss` as lost ÷ slots, and {@link PORT_METRICS}. */
export const SERIES_METRICS = ['rtt', 'loss', ...PORT_METRICS] as const;
export type SeriesMetric = (typeof SERIES_METRICS)[number];

export function isPortMetric(metric: SeriesMetric): metric is PortMetric {
  return metric !== 'rtt' && metric !== 'loss';
}

/** Round trips of each UTC minute, µs; the four are null alike. */
export interface RttMinutes {
  readonly min: Column;
  readonly med: Column;
  readonly p95: Column;
  readonly max: Column;
}

/**
 * Slots that begin in each UTC minute and of which something is known (accounting §1): `lost` got
 * no answer, `arp` an answer to ARP only. All are null in a minute without such a slot.
 */
export interface LossMinutes {
  readonly slots: Column;
  readonly lost: Column;
  readonly arp: Column;
}

/**
 * What a counter counted between its readings: `deltas[k]` in [times_ms[k], times_ms[k + 1]), null
 * where that is not valid. One delta that reaches over the day's edge stands in both days.
 */
export interface CounterTrack {
  readonly times_ms: readonly number[];
  readonly deltas: Column;
}

/** What a device's reachability probe says, minute by minute. */
export interface DeviceMinutes {
  readonly rtt: RttMinutes | null;
  readonly loss: LossMinutes | null;
}

/** History of one device by one agent over one UTC day. */
export interface DeviceDay extends DeviceMinutes {
  /** By ifIndex. */
  readonly ports: ReadonlyMap<number, ReadonlyMap<PortMetric, CounterTrack>>;
}
