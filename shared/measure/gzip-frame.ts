/** The frame of one gzip member (RFC 1952): what stands around the deflated bytes of a section. */

/** Header without optional fields, which nobody writes and readers treat differently. */
const HEADER_BYTES = 10;
const TRAILER_BYTES = 8;
/** ID1, ID2, CM = deflate, FLG = no optional field. */
const BEGIN = [0x1f, 0x8b, 8, 0] as const;

export interface GzipFrame {
  /** Raw deflate (RFC 1951): it must end exactly where the trailer begins. */
  readonly deflated: Uint8Array;
  /** CRC-32 of the inflated bytes. */
  readonly crc32: number;
  /** Inflated length modulo 2^32. */
  readonly inflated_bytes: number;
}

/** Null: not the plain frame that a section must have. Nothing of the content is checked here. */
export function readGzipFrame(bytes: Uint8Array): GzipFrame | null {
  if (bytes.length <= HEADER_BYTES + TRAILER_BYTES) return null;
  if (BEGIN.some((byte, at) => bytes[at] !== byte)) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const trailer = bytes.length - TRAILER_BYTES;
  return {
    deflated: bytes.subarray(HEADER_BYTES, trailer),
    crc32: view.getUint32(trailer, true),
    inflated_bytes: view.getUint32(trailer + 4, true),
  };
}
