import { CAUSES, type Cause } from '../cause-names.ts';
import { SLOT_CLASSES, type UnknownReason } from '../types.ts';

/** Time of one cause, ms. `unknown_ms` stays unknown in every ratio: a cause only explains it. */
export interface CauseTimes {
  readonly down_ms: number;
  readonly unreachable_ms: number;
  readonly unknown_ms: number;
}

/**
 * What can be added: days to months, devices to groups, sites and units (accounting §6). Integers.
 * expected = up + degraded + down + unreachable + off + unknown + maintenance, always.
 */
export interface FigureSums {
  readonly expected_ms: number;
  readonly up_ms: number;
  readonly degraded_ms: number;
  readonly down_ms: number;
  readonly unreachable_ms: number;
  readonly off_ms: number;
  readonly unknown_ms: number;
  /** Only reasons that occurred; their sum is unknown_ms. */
  readonly unknown_by: Readonly<Partial<Record<UnknownReason, number>>>;
  readonly maintenance_ms: number;
  /** Only causes that occurred. Σ down and Σ unreachable are whole: no cause is `undetermined`. */
  readonly down_by_cause_ms: Readonly<Partial<Record<Cause, CauseTimes>>>;
  /** Down and unreachable time that availability_lan leaves out; with undetermined_ms. */
  readonly lan_excluded_ms: number;
  /** The part of it whose cause is undetermined or not settled: worst_lan counts it as down. */
  readonly undetermined_ms: number;
  /** Outages of at least OUTAGE_MS_MIN that start in the period; an open one counts. */
  readonly outages: number;
  /** Their whole counted length, also beyond the period's end, so that split periods add up. */
  readonly outages_ms: number;
  /** Those of them that ended, and their length: for the mean time to repair. */
  readonly ended: number;
  readonly ended_ms: number;
  /** Longest of them. The one `_ms` that is not added: of two parts the greater counts. */
  readonly longest_ms: number | null;
}

/** The same, being filled. Owned by the function that made it until it is given away. */
export type Tally = {
  -readonly [K in keyof FigureSums]: FigureSums[K];
} & {
  unknown_by: Partial<Record<UnknownReason, number>>;
  down_by_cause_ms: Partial<Record<Cause, CauseTimes>>;
};

const CLASS_REASONS = SLOT_CLASSES.filter(
  (name) =>
    name !== 'maintenance' && name !== 'no_reply' && name !== 'arp_only' && name !== 'reply',
);
/** Order of the keys of unknown_by: the same figures are the same bytes, whatever came first. */
export const UNKNOWN_REASONS: readonly UnknownReason[] = [
  ...CLASS_REASONS,
  'short_run',
  'never_answered',
];

export function newTally(): Tally {
  return {
    expected_ms: 0,
    up_ms: 0,
    degraded_ms: 0,
    down_ms: 0,
    unreachable_ms: 0,
    off_ms: 0,
    unknown_ms: 0,
    unknown_by: {},
    maintenance_ms: 0,
    down_by_cause_ms: {},
    lan_excluded_ms: 0,
    undetermined_ms: 0,
    outages: 0,
    outages_ms: 0,
    ended: 0,
    ended_ms: 0,
    longest_ms: null,
  };
}

/** Puts the keys into their order. Call once, when nothing is added any more. */
export function closeTally(tally: Tally): FigureSums {
  tally.unknown_by = ordered(tally.unknown_by, UNKNOWN_REASONS);
  tally.down_by_cause_ms = ordered(tally.down_by_cause_ms, CAUSES);
  return tally;
}

/** Sums of two disjoint parts: of time, of devices, or both. Commutative and associative. */
export function addSums(a: FigureSums, b: FigureSums): FigureSums {
  return addAll([a, b]);
}

/** Sums of any number of disjoint parts. */
export function addAll(parts: Iterable<FigureSums>): FigureSums {
  const tally = newTally();
  for (const part of parts) addTo(tally, part);
  return closeTally(tally);
}

/** Each row with its partner: day tables, matrices. The shorter list ends with empty rows. */
export function addEach(a: readonly FigureSums[], b: readonly FigureSums[]): FigureSums[] {
  const longer = a.length >= b.length ? a : b;
  return longer.map((_, row) => addAll([a[row], b[row]].filter((part) => part !== undefined)));
}

/** The same sums of `times` equal things (workplaces behind one path); times: an integer ≥ 0. */
export function scaleSums(sums: FigureSums, times: number): FigureSums {
  const tally = newTally();
  for (const key of ADDED) tally[key] = sums[key] * times;
  for (const [reason, ms] of entries(sums.unknown_by)) tally.unknown_by[reason] = ms * times;
  for (const [cause, part] of entries(sums.down_by_cause_ms)) {
    tally.down_by_cause_ms[cause] = {
      down_ms: part.down_ms * times,
      unreachable_ms: part.unreachable_ms * times,
      unknown_ms: part.unknown_ms * times,
    };
  }
  tally.longest_ms = times > 0 ? sums.longest_ms : null;
  return closeTally(tally);
}

/** Every field that is added; longest_ms and the two tables have their own rules. */
export const ADDED = [
  'expected_ms',
  'up_ms',
  'degraded_ms',
  'down_ms',
  'unreachable_ms',
  'off_ms',
  'unknown_ms',
  'maintenance_ms',
  'lan_excluded_ms',
  'undetermined_ms',
  'outages',
  'outages_ms',
  'ended',
  'ended_ms',
] as const satisfies readonly (keyof FigureSums)[];

// Written out: a province's month adds a quarter of a million day rows in a fraction of a second.
function addTo(tally: Tally, part: FigureSums): void {
  tally.expected_ms += part.expected_ms;
  tally.up_ms += part.up_ms;
  tally.degraded_ms += part.degraded_ms;
  tally.down_ms += part.down_ms;
  tally.unreachable_ms += part.unreachable_ms;
  tally.off_ms += part.off_ms;
  tally.unknown_ms += part.unknown_ms;
  tally.maintenance_ms += part.maintenance_ms;
  tally.lan_excluded_ms += part.lan_excluded_ms;
  tally.undetermined_ms += part.undetermined_ms;
  tally.outages += part.outages;
  tally.outages_ms += part.outages_ms;
  tally.ended += part.ended;
  tally.ended_ms += part.ended_ms;
  if (part.longest_ms !== null) {
    tally.longest_ms = Math.max(tally.longest_ms ?? 0, part.longest_ms);
  }
  if (part.unknown_ms > 0) {
    for (const [reason, ms] of entries(part.unknown_by)) {
      tally.unknown_by[reason] = ms + (tally.unknown_by[reason] ?? 0);
    }
  }
  if (part.down_ms > 0 || part.unreachable_ms > 0 || part.unknown_ms > 0) {
    for (const [cause, times] of entries(part.down_by_cause_ms)) {
      addCause(tally, cause, times.down_ms, times.unreachable_ms, times.unknown_ms);
    }
  }
}

/** Adds time to one cause's columns, ms each. */
export function addCause(
  tally: Tally,
  cause: Cause,
  down_ms: number,
  unreachable_ms: number,
  unknown_ms: number,
): void {
  const old = tally.down_by_cause_ms[cause];
  tally.down_by_cause_ms[cause] = {
    down_ms: down_ms + (old?.down_ms ?? 0),
    unreachable_ms: unreachable_ms + (old?.unreachable_ms ?? 0),
    unknown_ms: unknown_ms + (old?.unknown_ms ?? 0),
  };
}

function entries<K extends string, V>(table: Readonly<Partial<Record<K, V>>>): [K, V][] {
  return Object.entries(table) as [K, V][];
}

function ordered<K extends string, V>(
  table: Partial<Record<K, V>>,
  names: readonly K[],
): Partial<Record<K, V>> {
  const keys = Object.keys(table);
  if (keys.length < 2) return table;
  const out: Partial<Record<K, V>> = {};
  for (const name of names) {
    const value = table[name];
    if (value !== undefined) out[name] = value;
  }
  return out;
}
