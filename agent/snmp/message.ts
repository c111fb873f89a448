import { TAG } from './value.ts';

export const SEQUENCE = 0x30;
/** UDP limits a message to 65,507 bytes, so more than 4 length bytes are never honest. */
const LENGTH_BYTES_MAX = 4;
/** Lengths of two bytes for every message: then the place of its parts is known beforehand. */
const LONG_LENGTH_2 = 0x82;
const HEADER_BYTES = 4;

/** Walks over definite-length elements in place: one object for a whole message. */
export class Scan {
  readonly bytes: Uint8Array;
  tag = 0;
  /** First byte of the content. */
  start = 0;
  /** First byte after the content. */
  end = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** Reads the element at `at`; false where it does not lie wholly before `limit`. */
  read(at: number, limit: number): boolean {
    if (at + 2 > limit) return false;
    const { bytes } = this;
    this.tag = bytes[at] ?? 0;
    let length = bytes[at + 1] ?? 0;
    this.start = at + 2;
    if (length >= 0x80) {
      const size = length & 0x7f;
      if (size === 0 || size > LENGTH_BYTES_MAX || this.start + size > limit) return false;
      length = 0;
      for (let i = 0; i < size; i++) length = length * 256 + (bytes[this.start + i] ?? 0);
      this.start += size;
    }
    this.end = this.start + length;
    return this.end <= limit;
  }

  expect(at: number, limit: number, tag: number): boolean {
    return this.read(at, limit) && this.tag === tag;
  }
}

/** Two's complement, most significant byte first; NaN where a number cannot hold it exactly. */
export function integer(bytes: Uint8Array, start: number, end: number): number {
  let value = ((bytes[start] ?? 0) << 24) >> 24;
  for (let i = start + 1; i < end; i++) value = value * 256 + (bytes[i] ?? 0);
  return Number.isSafeInteger(value) ? value : Number.NaN;
}

/** Where the parts of a community message (RFC 1901) stand in its datagram. */
export interface CommunityParts {
  /** 0: SNMPv1, 1: SNMPv2c; −1: neither. */
  readonly version: number;
  /** Tag of the PDU. */
  readonly pdu: number;
  /** error-status of an answer. */
  readonly status: number;
  /** Version and community. */
  readonly head: number;
  readonly head_end: number;
  /** Request id, error-status, error-index; in a GETBULK its two numbers. */
  readonly ids: number;
  readonly ids_end: number;
  /** Content of the varbind list. */
  readonly list: number;
  readonly list_end: number;
}

const OTHER = { version: -1, pdu: 0, status: 0, head: 0, head_end: 0, ids: 0, ids_end: 0 };

/** Null where the shell of a community message is broken; other messages have version −1. */
export function communityParts(bytes: Uint8Array): CommunityParts | null {
  const scan = new Scan(bytes);
  if (!scan.expect(0, bytes.length, SEQUENCE)) return null;
  const { start: head, end: limit } = scan;
  if (!scan.expect(head, limit, TAG.INTEGER)) return null;
  const version = bytes[scan.start] ?? 0;
  if (scan.end - scan.start !== 1 || version > 1) return { ...OTHER, list: 0, list_end: 0 };
  if (!scan.expect(scan.end, limit, TAG.OCTET_STRING)) return null;
  const head_end = scan.end;
  if (!scan.read(head_end, limit)) return null;
  const { tag: pdu, start: ids, end: pdu_end } = scan;
  if (!scan.expect(ids, pdu_end, TAG.INTEGER)) return null;
  if (!scan.expect(scan.end, pdu_end, TAG.INTEGER)) return null;
  const status = integer(bytes, scan.start, scan.end);
  if (!scan.expect(scan.end, pdu_end, TAG.INTEGER)) return null;
  const ids_end = scan.end;
  if (!scan.expect(ids_end, pdu_end, SEQUENCE)) return null;
  const { start: list, end: list_end } = scan;
  return { version, pdu, status, head, head_end, ids, ids_end, list, list_end };
}

/** The same message with another varbind list, given with its tag and length. */
export function withList(bytes: Buffer, parts: CommunityParts, list: Buffer): Buffer {
  const { head, head_end, ids, ids_end } = parts;
  const pdu_bytes = ids_end - ids + list.length;
  const message_bytes = head_end - head + HEADER_BYTES + pdu_bytes;
  const made = Buffer.allocUnsafe(HEADER_BYTES + message_bytes);
  header(made, 0, SEQUENCE, message_bytes);
  bytes.copy(made, HEADER_BYTES, head, head_end);
  const pdu = HEADER_BYTES + head_end - head;
  header(made, pdu, parts.pdu, pdu_bytes);
  bytes.copy(made, pdu + HEADER_BYTES, ids, ids_end);
  list.copy(made, made.length - list.length);
  return made;
}

/** Writes a tag and a length of two bytes. */
export function header(bytes: Buffer, at: number, tag: number, length: number): void {
  bytes[at] = tag;
  bytes[at + 1] = LONG_LENGTH_2;
  bytes.writeUInt16BE(length, at + 2);
}
