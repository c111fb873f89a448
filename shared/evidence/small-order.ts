/**
 * Ed25519 points of order 1, 2, 4 or 8, in every encoding of them. A signature with such a key or
 * such an R binds nobody to a message. Some versions of OpenSSL take them and others do not, so
 * that two verifiers could disagree about one file: here they are refused everywhere.
 */
import { toHex } from '../bytes.ts';

/** Little-endian y with the sign bit cleared: 0, 1, −1 and both y of order 8; p and p + 1, too. */
const SMALL: ReadonlySet<string> = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
]);
/** Last bytes of those, so that nearly every other point is told apart by one byte. */
const LAST: ReadonlySet<number> = new Set([0x00, 0x7f, 0x05, 0x7a]);

/** `point` is the 32 bytes of a public key, or of R: the first half of a signature. */
export function isSmallOrder(point: Uint8Array): boolean {
  const last = (point[31] ?? 0) & 0x7f;
  if (!LAST.has(last)) return false;
  // A copy in any case: `slice` of Node's own kind of bytes is none.
  const unsigned = Uint8Array.from(point.subarray(0, 32));
  unsigned[31] = last;
  return SMALL.has(toHex(unsigned));
}
