/** The head that a log was closed at, where its key was lost and only the next log names it. */
import { equalBytes, fromBase64 } from '../../bytes.ts';
import type { BundleProof } from '../bundle/types.ts';
import type { Checkpoint } from '../checkpoint.ts';
import type { Crypto } from '../crypto.ts';
import type { LogOpen } from '../documents.ts';
import { verifyConsistency } from '../merkle.ts';
import type { SignedLog } from './signed-logs.ts';

/**
 * Reasons with which a collector closes a log whose key it no longer has. It says `log_key_lost`,
 * or `document_key_lost` where that key is lost, too; but what the start finds of the head sentinel
 * is named first, even if a key was replaced in the same start: `sentinel_missing` where it went
 * with the disk, `sentinel_newer` where only the database was put back. No other reason goes with
 * an unsigned end: `agent_saw_newer` closes a log of a running collector, which has its key, and
 * `sentinel_other` names a signed head that the database does not continue, which is no loss.
 */
const KEYLESS_REASONS: ReadonlySet<string> = new Set([
  'log_key_lost',
  'document_key_lost',
  'sentinel_missing',
  'sentinel_newer',
]);

/**
 * The head, larger than the signed one, at which the next log says that this one was closed. Null:
 * the next log does not say so, no lost key is the reason, or nothing proves that it continues the
 * signed one. `next` must be proved as leaf 0 of the next log: what it says rests on that log's key.
 */
export function closingHead(
  crypto: Crypto,
  { signed, key, proofs }: SignedLog,
  { previous, log_key }: LogOpen,
): Checkpoint | null {
  if (previous === null || previous.log !== signed.origin) return null;
  // An empty tree is continued by every other one: not even the log-open would be signed.
  if (signed.size < 1 || previous.size <= signed.size) return null;
  const [reason = ''] = previous.reason.split(':', 1);
  if (!KEYLESS_REASONS.has(reason)) return null;
  // Whoever still has the key signs the closing head with it.
  if (equalBytes(fromBase64(log_key), key)) return null;
  const head = { origin: signed.origin, size: previous.size, root: fromBase64(previous.root) };
  return continuity(crypto, head, proofs)(signed) === 'proved' ? head : null;
}

export type Proved = 'proved' | 'false' | 'missing';

/** Says whether the proofs lead from an older head to this one. */
export function continuity(
  crypto: Crypto,
  { size, root }: Checkpoint,
  proofs: ReadonlyMap<number, BundleProof['hashes']>,
): (older: Pick<Checkpoint, 'size' | 'root'>) => Proved {
  return (from) => {
    // Nothing has to be proved of the head itself, and an empty tree proves nothing.
    const proof = from.size === size || from.size === 0 ? [] : proofs.get(from.size);
    if (proof === undefined) return 'missing';
    const same = verifyConsistency(crypto, from.size, from.root, size, root, proof);
    return same ? 'proved' : 'false';
  };
}
