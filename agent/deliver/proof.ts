import { equalBytes, fromBase64 } from '../../shared/bytes.ts';
import { LanProofError } from '../../shared/errors.ts';
import { type Checkpoint, openCheckpoint } from '../../shared/evidence/checkpoint.ts';
import type { Crypto } from '../../shared/evidence/crypto.ts';
import { decodeLeaf } from '../../shared/evidence/leaf.ts';
import { leafHash, verifyConsistency, verifyInclusion } from '../../shared/evidence/merkle.ts';
import type { ProofAnswer } from '../../shared/measure/protocol.ts';

/** Hashes in one proof: levels of the largest tree. Consistency needs at most twice as many. */
const HASHES_MAX = 128;

/** A checkpoint whose signature, and growth since the last one, this agent checked itself. */
export interface SeenCheckpoint extends Checkpoint {
  /** The signed note, verbatim. */
  readonly note: string;
}

/** The batch that is to be proven. */
export interface OwnBatch {
  readonly site: string;
  readonly agent: string;
  readonly epoch: number;
  readonly seq: number;
  readonly hash: Uint8Array;
}

/**
 * Checks that `own` is in the log and that the log only grew since `seen`.
 * @throws LanProofError HISTORY_LOST (the log shrank or was rewritten), PROOF_FORGED (leaf,
 * inclusion), PROOF_FORMAT, or what openCheckpoint throws for a wrong key or origin.
 */
export function checkProof(
  crypto: Crypto,
  answer: ProofAnswer,
  own: OwnBatch,
  log: { readonly origin: string; readonly key: Uint8Array },
  seen: SeenCheckpoint | undefined,
): SeenCheckpoint {
  const checkpoint = openCheckpoint(crypto, answer.checkpoint, log.origin, log.key);
  if (seen !== undefined && seen.origin === log.origin) {
    checkGrowth(crypto, seen, checkpoint, hashes(answer.consistency));
  }
  const leaf_bytes = decode(answer.leaf_bytes);
  const leaf = decodeLeaf(leaf_bytes);
  const same =
    leaf.kind === 'batch' &&
    leaf.site === own.site &&
    leaf.agent === own.agent &&
    leaf.epoch === own.epoch &&
    leaf.seq === own.seq &&
    equalBytes(leaf.hash, own.hash);
  if (!same) throw forged(`the leaf is not that of batch ${own.seq}`);
  const { size, root } = checkpoint;
  const path = hashes(answer.inclusion);
  if (!verifyInclusion(crypto, leafHash(crypto, leaf_bytes), answer.leaf, size, path, root)) {
    throw forged(`leaf ${answer.leaf} is not proved to be in a tree of ${size}`);
  }
  return { ...checkpoint, note: answer.checkpoint };
}

/** @throws LanProofError HISTORY_LOST unless the log at `next` continues the one at `seen`. */
function checkGrowth(
  crypto: Crypto,
  seen: Checkpoint,
  next: Checkpoint,
  proof: readonly Uint8Array[],
): void {
  if (next.size < seen.size) {
    throw lost(`the log has ${next.size} leaves, it had ${seen.size}`);
  }
  const empty = seen.size === 0;
  if (empty || verifyConsistency(crypto, seen.size, seen.root, next.size, next.root, proof)) return;
  throw lost(`the log of ${next.size} leaves does not continue the one of ${seen.size}`);
}

function hashes(list: readonly string[]): Uint8Array[] {
  if (!Array.isArray(list) || list.length > HASHES_MAX) throw malformed();
  return list.map(decode);
}

function decode(text: string): Uint8Array {
  try {
    return fromBase64(text);
  } catch (cause) {
    throw malformed(cause);
  }
}

function malformed(cause?: unknown): LanProofError {
  return new LanProofError('PROOF_FORMAT', 'the proof cannot be read', {
    hint: 'update agent and collector to the same release',
    fatal: false,
    ...(cause === undefined ? {} : { cause }),
  });
}

function forged(message: string): LanProofError {
  return new LanProofError('PROOF_FORGED', message, {
    hint: 'the collector proves something else than was sent: keep this agent and ask its auditor',
    fatal: false,
  });
}

function lost(message: string): LanProofError {
  return new LanProofError('HISTORY_LOST', message, {
    hint: 'history was lost or rewritten at the collector; keep the spool, tell the auditor',
    fatal: false,
  });
}
