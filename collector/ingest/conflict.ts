import { fromBase64, fromUtf8 } from '../../shared/bytes.ts';
import type { Crypto, Signer } from '../../shared/evidence/crypto.ts';
import { type Conflict, signDocument } from '../../shared/evidence/documents.ts';
import { parseEnvelope } from '../../shared/evidence/dsse.ts';
import type { LedgerUnit } from '../ledger/types.ts';
import type { AgentRow, DocumentRow } from '../store/rows.ts';

/** More would prove nothing more: two copies of an agent contradict each other every minute. */
const CONFLICTS_PER_EPOCH_MAX = 16;

/**
 * Leafs the contradiction and quarantines the agent until it is enrolled again. A batch that was
 * recorded already is not recorded twice.
 */
export async function recordConflict(
  options: { crypto: Crypto; documentSigner: Signer; now_ms: () => number },
  unit: LedgerUnit,
  agent: AgentRow,
  conflict: Conflict,
): Promise<void> {
  const { site, agent: code, epoch, seq } = conflict;
  const before = (await unit.tx.documents(site, 'conflict', code)).map(readConflict);
  const mine = before.filter((known) => known?.epoch === epoch);
  const known = mine.some((other) => other?.other_hash === conflict.other_hash);
  if (known || mine.length >= CONFLICTS_PER_EPOCH_MAX) return;
  const text = signDocument(options.crypto, options.documentSigner, 'conflict', conflict);
  const item = { kind: 'conflict', site, agent: code, epoch, seq, text } as const;
  await unit.appendDocument(item, conflict.at_ms);
  if (agent.quarantined_ms === null) {
    await unit.tx.putAgent({ ...agent, quarantined_ms: conflict.at_ms });
  }
}

/** Our own document as stored: the two members that are compared. */
function readConflict(row: DocumentRow): { epoch: number; other_hash: string } | null {
  const value: unknown = JSON.parse(fromUtf8(fromBase64(parseEnvelope(row.text).payload)));
  if (typeof value !== 'object' || value === null) return null;
  const { epoch, other_hash } = { epoch: 0, other_hash: '', ...value };
  return { epoch, other_hash };
}
