import { CHECKS_MAX, INTERVALS_S } from './codes.ts';
import { TIMEOUT_MARGIN_MS, TIMEOUT_MIN_MS } from './inventory-defaults.ts';
import type { Timing } from './inventory-types.ts';
import type { Strict } from './strict.ts';

/** Intervals and timeouts only: names and pages that are asked for say who works on what. */
export interface PublicProbeTimes {
  readonly icmp?: Timing;
  readonly arp?: Timing;
  readonly snmp?: Timing;
  readonly tcp: readonly (Timing & { readonly port: number })[];
  readonly dns: readonly Timing[];
  readonly http: readonly Timing[];
}

const INTERVALS_MS: ReadonlySet<number> = new Set(INTERVALS_S.map((s) => s * 1_000));
const PORT_MAX = 65_535;

/** Lists that are missing are empty. Throws what `strict` throws. */
export function readProbeTimes(strict: Strict, value: unknown, place: string): PublicProbeTimes {
  const found = strict.object(value, place);
  const times = (item: unknown, at: string): Timing => {
    const { interval_ms, timeout_ms } = strict.object(item, at);
    const interval = strict.integer(interval_ms, `${at}.interval_ms`);
    if (!INTERVALS_MS.has(interval)) strict.fail(`${at}.interval_ms`, 'is not in the grid');
    const max = interval - TIMEOUT_MARGIN_MS;
    const timeout = strict.integer(timeout_ms, `${at}.timeout_ms`, TIMEOUT_MIN_MS, max);
    return { interval_ms: interval, timeout_ms: timeout };
  };
  const each = <T>(member: string, read: (item: unknown, at: string) => T): T[] =>
    strict
      .list(found[member] ?? [], `${place}.${member}`, CHECKS_MAX)
      .map((item, index) => read(item, `${place}.${member}[${index}]`));
  const { icmp, arp, snmp } = found;
  return {
    ...(icmp === undefined ? {} : { icmp: times(icmp, `${place}.icmp`) }),
    ...(arp === undefined ? {} : { arp: times(arp, `${place}.arp`) }),
    ...(snmp === undefined ? {} : { snmp: times(snmp, `${place}.snmp`) }),
    tcp: each('tcp', (item, at) => ({
      ...times(item, at),
      port: strict.integer(strict.object(item, at).port, `${at}.port`, 1, PORT_MAX),
    })),
    dns: each('dns', times),
    http: each('http', times),
  };
}
