/** The cryptography of a browser: synchronous, no network, no permission needed. */
import { Point } from '@noble/ed25519';
import { sha256, sha512 } from '@noble/hashes/sha2.js';
import { concat, equalBytes } from '../../../shared/bytes.ts';
import type { Crypto } from '../../../shared/evidence/crypto.ts';
import { isSmallOrder } from '../../../shared/evidence/small-order.ts';
import type { Hasher } from '../../../shared/evidence/verify/types.ts';

/** Order of the base point (RFC 8032 §5.1). */
const ORDER = Point.CURVE().n;
const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;
/** Keys of one bundle are few; reading a point costs as much as a tenth of a check. */
const KEY_CACHE_MAX = 1_000;

/**
 * SHA-256, and Ed25519 that accepts exactly what node:crypto accepts: [S]B − [k]A is compared
 * with the bytes of R, without the cofactor, and S must be below the order. Libraries differ in
 * these corners, and two verifiers must never disagree about one file.
 */
export function createBrowserCrypto(): Crypto {
  const keys = new Map<string, Point>();
  const keyOf = (raw: Uint8Array): Point => {
    const id = raw.join();
    let key = keys.get(id);
    if (key === undefined) {
      key = Point.fromBytes(raw, true);
      if (keys.size >= KEY_CACHE_MAX) keys.clear();
      keys.set(id, key);
    }
    return key;
  };
  return {
    sha256: (data) => sha256(data),
    verify(publicKey, message, signature) {
      if (publicKey.length !== KEY_BYTES || signature.length !== SIGNATURE_BYTES) return false;
      if (isSmallOrder(publicKey) || isSmallOrder(signature)) return false;
      const r = signature.subarray(0, KEY_BYTES);
      const s = littleEndian(signature.subarray(KEY_BYTES));
      if (s >= ORDER) return false;
      try {
        const key = keyOf(publicKey);
        const k = littleEndian(sha512(concat(r, publicKey, message))) % ORDER;
        const found = Point.BASE.multiply(s, false).subtract(key.multiply(k, false));
        return equalBytes(found.toBytes(), r);
      } catch {
        // The key is no point of the curve.
        return false;
      }
    },
  };
}

export function createSha256(): Hasher {
  const hash = sha256.create();
  return { update: (bytes) => void hash.update(bytes), digest: () => hash.digest() };
}

function littleEndian(bytes: Uint8Array): bigint {
  let hex = '';
  for (let at = bytes.length - 1; at >= 0; at--) {
    hex += (bytes[at] ?? 0).toString(16).padStart(2, '0');
  }
  return BigInt(`0x${hex}`);
}
