/** The chain of one agent: every header names the hash of the one before it, without a gap. */
import { equalBytes, fromBase64 } from '../bytes.ts';
import type { Crypto, Signer } from './crypto.ts';
import { pae } from './dsse.ts';

/** DSSE payload type of a batch header. */
export const BATCH_TYPE = 'application/vnd.lanproof.batch.v1+json';

/**
 * The last link an agent's chain stands on. Before the first batch it is seq 0 with the hash of
 * the enrol document; after a hole it is the hole's last seq with its `next_prev`.
 */
export interface ChainHead {
  readonly epoch: number;
  readonly seq: number;
  /** Hash of that header (or enrol document), 32 bytes. */
  readonly hash: Uint8Array;
}

/** The three header fields that bind a batch to its chain. */
export interface ChainLink {
  readonly epoch: number;
  readonly seq: number;
  /** As it stands in the header (base64) or decoded. */
  readonly prev: string | Uint8Array;
}

/**
 * How a header follows the head. `replay` says only that its seq was passed already: the caller
 * compares hashes to tell a repeated delivery from a conflict.
 */
export type LinkVerdict = 'ok' | 'gap' | 'replay' | 'broken_prev' | 'wrong_epoch';

/** SHA-256 over the same bytes that are signed, so the signature's encoding plays no part. */
export function batchHash(crypto: Crypto, header: Uint8Array): Uint8Array {
  return crypto.sha256(pae(BATCH_TYPE, header));
}

/** Ed25519 signature (64 bytes) over PAE(BATCH_TYPE, header). */
export function signBatch(signer: Signer, header: Uint8Array): Uint8Array {
  return signer.sign(pae(BATCH_TYPE, header));
}

/** True if `publicKey` signed these header bytes as a batch; never throws. */
export function verifyBatchSignature(
  crypto: Crypto,
  publicKey: Uint8Array,
  header: Uint8Array,
  signature: Uint8Array,
): boolean {
  return crypto.verify(publicKey, pae(BATCH_TYPE, header), signature);
}

/**
 * Says how `header` follows `previous`; never throws. A bare hash stands for the enrol document
 * of the header's epoch, which the caller looked up by that epoch.
 */
export function checkLink(previous: ChainHead | Uint8Array, header: ChainLink): LinkVerdict {
  const head: ChainHead =
    previous instanceof Uint8Array ? { epoch: header.epoch, seq: 0, hash: previous } : previous;
  if (header.epoch !== head.epoch) return 'wrong_epoch';
  if (header.seq <= head.seq) return 'replay';
  if (header.seq !== head.seq + 1) return 'gap';
  return samePrev(header.prev, head.hash) ? 'ok' : 'broken_prev';
}

function samePrev(prev: string | Uint8Array, hash: Uint8Array): boolean {
  try {
    return equalBytes(typeof prev === 'string' ? fromBase64(prev) : prev, hash);
  } catch {
    return false;
  }
}
