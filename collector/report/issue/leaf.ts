/** The report's leaf in the ledger, and the receipt that proves it. */
import { fromHex, toBase64 } from '../../../shared/bytes.ts';
import type { Crypto, Signer } from '../../../shared/evidence/crypto.ts';
import { signDocument } from '../../../shared/evidence/documents.ts';
import type { Report } from '../../../shared/evidence/ledger-documents.ts';
import { formatTlogProof } from '../../../shared/evidence/tlog-proof.ts';
import type { AsOf } from '../../../shared/judge/period/judged.ts';
import { RULES_VERSION } from '../../../shared/judge/types.ts';
import type { Ledger, SignedCheckpoint } from '../../ledger/types.ts';
import type { ReportFile, ReportRecord } from './types.ts';

export const RECEIPT_NAME = 'receipt.tlog-proof';
export const DOCUMENT_NAME = 'report.dsse.json';

export interface LeafDeps {
  readonly ledger: Ledger;
  readonly crypto: Crypto;
  readonly document_key: Signer;
  readonly now_ms: () => number;
}

export interface ReportLeaf {
  readonly place: NonNullable<ReportRecord['leaf']>;
  /** Number of the log in the deployment. */
  readonly log: number;
  /** The document, as its leaf hashes it. */
  readonly text: string;
  /** Holds the leaf. */
  readonly checkpoint: SignedCheckpoint;
}

/** Writes the hash of every file into the ledger, with its audit row. */
export async function leafReport(
  { ledger, crypto, document_key, now_ms }: LeafDeps,
  record: ReportRecord,
  as_of: AsOf,
  files: readonly ReportFile[],
): Promise<ReportLeaf> {
  const { id, site, from_ms, to_ms, masked, author } = record;
  const { value, checkpoint } = await ledger.commit(async (unit) => {
    const issued_ms = now_ms();
    const document: Report = {
      ...{ v: 1, log: unit.origin, site, id, from_ms, to_ms, masked },
      as_of: { log: as_of.log, size: as_of.size, to_ms: as_of.to_ms, at_ms: as_of.at_ms },
      rules: RULES_VERSION,
      files: files.map(({ name, bytes, sha256 }) => {
        return { name, bytes, sha256: toBase64(fromHex(sha256)) };
      }),
      ...{ issued_ms, author },
    };
    const text = signDocument(crypto, document_key, 'report', document);
    const item = { kind: 'report', site, agent: null, epoch: 0, seq: 0, text } as const;
    const { leaf, hash } = await unit.appendDocument(item, issued_ms);
    const detail = JSON.stringify({ leaf, id, masked });
    const action = 'report.issue';
    await unit.tx.addAudit({ at_ms: issued_ms, actor: author, action, site, detail });
    const place = { log: unit.origin, leaf, hash: toBase64(hash) };
    return { place, log: unit.log, text };
  });
  return { ...value, checkpoint };
}

/** The proof of the leaf under a head that holds it; `extra` are the leaf's bytes. */
export async function receiptOf(
  ledger: Pick<Ledger, 'inclusion' | 'leafBytes'>,
  { log, leaf }: { readonly log: number; readonly leaf: number },
  checkpoint: SignedCheckpoint,
): Promise<string> {
  const extra = await ledger.leafBytes(log, leaf);
  const hashes = await ledger.inclusion(log, leaf, checkpoint.size);
  return formatTlogProof({ extra, index: leaf, hashes, checkpoint: checkpoint.note });
}
