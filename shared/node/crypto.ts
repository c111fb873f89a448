import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hash,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import type { Crypto, Signer } from '../evidence/crypto.ts';
import { isSmallOrder } from '../evidence/small-order.ts';

/** DER prefix of an Ed25519 SubjectPublicKeyInfo (RFC 8410); the raw 32 bytes follow it. */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');
/** Keys seen are few (agents of a collector); the parsed form of each is kept. */
const KEY_CACHE_MAX = 10_000;

export function createNodeCrypto(): Crypto {
  const keys = new Map<string, KeyObject>();
  const keyOf = (raw: Uint8Array): KeyObject => {
    const id = Buffer.from(raw.buffer, raw.byteOffset, raw.length).toString('latin1');
    let key = keys.get(id);
    if (key === undefined) {
      const der = Buffer.concat([SPKI_PREFIX, raw]);
      key = createPublicKey({ key: der, format: 'der', type: 'spki' });
      if (keys.size >= KEY_CACHE_MAX) keys.clear();
      keys.set(id, key);
    }
    return key;
  };
  return {
    sha256(data) {
      const digest = hash('sha256', data, 'buffer');
      // A plain view, so that results compare alike in Node and in a browser.
      return new Uint8Array(digest.buffer, digest.byteOffset, digest.length);
    },
    verify(publicKey, message, signature) {
      if (publicKey.length !== 32 || signature.length !== 64) return false;
      if (isSmallOrder(publicKey) || isSmallOrder(signature)) return false;
      try {
        return verify(null, message, keyOf(publicKey), signature);
      } catch {
        return false;
      }
    },
  };
}

/** Makes a new Ed25519 key; `pem` is PKCS #8 and secret. */
export function generateSigner(): { signer: Signer; pem: string } {
  const { privateKey } = generateKeyPairSync('ed25519');
  const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  return { signer: signerFromPem(pem), pem };
}

/** Reads a PKCS #8 PEM Ed25519 key. Throws a TypeError on any other key. */
export function signerFromPem(pem: string): Signer {
  const key = createPrivateKey(pem);
  if (key.asymmetricKeyType !== 'ed25519') throw new TypeError('not an Ed25519 private key');
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
  const publicKey = new Uint8Array(spki.subarray(SPKI_PREFIX.length));
  return { publicKey, sign: (message) => sign(null, message, key) };
}
