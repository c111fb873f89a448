/** The keys of one epoch: the enrolled one, and those that rotations put in its place. */
import { fromBase64, fromUtf8, toBase64, utf8 } from '../bytes.ts';
import { LanProofError } from '../errors.ts';
import type { Crypto, Signer } from './crypto.ts';
import { openDocument } from './document-reading.ts';
import { documentType, type Enrol } from './documents.ts';
import { type Envelope, parseEnvelope, signEnvelope } from './dsse.ts';
import type { Rotate } from './ledger-documents.ts';

/** Rotations of one epoch: two a month for more than a decade would be fewer. */
export const ROTATIONS_MAX = 256;

export interface CheckedRotation {
  readonly envelope: Envelope;
  /** The last batch under the key before; never falls. */
  readonly after_seq: number;
  /** The key that it begins, raw. */
  readonly key: Uint8Array;
}

/**
 * Opens a rotate document by the two keys that it names: both must have signed it, so that neither
 * a stolen new key nor a stolen old one alone makes a rotation of somebody else's key. Whether the
 * old one is the agent's is for the caller. Throws LanProofError ROTATION_CHAIN (the keys cannot be
 * read), DOCUMENT_FORMAT, DSSE_*.
 */
export function openRotate(crypto: Crypto, envelope: Envelope | string): Rotate {
  const { old_key, new_key } = claimedKeys(parseEnvelope(envelope));
  openDocument(crypto, envelope, 'rotate', old_key);
  return openDocument(crypto, envelope, 'rotate', new_key);
}

/** Signs a rotation with both keys; the old one's signature stands first. */
export function signRotate(
  crypto: Crypto,
  old_signer: Signer,
  new_signer: Signer,
  rotate: Rotate,
): Envelope {
  const payload = utf8(JSON.stringify(rotate));
  const type = documentType('rotate');
  const first = signEnvelope(old_signer, type, payload, crypto);
  const second = signEnvelope(new_signer, type, payload, crypto);
  return { ...first, signatures: [...first.signatures, ...second.signatures] };
}

/**
 * Walks from the enrolled key over its rotations to the key in use. Throws LanProofError
 * ROTATION_CHAIN where a rotation is of another agent, epoch or key, or what openRotate throws.
 */
export function checkRotations(
  crypto: Crypto,
  enrol: Enrol,
  envelopes: readonly Envelope[],
): { readonly key: Uint8Array; readonly rotations: readonly CheckedRotation[] } {
  if (envelopes.length > ROTATIONS_MAX) throw broken('there are more rotations than one epoch has');
  let { agent_key } = enrol;
  let last_seq = 0;
  const rotations = envelopes.map((envelope) => {
    const rotate = openRotate(crypto, envelope);
    const { site, agent, epoch, old_key, new_key, after_seq } = rotate;
    const mine = site === enrol.site && agent === enrol.agent && epoch === enrol.epoch;
    if (!mine) throw broken('a rotation is of another agent or epoch');
    if (old_key !== agent_key) throw broken('a rotation does not begin with the key before it');
    if (after_seq < last_seq) throw broken('a rotation goes back in the chain');
    [agent_key, last_seq] = [new_key, after_seq];
    return { envelope, after_seq, key: fromBase64(new_key) };
  });
  return { key: fromBase64(agent_key), rotations };
}

/** Base64 of the key that an envelope says to begin; nothing is verified. '' if unreadable. */
export function rotatedTo(envelope: Envelope): string {
  try {
    return toBase64(claimedKeys(envelope).new_key);
  } catch {
    return '';
  }
}

function claimedKeys(envelope: Envelope): { old_key: Uint8Array; new_key: Uint8Array } {
  try {
    const value: unknown = JSON.parse(fromUtf8(fromBase64(envelope.payload)));
    const { old_key, new_key } = Object.assign({ old_key: '', new_key: '' }, value);
    return { old_key: fromBase64(String(old_key)), new_key: fromBase64(String(new_key)) };
  } catch (cause) {
    throw broken('a rotation cannot be read', cause);
  }
}

function broken(message: string, cause?: unknown): LanProofError {
  return new LanProofError('ROTATION_CHAIN', message, {
    hint: 'each rotation names the key before it and is signed by both; docs/formats/log.md',
    ...(cause === undefined ? {} : { cause }),
  });
}
