/** A nonce is good for one request within this time: agents ask for it just before. */
export const NONCE_VALID_MS = 60_000;
/** 3,321 sites that all fetch at once fit; beyond, the oldest unused nonce is forgotten. */
export const NONCES_MAX = 20_000;
const NONCE_BYTES = 24;

/** Single-use nonces, in memory: after a restart agents simply ask for a new one. */
export interface NonceStore {
  issue(): string;
  /** True once for a nonce of this store that is not older than NONCE_VALID_MS. */
  take(nonce: string): boolean;
  readonly size: number;
}

export function createNonceStore(
  mono_ms: () => number,
  randomBytes: (bytes: number) => Uint8Array,
): NonceStore {
  // Insertion order is age: the first keys are the oldest.
  const issued = new Map<string, number>();
  const forget = (now: number) => {
    for (const [nonce, at] of issued) {
      if (now - at <= NONCE_VALID_MS && issued.size < NONCES_MAX) break;
      issued.delete(nonce);
    }
  };
  return {
    issue() {
      const now = mono_ms();
      forget(now);
      const nonce = Buffer.from(randomBytes(NONCE_BYTES)).toString('base64url');
      issued.set(nonce, now);
      return nonce;
    },
    take(nonce) {
      const at = issued.get(nonce);
      issued.delete(nonce);
      return at !== undefined && mono_ms() - at <= NONCE_VALID_MS;
    },
    get size() {
      return issued.size;
    },
  };
}
