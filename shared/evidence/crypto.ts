/**
 * The cryptography that the pure code needs, handed in from outside: node:crypto in the two
 * programs, @noble in a browser. Synchronous on purpose: verification is a tight loop.
 */
export interface Crypto {
  /** SHA-256 (FIPS 180-4): 32 bytes. */
  sha256(data: Uint8Array): Uint8Array;
  /** Ed25519 (RFC 8032). `publicKey` is the raw 32 bytes, `signature` 64 bytes. Never throws. */
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
}

/** A private key that never leaves its owner; only its signatures do. */
export interface Signer {
  /** Raw Ed25519 public key, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** 64-byte Ed25519 signature. */
  sign(message: Uint8Array): Uint8Array;
}
