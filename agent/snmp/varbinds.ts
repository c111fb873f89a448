import type { Varbind } from 'net-snmp';

/** `rowOf`: the OID lies in the column, but its row has more than one arc. */
export const ROW_DEEPER = -1;
/** `rowOf`: the OID comes after the whole column. */
export const ROW_AFTER = -2;
/** `rowOf`: the OID comes before the whole column. */
export const ROW_BEFORE = -3;

const DIGIT_0 = 48;

/** A column's OID in the forms in which OIDs are compared with it. */
export interface ColumnKey {
  readonly oid: string;
  /** With a trailing dot. */
  readonly prefix: string;
  /** BER content bytes (X.690 §8.19). */
  readonly ber: Uint8Array;
}

/**
 * The varbinds of one answer in the order in which they travel: of a GETBULK, first the successors
 * of all asked OIDs, then their successors. `k` is from 0 to `length` − 1.
 */
export interface VarbindList {
  readonly length: number;
  /** ASN.1 tag. */
  typeOf(k: number): number;
  valueOf(k: number): unknown;
  oidOf(k: number): string;
  /** The row of a column that has a single arc, else one of the ROW_… constants. */
  rowOf(k: number, column: ColumnKey): number;
}

/** One arc in base 128 (X.690 §8.19.2). */
export function arcBytes(arc: number): number[] {
  const group = [arc % 128];
  for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) {
    group.unshift((left % 128) + 128);
  }
  return group;
}

/** `oid` has at least two arcs, none above 2³²−1, and no leading or trailing dot. */
export function columnKey(oid: string): ColumnKey {
  const [first = 0, second = 0, ...rest] = oid.split('.').map(Number);
  const ber = Uint8Array.from([first * 40 + second, ...rest].flatMap(arcBytes));
  return { oid, prefix: `${oid}.`, ber };
}

/** Whether `next` comes strictly after `oid` in MIB order (RFC 3416 §4.2.2). */
export function follows(oid: string, next: string): boolean {
  const a = oid.split('.');
  const b = next.split('.');
  for (let i = 0; i < a.length && i < b.length; i++) {
    const difference = Number(b[i]) - Number(a[i]);
    if (difference !== 0) return difference > 0;
  }
  return b.length > a.length;
}

/** What net-snmp read, in the order in which it travelled. */
class ReadList implements VarbindList {
  readonly length: number;
  readonly #columns: readonly (readonly Varbind[])[];

  constructor(columns: readonly (readonly Varbind[])[]) {
    this.#columns = columns;
    this.length = columns.reduce((sum, column) => sum + column.length, 0);
  }

  #at(k: number): Varbind | undefined {
    const width = this.#columns.length;
    return this.#columns[k % width]?.[Math.floor(k / width)];
  }

  typeOf(k: number): number {
    return this.#at(k)?.type ?? 0;
  }

  valueOf(k: number): unknown {
    return this.#at(k)?.value;
  }

  oidOf(k: number): string {
    return this.#at(k)?.oid ?? '';
  }

  rowOf(k: number, column: ColumnKey): number {
    const oid = this.oidOf(k);
    const { prefix } = column;
    if (!oid.startsWith(prefix)) return follows(column.oid, oid) ? ROW_AFTER : ROW_BEFORE;
    let arc = 0;
    for (let i = prefix.length; i < oid.length; i++) {
      const digit = oid.charCodeAt(i) - DIGIT_0;
      if (digit < 0 || digit > 9) return ROW_DEEPER;
      arc = arc * 10 + digit;
    }
    return arc;
  }
}

/** Per asked OID what net-snmp found for it; later OIDs may have one less than the first. */
export function readList(columns: readonly (readonly Varbind[])[]): VarbindList {
  return new ReadList(columns);
}
