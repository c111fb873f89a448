import type { Cause } from '../cause-names.ts';
import { type CauseTimes, closeTally, type FigureSums, newTally } from '../figures/sums.ts';
import type { UnknownReason } from '../types.ts';
import type { DaySums } from './types.ts';

/**
 * One sum: the number alone if all its time is up; else the parts in the order of PARTS, with the
 * tables and outages behind them, without what is empty at the end. `expected_ms` and `unknown_ms`
 * are the sums of their parts and are not written.
 */
type Packed =
  | number
  | readonly (number | readonly (string | number)[] | readonly (number | null)[])[];

/** Order of the numbers of a row. */
export const PARTS = [
  'up_ms',
  'degraded_ms',
  'down_ms',
  'unreachable_ms',
  'off_ms',
  'maintenance_ms',
  'lan_excluded_ms',
  'undetermined_ms',
] as const satisfies readonly (keyof FigureSums)[];
const UNKNOWN = PARTS.length;
const CAUSES = UNKNOWN + 1;
const OUTAGES = UNKNOWN + 2;

/** Compact text of a day's sums: integers and names, no zeros at the end of a row. */
export function encodeSums(sums: DaySums): string {
  const codes = Object.keys(sums.devices).sort();
  const devices = codes.map((code) => [code, pack(sums.devices[code] ?? closeTally(newTally()))]);
  return JSON.stringify([Object.fromEntries(devices), pack(sums.site), pack(sums.workplaces)]);
}

/** The text must be one of encodeSums. */
export function decodeSums(text: string): DaySums {
  const [rows, site, workplaces] = JSON.parse(text) as [
    Record<string, Packed | FigureSums>,
    Packed,
    Packed,
  ];
  const known = new Map<number, FigureSums>();
  // In place: a second table of each of a province's days would cost as much as reading them.
  for (const code in rows) rows[code] = unpack(rows[code] as Packed, known);
  const devices = rows as Record<string, FigureSums>;
  return { devices, site: unpack(site, known), workplaces: unpack(workplaces, known) };
}

function pack(sums: FigureSums): Packed {
  const reasons = Object.entries(sums.unknown_by).flat();
  const causes = Object.entries(sums.down_by_cause_ms).flatMap(([cause, times]) => [
    cause,
    times.down_ms,
    times.unreachable_ms,
    times.unknown_ms,
  ]);
  const { outages, outages_ms, ended, ended_ms, longest_ms } = sums;
  const counted = outages > 0 ? [outages, outages_ms, ended, ended_ms, longest_ms] : [];
  const row = [...PARTS.map((name) => sums[name]), reasons, causes, counted];
  while (row.length > 1 && isEmpty(row.at(-1))) row.pop();
  return row.length === 1 ? sums.up_ms : row.map((one) => (isEmpty(one) ? 0 : (one ?? 0)));
}

function isEmpty(part: number | readonly unknown[] | undefined): boolean {
  return typeof part === 'object' ? part.length === 0 : part === 0;
}

function unpack(packed: Packed, known: Map<number, FigureSums>): FigureSums {
  if (typeof packed !== 'number') return unpackRow(packed);
  let sums = known.get(packed);
  if (sums === undefined) {
    sums = { ...newTally(), expected_ms: packed, up_ms: packed };
    known.set(packed, sums);
  }
  return sums;
}

function unpackRow(row: Exclude<Packed, number>): FigureSums {
  const tally = newTally();
  PARTS.forEach((name, k) => {
    tally[name] = numberIn(row[k]);
  });
  const reasons = listIn(row[UNKNOWN]);
  for (let k = 0; k < reasons.length; k += 2) {
    const ms = numberIn(reasons[k + 1]);
    tally.unknown_by[reasons[k] as UnknownReason] = ms;
    tally.unknown_ms += ms;
  }
  const causes = listIn(row[CAUSES]);
  for (let k = 0; k < causes.length; k += 4) {
    tally.down_by_cause_ms[causes[k] as Cause] = timesIn(causes, k + 1);
  }
  const counted = listIn(row[OUTAGES]);
  if (counted.length > 0) {
    tally.outages = numberIn(counted[0]);
    tally.outages_ms = numberIn(counted[1]);
    tally.ended = numberIn(counted[2]);
    tally.ended_ms = numberIn(counted[3]);
    tally.longest_ms = typeof counted[4] === 'number' ? counted[4] : null;
  }
  tally.expected_ms =
    tally.up_ms +
    tally.degraded_ms +
    tally.down_ms +
    tally.unreachable_ms +
    tally.off_ms +
    tally.unknown_ms +
    tally.maintenance_ms;
  return tally;
}

function timesIn(list: readonly unknown[], k: number): CauseTimes {
  return {
    down_ms: numberIn(list[k]),
    unreachable_ms: numberIn(list[k + 1]),
    unknown_ms: numberIn(list[k + 2]),
  };
}

function numberIn(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}

function listIn(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
