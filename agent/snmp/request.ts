import { communityParts, header, SEQUENCE, withList } from './message.ts';
import { TAG } from './value.ts';
import { arcBytes, type ColumnKey, columnKey } from './varbinds.ts';

/** An OID to ask for the successor of. */
export interface Place {
  readonly key: ColumnKey;
  /** ≥ 0: the row of the column. */
  readonly row: number;
  /** The OID where `row` is negative. */
  readonly oid: string;
}

export function placeOf(oid: string): Place {
  return { key: columnKey(oid), row: -1, oid };
}

export function placeText({ key, row, oid }: Place): string {
  return row >= 0 ? key.prefix + row : oid;
}

const GETBULK = 0xa5;
const NULL = 5;
const LIST_HEADER_BYTES = 4;
/** Tag and length of the varbind and of its OID, and the null value behind it. */
const AROUND_BYTES = 6;
/** Longer ones need another form of length; RFC 2578 §3.5 allows 128 arcs, tables have some 15. */
const OID_BYTES_MAX = 120;

/** A varbind list with null values; undefined where an OID is too long to be sent this way. */
export function askedList(places: readonly Place[]): Buffer | undefined {
  const oids: { readonly base: Uint8Array; readonly row: readonly number[] }[] = [];
  let bytes = LIST_HEADER_BYTES;
  for (const { key, row, oid } of places) {
    const base = row >= 0 || oid === key.oid ? key.ber : columnKey(oid).ber;
    const arcs = row >= 0 ? arcBytes(row) : [];
    if (base.length + arcs.length > OID_BYTES_MAX) return undefined;
    oids.push({ base, row: arcs });
    bytes += AROUND_BYTES + base.length + arcs.length;
  }
  const list = Buffer.allocUnsafe(bytes);
  header(list, 0, SEQUENCE, bytes - LIST_HEADER_BYTES);
  let at = LIST_HEADER_BYTES;
  for (const { base, row } of oids) {
    const length = base.length + row.length;
    list[at++] = SEQUENCE;
    list[at++] = length + AROUND_BYTES - 2;
    list[at++] = TAG.OID;
    list[at++] = length;
    list.set(base, at);
    list.set(row, at + base.length);
    at += length;
    list[at++] = NULL;
    list[at++] = 0;
  }
  return list;
}

/** A GETBULK of net-snmp with our varbinds; throws where it is none: nothing else may leave. */
export function asking(request: Buffer, list: Buffer): Buffer {
  const parts = communityParts(request);
  if (parts?.pdu !== GETBULK) throw new TypeError('not a GETBULK request');
  return withList(request, parts, list);
}
