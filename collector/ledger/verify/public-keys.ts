import { equalBytes, fromBase64 } from '../../../shared/bytes.ts';
import { LanProofError } from '../../../shared/errors.ts';
import type { Crypto } from '../../../shared/evidence/crypto.ts';
import { documentHash } from '../../../shared/evidence/documents.ts';
import type { EvidenceReads } from '../../store/store-evidence.ts';
import { membersOf } from './chains.ts';
import type { Tell, VerifyOptions } from './types.ts';

/** Raw. */
export interface PublicKeys {
  readonly log_key: Uint8Array;
  readonly document_key: Uint8Array;
}

/**
 * The keys that the newest log-open document names: enough where the private ones do not lie beside
 * the store, but its own word about itself. Throws LEDGER_DAMAGED.
 */
export async function namedKeys(reads: Pick<EvidenceReads, 'documents'>): Promise<PublicKeys> {
  const newest = (await reads.documents(null, 'log-open')).at(-1);
  const keys = newest === undefined ? null : keysIn(newest.text);
  if (keys !== null) return keys;
  throw new LanProofError('LEDGER_DAMAGED', 'no document says which keys the log has', {
    hint: 'put log.key and document.key into the data directory, or restore a backup',
  });
}

/**
 * The keys that each log names in its first leaf, by its number: a lost key is replaced in the next
 * log only. A document that is not the one of its leaf names none.
 */
export async function keysByLog(
  crypto: Crypto,
  reads: Pick<EvidenceReads, 'documents' | 'leaf'>,
): Promise<ReadonlyMap<number, PublicKeys>> {
  const found = new Map<number, PublicKeys>();
  for (const { log, leaf, text } of await reads.documents(null, 'log-open')) {
    const opening = leaf === 0 ? await reads.leaf(log, 0) : null;
    const keys = keysIn(text);
    if (opening === null || keys === null) continue;
    if (equalBytes(documentHash(crypto, text), opening.hash)) found.set(log, keys);
  }
  return found;
}

/**
 * The newest log is under the collector's own keys. Each log names the root of the one before it,
 * so the keys that earlier logs name hang on that.
 */
export function verifyNewestKeys(
  named: PublicKeys | undefined,
  { log_key, document_key }: Pick<VerifyOptions, 'log_key' | 'document_key'>,
  tell: Tell,
): void {
  if (named === undefined) return;
  const same = equalBytes(named.log_key, log_key) && equalBytes(named.document_key, document_key);
  if (!same) tell('LOG_OPEN', 'the newest log is not under the keys of this collector');
}

function keysIn(text: string): PublicKeys | null {
  const { log_key, document_key } = membersOf({ text });
  if (typeof log_key !== 'string' || typeof document_key !== 'string') return null;
  try {
    return { log_key: fromBase64(log_key), document_key: fromBase64(document_key) };
  } catch {
    return null;
  }
}
