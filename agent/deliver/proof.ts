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
 * @throws LanProofError HISTORY_LOST (the log shrank), HISTORY_REWRITTEN (it contradicts `seen`),
 * PROOF_FORGED (leaf, inclusion), PROOF_FORMAT, or what openCheckpoint throws for a wrong key or
 * origin.
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

/**
 * @throws LanProofError HISTORY_LOST where the log at `next` is smaller than the one at `seen`,
 * HISTORY_REWRITTEN where it does not continue it.
 */
function checkGrowth(
  crypto: Crypto,
  seen: Checkpoint,
  next: Checkpoint,
  proof: readonly Uint8Array[],
): void {
  if (next.size < seen.size) {
    throw historyLost(`the log has ${next.size} leaves, it had ${seen.size}`);
  }
  if (continues(crypto, seen, next, proof)) return;
  throw historyRewritten(
    `the log of ${next.size} leaves does not continue the one of ${seen.size}`,
  );
}

/** Whether `proof` shows that the log at `next` only grew since `seen`. */
export function continues(
  crypto: Crypto,
  seen: Pick<Checkpoint, 'size' | 'root'>,
  next: Pick<Checkpoint, 'size' | 'root'>,
  proof: readonly Uint8Array[],
): boolean {
  if (seen.size === 0) return true;
  return verifyConsistency(crypto, seen.size, seen.root, next.size, next.root, proof);
}

/** The hashes of a proof. @throws LanProofError PROOF_FORMAT. */
export function hashes(list: readonly string[]): Uint8Array[] {
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

/** The collector names less than was seen: an older copy was put back, or leaves are gone. */
export function historyLost(message: string): LanProofError {
  return new LanProofError('HISTORY_LOST', message, {
    hint: 'history was lost at the collector; keep the spool: the agent sends again what it has',
    fatal: false,
  });
}

/** The log key signed two histories, and nobody said so. */
export function historyRewritten(message: string): LanProofError {
  return new LanProofError('HISTORY_REWRITTEN', message, {
    hint: 'the collector shows another history: keep the files in state_dir/alarms, tell the auditor',
    fatal: false,
  });
}
