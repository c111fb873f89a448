/** Inflates sections in a browser, with the checks of shared/node/section-bytes.ts. */
import { Inflate, inflateSync } from 'fflate';
import { LanProofError } from '../../../shared/errors.ts';
import { crc32 } from '../../../shared/evidence/bundle/crc32.ts';
import {
  PRIVATE_SECTIONS,
  SALT_BYTES,
  SECTION_INFLATED_BYTES_MAX,
  type SectionName,
} from '../../../shared/measure/batch.ts';
import { readGzipFrame } from '../../../shared/measure/gzip-frame.ts';

/** Fed at once where the length lies: deflate grows a thousandfold at most, 16 MB a piece. */
const PIECE_BYTES = 16 * 1024;

/** Throws LanProofError SECTION_GZIP or SECTION_TOO_LARGE, as in Node. */
export function unpackSection(name: SectionName, stored: Uint8Array): Uint8Array {
  const frame = readGzipFrame(stored.subarray(PRIVATE_SECTIONS.has(name) ? SALT_BYTES : 0));
  if (frame === null) throw broken(name);
  const { deflated, inflated_bytes } = frame;
  const inflated =
    inflated_bytes <= SECTION_INFLATED_BYTES_MAX ? inflate(deflated, inflated_bytes) : null;
  if (inflated !== null && crc32(inflated) === frame.crc32 && endsAtLast(deflated, inflated)) {
    return inflated;
  }
  if (isTooLarge(deflated)) {
    throw new LanProofError('SECTION_TOO_LARGE', `section ${name} inflates without end`, {
      hint: `a section has at most ${SECTION_INFLATED_BYTES_MAX} bytes of JSON; seal more often`,
      place: name,
    });
  }
  throw broken(name);
}

/** Exactly so many bytes, or null. */
function inflate(deflated: Uint8Array, bytes: number): Uint8Array | null {
  try {
    // One byte more: a longer text then shows in the length.
    const found = inflateSync(deflated, { out: new Uint8Array(bytes + 1) });
    return found.length === bytes ? found : null;
  } catch {
    return null;
  }
}

/** Deflate must need its last byte: what follows an earlier end would be seen by nobody. */
function endsAtLast(deflated: Uint8Array, scratch: Uint8Array): boolean {
  try {
    // The same bytes again, into the same place.
    inflateSync(deflated.subarray(0, -1), { out: scratch });
    return false;
  } catch {
    return true;
  }
}

/** Asked only where the content is broken or its length lies. */
function isTooLarge(deflated: Uint8Array): boolean {
  let bytes = 0;
  const inflater = new Inflate((piece) => {
    bytes += piece.length;
  });
  try {
    for (let at = 0; at < deflated.length; at += PIECE_BYTES) {
      inflater.push(deflated.subarray(at, at + PIECE_BYTES), at + PIECE_BYTES >= deflated.length);
      if (bytes > SECTION_INFLATED_BYTES_MAX) return true;
    }
  } catch {
    // What came before the fault is counted: zlib, too, stops at whichever is first.
  }
  return bytes > SECTION_INFLATED_BYTES_MAX;
}

function broken(name: SectionName): LanProofError {
  return new LanProofError('SECTION_GZIP', `section ${name} is no gzip`, {
    hint: 'store one gzip member, behind 16 salt bytes for endpoints and identity',
    place: name,
  });
}
