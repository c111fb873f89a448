/** Names of Ed25519 public keys: a full one for machines and a short one to read aloud. */
import { toBase64 } from '../bytes.ts';
import type { Crypto } from './crypto.ts';

/** Crockford's base32: no I, L, O, U, so that a code read over the telephone arrives. */
const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
/** Bytes of the hash in a short code: 40 bits, eight characters. */
const SHORT_CODE_BYTES = 5;

/** Base64 of SHA-256 over the raw 32-byte key: 44 characters. */
export function keyId(crypto: Crypto, publicKey: Uint8Array): string {
  return toBase64(crypto.sha256(publicKey));
}

/**
 * The first 40 bits of the same hash as `XXXX-XXXX`, for two people to compare (mã nhận diện máy
 * đo). Forty bits resist a mistake, not a search: approval still pins the whole key.
 */
export function shortCode(crypto: Crypto, publicKey: Uint8Array): string {
  const bytes = crypto.sha256(publicKey).subarray(0, SHORT_CODE_BYTES);
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  let code = '';
  for (let at = 0; at < bits.length; at += 5) {
    code += CROCKFORD.charAt(Number.parseInt(bits.slice(at, at + 5), 2));
  }
  return `${code.slice(0, 4)}-${code.slice(4)}`;
}
