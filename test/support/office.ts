/** Modelled offices: what stands there, and how it answers. */
import type { RawCode } from '../../shared/measure/codes.ts';
import type { Inventory } from '../../shared/measure/inventory-types.ts';
import type { PublicTarget } from '../../shared/measure/targets.ts';
import { readInventory } from '../../shared/node/inventory-file.ts';

/** How many of each kind; 60 devices and 5 managed switches, or a small commune's 15 targets. */
const LARGE = {
  ...{ gateway: 1, server: 2, ups: 1, printer: 5, 'access-point': 4, camera: 4, recorder: 1 },
  ...{ kiosk: 2, pc: 40, switch: 5 },
} as const;
const SMALL = { gateway: 1, switch: 2, printer: 2, 'access-point': 1, camera: 2, pc: 7 } as const;

const SHORT: Readonly<Record<keyof typeof LARGE, string>> = {
  ...{ gateway: 'gw', server: 'may-chu', ups: 'ups', printer: 'may-in', switch: 'sw', pc: 'pc' },
  ...{ 'access-point': 'wifi', camera: 'camera', recorder: 'dau-ghi', kiosk: 'kiosk' },
};
export const SWITCH_PORTS = 28;
/** The last port of every switch leads on: to the core switch, or from it to the gateway. */
export const UPLINK_PORT = String(SWITCH_PORTS);

/** The inventory of a modelled office; `large` has its switches polled by SNMP. */
export function officeInventory(site: string, size: 'large' | 'small'): Inventory {
  const counts: Readonly<Record<string, number>> = size === 'large' ? LARGE : SMALL;
  const devices = Object.entries(counts).flatMap(([kind, count]) =>
    Array.from({ length: count }, (_, at) => ({
      kind,
      code: `${SHORT[kind as keyof typeof LARGE]}-${at + 1}`,
    })),
  );
  const raw = {
    unit: { code: `xa-${site}`, name: `UBND xã ${site}` },
    site: { code: site, name: `Trụ sở ${site}` },
    agents: [{ code: 'do-1', attached: { device: 'sw-1', port: '1' } }],
    devices: devices.map(({ code, kind }, at) => {
      const switches = counts.switch ?? 1;
      const attached =
        kind === 'gateway'
          ? undefined
          : code === 'sw-1'
            ? { device: 'gw-1', port: '1' }
            : kind === 'switch'
              ? { device: 'sw-1', port: `${20 + at}` }
              : { device: `sw-${1 + (at % switches)}`, port: `${2 + Math.floor(at / switches)}` };
      return {
        ...{ code, kind, name: `Thiết bị ${code}`, address: `10.77.0.${1 + at}` },
        ...(attached === undefined ? {} : { attached }),
        ...(kind === 'switch' && size === 'large'
          ? {
              probes: {
                icmp: { interval_s: 1 },
                snmp: { version: '2c', secret: 'ro-community', interval_s: 60 },
              },
            }
          : {}),
      };
    }),
  };
  return readInventory(raw).inventory;
}

/** A small, quick generator with a seed (mulberry32): 0 ≤ x < 1. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Vietnam's offices work from 7:30 to 16:30, UTC+7; nine hours a day. */
const WORK_FROM_MS = (7.5 - 7) * 3_600_000;
export const WORK_MS = 9 * 3_600_000;
const DAY_MS = 86_400_000;

export function isOfficeHour(utc_ms: number): boolean {
  const into_ms = (utc_ms - WORK_FROM_MS) % DAY_MS;
  return into_ms >= 0 && into_ms < WORK_MS;
}

/** Lost packets of a healthy wired LAN. */
const LOSS = 0.0005;
/** Now and then a reply waits behind other traffic. */
const SPIKE = 0.02;
/** One PC in eight is left on overnight. */
const LEFT_ON = 8;

/** How one device of the office answers: a code and a round trip in µs (−1: none). */
export class ModelledDevice {
  readonly #random: () => number;
  readonly #base_us: number;
  readonly #sleeps: boolean;

  constructor(target: PublicTarget, number: number, random: () => number) {
    this.#random = random;
    const slow = ['printer', 'camera', 'access-point', 'pc'].includes(target.kind);
    this.#base_us = (slow ? 350 : 180) + random() * (slow ? 500 : 150);
    this.#sleeps = target.kind === 'pc' && number % LEFT_ON !== 0;
  }

  ask(utc_ms: number): { code: RawCode; rtt_us: number } {
    const random = this.#random;
    if (this.#sleeps && !isOfficeHour(utc_ms)) return { code: 'n', rtt_us: -1 };
    if (random() < LOSS) return { code: 'n', rtt_us: -1 };
    // The sum of uniform draws is near enough to the bell of a queue that is mostly empty.
    const jitter = 0.75 + 0.2 * (random() + random() + random());
    const us = this.#base_us * jitter * (random() < SPIKE ? 2 + 6 * random() : 1);
    // fping prints three significant digits: below 1 ms whole µs, above it 10 µs.
    return { code: 'r', rtt_us: us < 1_000 ? Math.round(us) : Math.round(us / 10) * 10 };
  }
}
