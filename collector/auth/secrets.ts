import { createHash, timingSafeEqual } from 'node:crypto';

/** 32 random bytes cannot be guessed, so one SHA-256 is enough to keep them (no argon2 needed). */
const SECRET_BYTES = 32;
const ID_BYTES = 9;

export type RandomBytes = (bytes: number) => Uint8Array;

/** A secret of 43 base64url characters. */
export function newSecret(random: RandomBytes): string {
  return Buffer.from(random(SECRET_BYTES)).toString('base64url');
}

/** A public name of 12 base64url characters. */
export function newId(random: RandomBytes): string {
  return Buffer.from(random(ID_BYTES)).toString('base64url');
}

/** What is stored instead of the secret: SHA-256 of its text, 32 bytes. */
export function hashSecret(secret: string): Uint8Array {
  return new Uint8Array(createHash('sha256').update(secret).digest());
}

/** Compares in constant time. */
export function sameHash(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
