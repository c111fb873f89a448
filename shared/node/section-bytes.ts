import { crc32, gzipSync, inflateRawSync } from 'node:zlib';
import { concat } from '../bytes.ts';
import { LanProofError } from '../errors.ts';
import {
  PRIVATE_SECTIONS,
  SALT_BYTES,
  SECTION_INFLATED_BYTES_MAX,
  type SectionName,
} from '../measure/batch.ts';
import { type GzipFrame, readGzipFrame } from '../measure/gzip-frame.ts';

/** zlib's default: the next levels cost twice the time for one per cent. */
const GZIP_LEVEL = 6;
/** RFC 1952 §2.3: byte 9 names the operating system; 255 is "unknown", alike on all. */
const OS_AT = 9;
const OS_UNKNOWN = 255;
/** What zlib takes at least, and its default: buffers of inflating. */
const CHUNK_BYTES_MIN = 64;
const CHUNK_BYTES_MAX = 16 * 1024;

/**
 * The stored bytes of a section: gzip, behind `salt` (16 random bytes) for the private sections
 * and null for `infra`. The modification time is 0: same JSON, same zlib, same bytes.
 */
export function packSection(
  name: SectionName,
  json: Uint8Array,
  salt: Uint8Array | null,
): Uint8Array {
  if ((salt?.length ?? 0) !== saltBytes(name)) {
    throw new TypeError(`section ${name} takes a salt of ${saltBytes(name)} bytes`);
  }
  const gzip = gzipSync(json, { level: GZIP_LEVEL });
  gzip[OS_AT] = OS_UNKNOWN;
  return salt === null ? gzip : concat(salt, gzip);
}

/**
 * The JSON bytes of a stored section. Throws LanProofError SECTION_GZIP (not one whole gzip
 * member) or SECTION_TOO_LARGE (over SECTION_INFLATED_BYTES_MAX: inflating stops there).
 */
export function unpackSection(name: SectionName, bytes: Uint8Array): Uint8Array {
  const salt = saltBytes(name);
  if (bytes.length <= salt) throw broken(name, 'shorter than its salt');
  const frame = readGzipFrame(bytes.subarray(salt));
  if (frame === null) throw broken(name, 'no gzip');
  const inflated = inflate(name, frame);
  const { deflated, crc32: said, inflated_bytes } = frame;
  const whole = inflated.read_bytes === deflated.length;
  if (!whole || inflated.json.length !== inflated_bytes || crc32(inflated.json) !== said) {
    throw broken(name, 'not one whole gzip member');
  }
  return inflated.json;
}

/**
 * Raw deflate, because zlib's own reader of gzip takes several members and zeros behind them for
 * one text: others would read another text out of the same bytes.
 */
function inflate(
  name: SectionName,
  { deflated, inflated_bytes }: GzipFrame,
): { json: Uint8Array; read_bytes: number } {
  try {
    const { buffer, engine } = inflateRawSync(deflated, {
      maxOutputLength: SECTION_INFLATED_BYTES_MAX,
      // The length may lie: it only sizes the buffers, where zlib's default would be 16 kB for a
      // section of two. One byte more: a buffer that is just full makes zlib ask for another.
      chunkSize: Math.max(CHUNK_BYTES_MIN, Math.min(inflated_bytes + 1, CHUNK_BYTES_MAX)),
      info: true,
    }) as unknown as { buffer: Uint8Array; engine: { bytesWritten: number } };
    return { json: buffer, read_bytes: engine.bytesWritten };
  } catch (cause) {
    if (cause instanceof RangeError) {
      throw new LanProofError('SECTION_TOO_LARGE', `section ${name} inflates without end`, {
        hint: `a section has at most ${SECTION_INFLATED_BYTES_MAX} bytes of JSON; seal more often`,
        place: name,
        cause,
      });
    }
    throw broken(name, 'no gzip', cause);
  }
}

function saltBytes(name: SectionName): number {
  return PRIVATE_SECTIONS.has(name) ? SALT_BYTES : 0;
}

function broken(name: SectionName, what: string, cause?: unknown): LanProofError {
  return new LanProofError('SECTION_GZIP', `section ${name} is ${what}`, {
    hint: 'store one gzip member, behind 16 salt bytes for endpoints and identity',
    place: name,
    cause,
  });
}
