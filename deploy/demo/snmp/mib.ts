import type { SnmpValue, SnmpVarbind } from './ber.ts';

/** What a simulated agent serves: objects in MIB order. */
export interface Mib {
  get(oid: string): SnmpValue | undefined;
  /** The first object after `oid`. */
  next(oid: string): SnmpVarbind | undefined;
}

/** A fixed value, or one that is read anew for every varbind. */
export type MibEntry = readonly [oid: string, value: SnmpValue | (() => SnmpValue)];

export function compareOids(a: readonly number[], b: readonly number[]): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** Builds a MIB of entries in any order; of equal OIDs the last one counts. */
export function createMib(entries: Iterable<MibEntry>): Mib {
  const by_oid = new Map(entries);
  const sorted = [...by_oid.keys()]
    .map((oid) => ({ oid, arcs: oid.split('.').map(Number) }))
    .sort((a, b) => compareOids(a.arcs, b.arcs));
  const get = (oid: string): SnmpValue | undefined => {
    const value = by_oid.get(oid);
    return typeof value === 'function' ? value() : value;
  };
  return {
    get,
    next(oid) {
      const arcs = oid.split('.').map(Number);
      let low = 0;
      let high = sorted.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (compareOids(sorted[middle]?.arcs ?? [], arcs) > 0) high = middle;
        else low = middle + 1;
      }
      const found = sorted[low];
      const value = found === undefined ? undefined : get(found.oid);
      return found === undefined || value === undefined ? undefined : { oid: found.oid, value };
    },
  };
}
