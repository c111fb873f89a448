import { fromBase64, fromUtf8, toBase64 } from '../../shared/bytes.ts';
import { parseEnvelope } from '../../shared/evidence/dsse.ts';
import { HttpError } from '../http-error.ts';
import type { DocumentRow } from '../store/rows.ts';
import type { ReadUnit } from '../store/store.ts';

/**
 * Refuses a key that was revoked at this site, or rotated away from: whoever copied it could sign
 * again. The log is asked, not the agent's row, which forgets with each epoch; and a row that was
 * ended without a document (the document key was lost) says nothing bad of the agent's key.
 * Throws HttpError KEY_REVOKED.
 */
export async function checkNotEnded(
  reads: Pick<ReadUnit, 'documentsOf'>,
  site: string,
  key: Uint8Array,
): Promise<void> {
  const shown = toBase64(key);
  const documents = await reads.documentsOf(site, ['revoke', 'rotate']);
  if (!documents.some((row) => endedBy(row) === shown)) return;
  throw new HttpError(403, 'KEY_REVOKED', 'this key was revoked here, or replaced by another', {
    hint: 'remove agent.key from the state folder of the agent and enrol again: it makes a new key',
  });
}

/** The key that a document ended, base64. */
function endedBy({ kind, text }: DocumentRow): unknown {
  const value: unknown = JSON.parse(fromUtf8(fromBase64(parseEnvelope(text).payload)));
  const { agent_key, old_key } = Object.assign({ agent_key: '', old_key: '' }, value);
  return kind === 'revoke' ? agent_key : old_key;
}
