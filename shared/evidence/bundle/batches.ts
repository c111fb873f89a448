/** batches/<YYYY-MM-DD>.bin: the wire framing of batches one behind the other, each measured. */
import { concat } from '../../bytes.ts';
import { LanProofError } from '../../errors.ts';
import { decodeWire, encodeWire } from '../../measure/wire.ts';
import { bundleFormat } from './format-error.ts';
import type { BundleBatch } from './types.ts';

const LENGTH_BYTES = 4;
const NOTHING = new Uint8Array();

/** One record; a withheld section is a part of length 0. Throws WIRE_FORMAT or WIRE_TOO_LARGE. */
export function encodeBatch(batch: BundleBatch): Uint8Array {
  const { header, signature } = batch;
  const sections = batch.sections.map((section) => {
    // A section of no bytes would read back as a withheld one.
    if (section?.length === 0) throw bundleFormat('batches', 'a section without bytes');
    return section ?? NOTHING;
  });
  const body = encodeWire({ header, signature, sections });
  const length = new Uint8Array(LENGTH_BYTES);
  new DataView(length.buffer).setUint32(0, body.length);
  return concat(length, body);
}

/**
 * The records of a file in order; their parts are views into `bytes`. Nothing is believed: headers
 * and hashes are the caller's. Throws LanProofError BUNDLE_FORMAT with file and byte.
 */
export function* decodeBatches(bytes: Uint8Array, file = 'batches'): Generator<BundleBatch> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  while (at < bytes.length) {
    const place = `${file}: byte ${at}`;
    if (bytes.length - at < LENGTH_BYTES) throw bundleFormat(place, 'ends inside a length');
    const length = view.getUint32(at);
    at += LENGTH_BYTES;
    if (length > bytes.length - at) throw bundleFormat(place, 'ends inside a batch');
    yield readBatch(bytes.subarray(at, at + length), place);
    at += length;
  }
}

function readBatch(body: Uint8Array, place: string): BundleBatch {
  try {
    const { header, signature, sections } = decodeWire(body);
    const parts = sections.map((section) => (section.length === 0 ? null : section));
    return { header, signature, sections: parts };
  } catch (cause) {
    if (!(cause instanceof LanProofError)) throw cause;
    throw bundleFormat(place, cause.message, cause);
  }
}
