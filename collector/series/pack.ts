import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { ByteReader, ByteWriter } from '../../shared/judge/series/bytes.ts';

/** Written once, kept for years: the last per cent is worth its time. */
const DEFLATE_LEVEL = 9;
/** A day of a switch with thousands of ports, inflated. */
const PART_BYTES_MAX = 32 * 1024 * 1024;

/** Each part compressed by itself, behind the list of their lengths. */
export function packParts(parts: readonly Uint8Array[]): Uint8Array {
  const out = new ByteWriter();
  out.unsigned(parts.length);
  for (const part of parts) {
    out.part(part.length === 0 ? part : deflateRawSync(part, { level: DEFLATE_LEVEL }));
  }
  return out.finish();
}

/** One part of a packed body; empty where it has no such part. Throws SERIES_FORMAT. */
export function unpackPart(body: Uint8Array, number: number): Uint8Array {
  const input = new ByteReader(body);
  const parts = input.unsigned();
  for (let at = 0; at < parts; at++) {
    const packed = input.part();
    if (at !== number) continue;
    if (packed.length === 0) return packed;
    const bytes = inflateRawSync(packed, { maxOutputLength: PART_BYTES_MAX });
    return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  }
  return new Uint8Array(0);
}
