/** RFC 3161 requests, written by hand: two lengths of DER need no library. */
import { concat } from '../../bytes.ts';

/** AlgorithmIdentifier of SHA-256 with NULL parameters, as every authority reads it. */
const SHA256_ALGORITHM = Uint8Array.of(
  ...[0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00],
);
const VERSION_1 = Uint8Array.of(0x02, 0x01, 0x01);
/** The authority sends its certificate along, so that the token can be checked offline. */
const CERT_REQ = Uint8Array.of(0x01, 0x01, 0xff);
const [INTEGER, OCTET_STRING, SEQUENCE] = [0x02, 0x04, 0x30];
const HASH_BYTES = 32;
/** Longest nonce, in bytes: with it every length here is one byte. */
const NONCE_BYTES_MAX = 32;

/**
 * TimeStampReq (RFC 3161 §2.4.1) for a SHA-256 `hash` (32 bytes), with a `nonce` of 1 to 32 bytes
 * that the answer must repeat. Throws RangeError on other lengths.
 */
export function timestampRequest(hash: Uint8Array, nonce: Uint8Array): Uint8Array {
  if (hash.length !== HASH_BYTES) throw new RangeError('not a SHA-256 hash');
  if (nonce.length === 0 || nonce.length > NONCE_BYTES_MAX) throw new RangeError('unfit nonce');
  const imprint = der(SEQUENCE, SHA256_ALGORITHM, der(OCTET_STRING, hash));
  return der(SEQUENCE, VERSION_1, imprint, der(INTEGER, positive(nonce)), CERT_REQ);
}

/** Contents of a DER INTEGER that is not negative: no leading zeros but the one of the sign. */
export function positive(bytes: Uint8Array): Uint8Array {
  const first = bytes.findIndex((byte) => byte !== 0);
  const digits = first < 0 ? Uint8Array.of(0) : bytes.subarray(first);
  return (digits[0] ?? 0) > 0x7f ? concat(Uint8Array.of(0), digits) : digits;
}

function der(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const content = concat(...parts);
  if (content.length > 0x7f) throw new RangeError('longer than a short DER length');
  return concat(Uint8Array.of(tag, content.length), content);
}
