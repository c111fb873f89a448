/** Decoding with one spelling of every length: what the library reads around is refused here. */
import { type BaseBlock, fromBER } from 'asn1js';

/** Values inside values; tokens have about fifteen levels. */
export const DEPTH_MAX = 40;
const CONSTRUCTED_BIT = 0x20;
const LONG_TAG = 0x1f;

/** Decodes exactly one value. Throws TypeError, or what the library throws. */
export function decodeDer(bytes: Uint8Array): BaseBlock {
  if (endOfValue(bytes, 0, bytes.length, DEPTH_MAX) !== bytes.length) {
    throw new TypeError('bytes behind the value');
  }
  const { offset, result } = fromBER(bytes);
  if (offset !== bytes.length) throw new TypeError('not one value');
  return result;
}

/** Walks a value of definite, shortest lengths that fit into their parent (X.690 §10.1). */
function endOfValue(bytes: Uint8Array, start: number, limit: number, depth: number): number {
  if (depth === 0) throw new TypeError('too deep');
  const tag = bytes[start] ?? 0;
  const short = bytes[start + 1] ?? 0x80;
  // Long tags (numbers above 30) stand in no structure that is read here.
  if (start + 2 > limit || (tag & LONG_TAG) === LONG_TAG) throw new TypeError('unfit tag');
  let [length, at] = [short, start + 2];
  if (short >= 0x80) {
    const count = short & 0x7f;
    if (count === 0 || count > 3 || at + count > limit) throw new TypeError('unfit length');
    length = bytes.subarray(at, at + count).reduce((sum, byte) => sum * 256 + byte, 0);
    at += count;
    if (length < 0x80 || length < 256 ** (count - 1)) throw new TypeError('long spelling');
  }
  const end = at + length;
  if (end > limit) throw new TypeError('longer than its parent');
  if ((tag & CONSTRUCTED_BIT) !== 0) while (at < end) at = endOfValue(bytes, at, end, depth - 1);
  return end;
}
