import { communityParts, integer, Scan, SEQUENCE, withList } from './message.ts';
import { counter64, TAG } from './value.ts';
import { type ColumnKey, ROW_AFTER, ROW_BEFORE, ROW_DEEPER, type VarbindList } from './varbinds.ts';

const RESPONSE = 0xa2;
const VERSION_2C = 1;
/** SMIv2 types that net-snmp knows and that need no constant elsewhere (RFC 2578 §7.1). */
const NULL = 5;
const IP_ADDRESS = 64;
const OPAQUE = 68;
/** An arc has 32 bits (RFC 2578 §3.5), 7 of them a byte. */
const ARC_BYTES_MAX = 5;
/** The first of five bytes carries 4 bits. */
const ARC_FIRST_OF_FIVE_MAX = 0x8f;
/** Numbers kept of one varbind: bounds of its OID, tag, bounds of its value. */
const STRIDE = 5;

/** Whether the bytes are arcs of at most 32 bits in the fewest bytes: else they do not compare. */
function isOid(bytes: Uint8Array, start: number, end: number): boolean {
  let length = 0;
  for (let i = start; i < end; i++) {
    const byte = bytes[i] ?? 0;
    if (length === 0 && byte === 0x80) return false;
    length++;
    if (length > ARC_BYTES_MAX) return false;
    if (byte >= 0x80) continue;
    const first = bytes[i - length + 1] ?? 0;
    if (length === ARC_BYTES_MAX && first > ARC_FIRST_OF_FIVE_MAX) return false;
    length = 0;
  }
  return end > start && length === 0;
}

function oidText(bytes: Uint8Array, start: number, end: number): string {
  let text = '';
  let arc = 0;
  for (let i = start; i < end; i++) {
    const byte = bytes[i] ?? 0;
    arc = arc * 128 + (byte & 0x7f);
    if (byte >= 0x80) continue;
    if (text === '') {
      const first = Math.min(Math.floor(arc / 40), 2);
      text = `${first}.${arc - first * 40}`;
    } else text += `.${arc}`;
    arc = 0;
  }
  return text;
}

/** Whether an OID comes after one that does not begin it: their first different arc decides. */
function isAfter(bytes: Uint8Array, start: number, end: number, ber: Uint8Array): boolean {
  let arc = 0;
  let other = 0;
  for (let i = 0, j = 0; start + i < end && j < ber.length; i++, j++) {
    arc = 0;
    other = 0;
    for (; ; i++) {
      const byte = bytes[start + i] ?? 0;
      arc = arc * 128 + (byte & 0x7f);
      if (byte < 0x80) break;
    }
    for (; ; j++) {
      const byte = ber[j] ?? 0;
      other = other * 128 + (byte & 0x7f);
      if (byte < 0x80) break;
    }
    if (arc !== other) return arc > other;
  }
  return false;
}

/** Whether the content fits its type, so that reading it later cannot fail. */
function isValue(bytes: Uint8Array, tag: number, start: number, end: number): boolean {
  switch (tag) {
    case TAG.INTEGER:
    case TAG.COUNTER32:
    case TAG.GAUGE32:
    case TAG.TIMETICKS:
      return end > start && !Number.isNaN(integer(bytes, start, end));
    case TAG.OID:
      return isOid(bytes, start, end);
    case IP_ADDRESS:
      return end - start === 4;
    case TAG.OCTET_STRING:
    case OPAQUE:
    case TAG.COUNTER64:
      return true;
    case NULL:
    case TAG.NO_SUCH_OBJECT:
    case TAG.NO_SUCH_INSTANCE:
    case TAG.END_OF_MIB_VIEW:
      return end === start;
    default:
      return false;
  }
}

/** Varbinds that still stand in their datagram; only what is asked for is read. */
class DatagramList implements VarbindList {
  readonly length: number;
  readonly #bytes: Uint8Array;
  readonly #at: readonly number[];

  constructor(bytes: Uint8Array, at: readonly number[]) {
    this.#bytes = bytes;
    this.#at = at;
    this.length = at.length / STRIDE;
  }

  typeOf(k: number): number {
    return this.#at[k * STRIDE + 2] ?? 0;
  }

  oidOf(k: number): string {
    return oidText(this.#bytes, this.#at[k * STRIDE] ?? 0, this.#at[k * STRIDE + 1] ?? 0);
  }

  rowOf(k: number, { ber }: ColumnKey): number {
    const start = this.#at[k * STRIDE] ?? 0;
    const end = this.#at[k * STRIDE + 1] ?? 0;
    const bytes = this.#bytes;
    const row = start + ber.length;
    let inside = row < end;
    // Columns of one table differ in their last byte, so look there first.
    for (let i = ber.length - 1; inside && i >= 0; i--) inside = bytes[start + i] === ber[i];
    if (!inside) return isAfter(bytes, start, end, ber) ? ROW_AFTER : ROW_BEFORE;
    let arc = 0;
    let at = row;
    for (; at < end; at++) {
      const byte = bytes[at] ?? 0;
      arc = arc * 128 + (byte & 0x7f);
      if (byte < 0x80) break;
    }
    return at === end - 1 ? arc : ROW_DEEPER;
  }

  valueOf(k: number): unknown {
    const type = this.typeOf(k);
    const start = this.#at[k * STRIDE + 3] ?? 0;
    const end = this.#at[k * STRIDE + 4] ?? 0;
    const bytes = this.#bytes;
    switch (type) {
      case TAG.INTEGER:
        return integer(bytes, start, end);
      case TAG.COUNTER32:
      case TAG.GAUGE32:
      case TAG.TIMETICKS:
        // Some agents leave the leading 0 byte out, so a large value looks negative.
        return integer(bytes, start, end) >>> 0;
      case TAG.COUNTER64:
        return counter64(bytes, start, end);
      case TAG.OID:
        return oidText(bytes, start, end);
      case IP_ADDRESS:
        return bytes.subarray(start, end).join('.');
      case TAG.OCTET_STRING:
      case OPAQUE:
        return bytes.subarray(start, end);
      default:
        return null;
    }
  }
}

export interface ReadAnswer {
  readonly list: VarbindList;
  /** The same message without varbinds. */
  readonly shell: Buffer;
}

const EMPTY_LIST = Buffer.of(SEQUENCE, 0);

/**
 * Reads the varbinds of an SNMPv2c response that reports no error in one pass and without making
 * text of OIDs; that made up half of the work of a poll. The message without them is for net-snmp,
 * which matches version, community and request. `other`: no such response, net-snmp shall have it
 * whole. `garbage`: it looks like one and is broken.
 */
export function readAnswer(bytes: Buffer): ReadAnswer | 'other' | 'garbage' {
  const parts = communityParts(bytes);
  if (parts === null) return 'garbage';
  if (parts.version !== VERSION_2C || parts.pdu !== RESPONSE || parts.status !== 0) return 'other';
  const at = positions(bytes, parts.list, parts.list_end);
  if (at === null) return 'garbage';
  return { list: new DatagramList(bytes, at), shell: withList(bytes, parts, EMPTY_LIST) };
}

function positions(bytes: Uint8Array, start: number, end: number): number[] | null {
  const scan = new Scan(bytes);
  const at: number[] = [];
  for (let next = start; next < end; ) {
    if (!scan.expect(next, end, SEQUENCE)) return null;
    next = scan.end;
    if (!scan.expect(scan.start, next, TAG.OID)) return null;
    const { start: oid, end: oid_end } = scan;
    if (!isOid(bytes, oid, oid_end) || !scan.read(oid_end, next)) return null;
    if (!isValue(bytes, scan.tag, scan.start, scan.end)) return null;
    at.push(oid, oid_end, scan.tag, scan.start, scan.end);
  }
  return at;
}
