/** Just enough of RFC 1035 §4 to ask one question and to read its answer. */

/** Answers without EDNS have at most 512 bytes (RFC 1035 §4.2.1); some servers send more. */
export const DNS_BYTES_MAX = 4_096;
const HEADER_BYTES = 12;
const NAME_BYTES_MAX = 255;
const LABEL_BYTES_MAX = 63;
/** More pointers than labels fit into a name can only be a loop. */
const POINTERS_MAX = 128;
const TYPE_A = 1;
const TYPE_CNAME = 5;
const CLASS_IN = 1;
const FLAG_QR = 0x8000;
const FLAG_TC = 0x0200;
const FLAG_RD = 0x0100;
const OPCODE_MASK = 0x7800;
const RCODE_MASK = 0x000f;

/** What a datagram from the server is. */
export type DnsReading =
  | {
      readonly kind: 'answer';
      readonly rcode: number;
      readonly truncated: boolean;
      readonly records: number;
    }
  /** Well-formed, but to another question. */
  | { readonly kind: 'foreign'; readonly why: string }
  | { readonly kind: 'garbage'; readonly why: string };

/** A query for the IPv4 addresses of `name` (recursion desired); null if it is no DNS name. */
export function encodeQuery(id: number, name: string): Uint8Array | null {
  const labels = name
    .replace(/\.$/, '')
    .split('.')
    .map((label) => Buffer.from(label, 'latin1'));
  if (labels.some(({ length }) => length === 0 || length > LABEL_BYTES_MAX)) return null;
  const qname = Buffer.concat([
    ...labels.flatMap((label) => [Buffer.from([label.length]), label]),
    Buffer.from([0]),
  ]);
  if (qname.length > NAME_BYTES_MAX) return null;
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt16BE(id, 0);
  header.writeUInt16BE(FLAG_RD, 2);
  header.writeUInt16BE(1, 4);
  return Buffer.concat([header, qname, Buffer.from([0, TYPE_A, 0, CLASS_IN])]);
}

/** Reads a datagram against the query it should answer. Never throws, whatever the bytes. */
export function readAnswer(bytes: Uint8Array, query: Uint8Array): DnsReading {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const asked = Buffer.from(query.buffer, query.byteOffset, query.byteLength);
  if (view.length < HEADER_BYTES) return { kind: 'garbage', why: `${view.length} bytes only` };
  const flags = view.readUInt16BE(2);
  if ((flags & FLAG_QR) === 0 || (flags & OPCODE_MASK) !== 0) {
    return { kind: 'garbage', why: 'this is no answer to a query' };
  }
  if (view.readUInt16BE(0) !== asked.readUInt16BE(0))
    return { kind: 'foreign', why: 'its id is another' };
  const rcode = flags & RCODE_MASK;
  const truncated = (flags & FLAG_TC) !== 0;
  const questions = view.readUInt16BE(4);
  // A server that could not read the question does not repeat it (RFC 1035 §4.1.1, FORMERR).
  if (questions === 0 && rcode !== 0) return { kind: 'answer', rcode, truncated, records: 0 };
  const question_end = asked.length;
  if (questions !== 1) return { kind: 'garbage', why: `it has ${questions} questions` };
  if (view.length < question_end || !sameQuestion(view, asked)) {
    return { kind: 'foreign', why: 'its question is another' };
  }
  // What a truncated message has left of its records is not worth reading.
  if (truncated) return { kind: 'answer', rcode, truncated, records: 0 };
  const records = countAddresses(view, question_end, view.readUInt16BE(6));
  if (records === null) return { kind: 'garbage', why: 'its records are broken' };
  return { kind: 'answer', rcode, truncated, records };
}

/** Letter case may differ (RFC 4343); everything else may not. */
function sameQuestion(view: Buffer, asked: Buffer): boolean {
  for (let i = HEADER_BYTES; i < asked.length; i += 1) {
    if (lower(view[i] ?? 0) !== lower(asked[i] ?? 0)) return false;
  }
  return true;
}

function lower(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte;
}

/** Address records among the answers; null when a record runs out of the message. */
function countAddresses(view: Buffer, start: number, count: number): number | null {
  let at: number | null = start;
  let addresses = 0;
  for (let i = 0; i < count; i += 1) {
    at = skipName(view, at);
    if (at === null || at + 10 > view.length) return null;
    const type = view.readUInt16BE(at);
    const length = view.readUInt16BE(at + 8);
    at += 10 + length;
    if (at > view.length) return null;
    if (type === TYPE_A && length !== 4) return null;
    if (type === TYPE_A) addresses += 1;
    else if (type === TYPE_CNAME && length === 0) return null;
  }
  return addresses;
}

/** The offset behind a name, or null. Pointers are followed only to see that they end. */
function skipName(view: Buffer, start: number): number | null {
  let at = start;
  let end: number | null = null;
  for (let pointers = 0; ; ) {
    const length = view[at];
    if (length === undefined) return null;
    if (length === 0) return end ?? at + 1;
    if (length < 0x40) {
      at += 1 + length;
      continue;
    }
    const low = view[at + 1];
    if (length < 0xc0 || low === undefined) return null;
    end ??= at + 2;
    pointers += 1;
    if (pointers > POINTERS_MAX) return null;
    at = ((length & 0x3f) << 8) | low;
  }
}
