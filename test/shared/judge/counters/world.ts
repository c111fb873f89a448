import fc from 'fast-check';
import type { PlacedReading } from '../../../../shared/judge/counters/types.ts';
import { poll, T0_MS, UP_1G, UP_100M, type Values } from './device.ts';

/** What happens between two polls of a device. */
export interface Step {
  readonly wait_s: number;
  /** Percent of the line in use, octets of each frame, frames in error. */
  readonly load: number;
  readonly frame: number;
  readonly errors: number;
  readonly event: 'none' | 'reboot' | 'agent_restart' | 'clear' | 'renumber';
  /** When, percent of wait_s. */
  readonly when: number;
  readonly lost: boolean;
  /** Status and traffic are read by two tables, a second apart. */
  readonly split: boolean;
}

export interface Start {
  readonly ticks: number;
  readonly octets: bigint;
  readonly packets: bigint;
  readonly errors: bigint;
}

const step: fc.Arbitrary<Step> = fc.record({
  wait_s: fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(10, 60, 300) },
    { weight: 1, arbitrary: fc.integer({ min: 5, max: 4_000 }) },
  ),
  load: fc.integer({ min: 0, max: 100 }),
  frame: fc.constantFrom(64, 65, 500, 1_518),
  errors: fc.oneof(fc.constant(0), fc.nat(50)),
  event: fc.oneof(
    { weight: 6, arbitrary: fc.constant('none' as const) },
    {
      weight: 4,
      arbitrary: fc.constantFrom(
        'reboot' as const,
        'agent_restart' as const,
        'clear' as const,
        'renumber' as const,
      ),
    },
  ),
  when: fc.integer({ min: 0, max: 99 }),
  lost: fc.oneof(
    { weight: 8, arbitrary: fc.constant(false) },
    { weight: 1, arbitrary: fc.constant(true) },
  ),
  split: fc.boolean(),
});

const nearWrap = (span: number) => fc.integer({ min: 0, max: span }).map((n) => 2 ** 32 - 1 - n);

const start: fc.Arbitrary<Start> = fc.record({
  ticks: fc.oneof(fc.integer({ min: 100_000, max: 2 ** 31 }), nearWrap(100_000)),
  octets: fc
    .oneof(fc.integer({ min: 0, max: 2 ** 32 - 1 }), nearWrap(2_000_000_000))
    .map((n) => BigInt(n)),
  packets: fc
    .oneof(fc.nat(5_000_000), fc.integer({ min: 0, max: 2 ** 32 - 1 }), nearWrap(5_000_000))
    .map((n) => BigInt(n)),
  errors: fc.oneof(fc.nat(100), nearWrap(40)).map((n) => BigInt(n)),
});

export const histories = fc.record({
  start,
  steps: fc.array(step, { minLength: 1, maxLength: 14 }),
});
export type History = { readonly start: Start; readonly steps: readonly Step[] };

/** Counters of the ports 1 (64 bits, 1 Gb/s) and 2 (32 bits, 100 Mb/s) by `port/column`. */
export const WIDTHS: Readonly<Record<string, bigint>> = {
  '1/ifHCInOctets': 64n,
  '1/ifHCInUcastPkts': 64n,
  '1/ifInErrors': 32n,
  '2/ifInOctets': 32n,
  '2/ifInUcastPkts': 32n,
  '2/ifInErrors': 32n,
};

export interface World {
  readonly readings: readonly PlacedReading[];
  /** What had truly been counted since the begin when the reading at at_ms was answered. */
  readonly truth: ReadonlyMap<string, bigint>;
  /** When uptime began anew, and whether the whole device did, UTC ms. */
  readonly restarts: readonly { readonly at_ms: number; readonly reboot: boolean }[];
}

/** Lives through a history second by second of its steps and knows all that happened. */
export function live({ start: begin, steps }: History): World {
  const shown = new Map<string, bigint>();
  const counted = new Map<string, bigint>();
  for (const key of Object.keys(WIDTHS)) {
    const kind = key.endsWith('Octets') ? 'octets' : key.endsWith('Pkts') ? 'packets' : 'errors';
    shown.set(key, begin[kind]);
    counted.set(key, 0n);
  }
  const world = { s: 0, booted_s: -begin.ticks / 100, host_s: -begin.ticks / 100, boots: 3 };
  let discontinuity = 0;
  const readings: PlacedReading[] = [];
  const truth = new Map<string, bigint>();
  const restarts: { at_ms: number; reboot: boolean }[] = [];
  const grow = (seconds: number, { load, frame, errors }: Step): void => {
    for (const [port, mbps] of [
      [1, 1_000],
      [2, 100],
    ] as const) {
      // Each frame takes 20 octets of the line besides its own.
      const room = (mbps * 125_000 * seconds * load) / 100;
      const packets = BigInt(Math.floor(room / (frame + 20)));
      const wide = port === 1 ? 'ifHCIn' : 'ifIn';
      const bad = BigInt(seconds > 0 ? errors : 0);
      add(`${port}/${wide}Octets`, packets * BigInt(frame));
      add(`${port}/${wide}UcastPkts`, packets);
      add(`${port}/ifInErrors`, bad);
    }
  };
  const add = (key: string, n: bigint): void => {
    const width = WIDTHS[key] ?? 64n;
    counted.set(key, (counted.get(key) ?? 0n) + n);
    shown.set(key, ((shown.get(key) ?? 0n) + n) % 2n ** width);
  };
  const clear = (): void => {
    for (const key of shown.keys()) shown.set(key, 0n);
  };
  const read = (at_s: number, part: 'status' | 'traffic' | 'both', lost: boolean): void => {
    const ticks = Math.round((at_s - world.booted_s) * 100) % 2 ** 32;
    const rows: Record<number, Values> = { 1: {}, 2: {} };
    for (const port of [1, 2]) {
      const row: Record<string, number | bigint | null> = {};
      if (part !== 'traffic') Object.assign(row, port === 1 ? UP_1G : UP_100M);
      row.ifCounterDiscontinuityTime = discontinuity;
      for (const [key, value] of shown) {
        const [of, column = ''] = key.split('/');
        const status = column === 'ifInErrors';
        if (Number(of) !== port || (part !== 'both' && status !== (part === 'status'))) continue;
        row[column] = value;
        truth.set(`${key}@${T0_MS + at_s * 1_000}`, counted.get(key) ?? 0n);
      }
      rows[port] = row;
    }
    const scalars = {
      snmpEngineBoots: world.boots,
      hrSystemUptime: Math.round((at_s - world.host_s) * 100) % 2 ** 32,
    };
    const reading = poll(at_s, ticks, rows, part === 'traffic' ? null : scalars, 0);
    readings.push(lost ? { ...reading, outcome: 'timeout', ports: undefined } : reading);
  };
  read(0, 'both', false);
  for (const one of steps) {
    const before_s = Math.floor((one.wait_s * one.when) / 100);
    grow(before_s, one);
    const at_s = world.s + before_s;
    if (one.event === 'reboot' || one.event === 'clear') clear();
    if (one.event === 'renumber') {
      clear();
      discontinuity += 1_000;
    }
    if (one.event === 'reboot' || one.event === 'agent_restart') {
      // No device begins anew in the moment in which it answered.
      const up_s = Math.min(at_s + 2, world.s + one.wait_s) - 0.13 * (restarts.length % 7);
      world.booted_s = up_s;
      world.boots += 1;
      if (one.event === 'reboot') world.host_s = up_s;
      discontinuity = 0;
      restarts.push({ at_ms: T0_MS + Math.round(up_s * 1_000), reboot: one.event === 'reboot' });
    }
    grow(one.wait_s - before_s, one);
    world.s += one.wait_s;
    if (!one.split) {
      read(world.s, 'both', one.lost);
      continue;
    }
    read(world.s, 'status', one.lost);
    grow(1, one);
    world.s += 1;
    read(world.s, 'traffic', one.lost);
  }
  return { readings, truth, restarts };
}
