import { concat } from '../bytes.ts';
import { LanProofError } from '../errors.ts';
import { BATCH_BYTES_MAX, HEADER_BYTES_MAX } from './batch.ts';

/**
 * Body of POST /api/v1/batches (docs/formats/wire.md): the magic, then header, signature and
 * sections, each behind its length. Nothing here is believed: hashes and signature come later.
 */

const MAGIC = Uint8Array.of(0x4c, 0x50, 0x42, 0x31); // "LPB1"
const LENGTH_BYTES = 4;
/** Ed25519. */
export const SIGNATURE_BYTES = 64;
/** Parts after the signature: three sections exist; the rest is room for later minors. */
export const SECTIONS_MAX = 8;

export interface WireBatch {
  /** The signed header bytes, kept for ever as they came. */
  readonly header: Uint8Array;
  /** 64 bytes. */
  readonly signature: Uint8Array;
  /** In the header's order. */
  readonly sections: readonly Uint8Array[];
}

/** Throws what {@link decodeWire} would throw for the body: nobody sends what nobody reads. */
export function encodeWire(batch: WireBatch): Uint8Array {
  const parts = [batch.header, batch.signature, ...batch.sections];
  const framed = parts.flatMap((part) => [lengthOf(part), part]);
  const body = concat(MAGIC, ...framed);
  checkSize(body.length);
  checkParts(parts);
  return body;
}

/**
 * The parts are views into `body`. Throws LanProofError WIRE_FORMAT (magic, lengths, number of
 * parts) or WIRE_TOO_LARGE (the body over BATCH_BYTES_MAX, the header over HEADER_BYTES_MAX);
 * `place` is the byte offset.
 */
export function decodeWire(body: Uint8Array): WireBatch {
  checkSize(body.length);
  if (MAGIC.some((byte, i) => body[i] !== byte)) throw malformed(0, 'does not begin with LPB1');
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const parts: Uint8Array[] = [];
  let at = MAGIC.length;
  while (at < body.length) {
    if (parts.length === SECTIONS_MAX + 2) throw malformed(at, `has over ${SECTIONS_MAX} sections`);
    if (body.length - at < LENGTH_BYTES) throw malformed(at, 'ends inside a length');
    const length = view.getUint32(at);
    at += LENGTH_BYTES;
    if (length > body.length - at) throw malformed(at, `ends before a part of ${length} bytes`);
    parts.push(body.subarray(at, at + length));
    at += length;
  }
  checkParts(parts);
  const [header, signature, ...sections] = parts;
  if (header === undefined || signature === undefined) throw malformed(at, 'has no signature');
  return { header, signature, sections };
}

function checkSize(bytes: number): void {
  if (bytes > BATCH_BYTES_MAX) throw tooLarge('the body', bytes, BATCH_BYTES_MAX);
}

function checkParts(parts: readonly Uint8Array[]): void {
  const [header, signature] = parts;
  if (header === undefined || header.length === 0) throw malformed(MAGIC.length, 'has no header');
  if (header.length > HEADER_BYTES_MAX) {
    throw tooLarge('the header', header.length, HEADER_BYTES_MAX);
  }
  if (signature?.length !== SIGNATURE_BYTES) {
    const at = MAGIC.length + LENGTH_BYTES + header.length;
    throw malformed(at, `has a signature of ${signature?.length ?? 0} bytes`);
  }
  if (parts.length > SECTIONS_MAX + 2) throw malformed(0, `has over ${SECTIONS_MAX} sections`);
}

function lengthOf(part: Uint8Array): Uint8Array {
  const length = new Uint8Array(LENGTH_BYTES);
  new DataView(length.buffer).setUint32(0, part.length);
  return length;
}

function malformed(at: number, what: string): LanProofError {
  return new LanProofError('WIRE_FORMAT', `the batch ${what}`, {
    hint: 'send magic, header, signature and sections as docs/formats/wire.md describes',
    place: `byte ${at}`,
  });
}

function tooLarge(what: string, bytes: number, max: number): LanProofError {
  return new LanProofError('WIRE_TOO_LARGE', `${what} has ${bytes} bytes, at most ${max} fit`, {
    hint: 'seal a batch each minute; a backlog is sent as many batches, never as one',
  });
}
