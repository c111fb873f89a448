import { fromBase64 } from '../../../shared/bytes.ts';
import { LanProofError } from '../../../shared/errors.ts';
import type { EvidenceReads } from '../../store/store-evidence.ts';
import { membersOf } from './chains.ts';

export interface PublicKeys {
  readonly log_key: Uint8Array;
  readonly document_key: Uint8Array;
}

/**
 * The keys that the first log-open document names: enough where the private ones do not lie beside
 * the store, but its own word about itself. Throws LEDGER_DAMAGED.
 */
export async function namedKeys(reads: Pick<EvidenceReads, 'documents'>): Promise<PublicKeys> {
  const [first] = await reads.documents(null, 'log-open');
  const { log_key, document_key } = first === undefined ? {} : membersOf(first);
  if (typeof log_key === 'string' && typeof document_key === 'string') {
    return { log_key: fromBase64(log_key), document_key: fromBase64(document_key) };
  }
  throw new LanProofError('LEDGER_DAMAGED', 'no document says which keys the log has', {
    hint: 'put log.key and document.key into the data directory, or restore a backup',
  });
}
