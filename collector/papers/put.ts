import { toBase64, utf8 } from '../../shared/bytes.ts';
import { LanProofError } from '../../shared/errors.ts';
import { documentType } from '../../shared/evidence/documents.ts';
import { serializeEnvelope, signEnvelope } from '../../shared/evidence/dsse.ts';
import { parsePaper } from '../../shared/papers/parse.ts';
import type { PaperHead, Papers } from '../../shared/papers/types.ts';
import type { CollectorDeps } from '../deps.ts';
import { HttpError } from '../http-error.ts';
import type { LedgerUnit } from '../ledger/types.ts';

export type PaperDeps = Pick<
  CollectorDeps,
  'store' | 'ledger' | 'crypto' | 'document_key' | 'now_ms' | 'random'
>;

/** What people write; the site and its days are written by others. */
export type WrittenKind = Exclude<keyof Papers, 'site' | 'day'>;

/** Payloads of one kind without their head; a union stays one. */
export type PaperBody<Kind extends WrittenKind> = Papers[Kind] extends infer Paper
  ? Paper extends PaperHead
    ? Omit<Paper, keyof PaperHead>
    : never
  : never;

export interface PaperDraft<Kind extends WrittenKind> {
  readonly kind: Kind;
  readonly site: string;
  readonly body: PaperBody<Kind>;
  /** Who writes, as in audit rows; never a name of a person. */
  readonly by: string;
  /** Word of the audit row, as `maintenance.add`. */
  readonly action: string;
  /** What the audit row says; never more than what the paper says. */
  readonly detail: Readonly<Record<string, unknown>>;
}

/** Where a paper stands in the ledger. */
export interface PaperPlace {
  readonly log: string;
  readonly leaf: number;
  /** Document hash, base64. */
  readonly hash: string;
  readonly issued_ms: number;
}

/**
 * Leafs a paper under the document key, with its audit row, inside a running unit of work. It is
 * read by the reader's own parser first: what cannot be read must never be a leaf. Throws
 * HttpError 400 with the parser's code, hint and place.
 */
export async function putPaper<Kind extends WrittenKind>(
  deps: PaperDeps,
  unit: LedgerUnit,
  draft: PaperDraft<Kind>,
): Promise<PaperPlace> {
  const { kind, site, by, action } = draft;
  const issued_ms = deps.now_ms();
  const head: PaperHead = { v: 1, log: unit.origin, site, issued_ms, author: by };
  const payload = utf8(JSON.stringify(Object.assign({}, head, draft.body)));
  refused(() => parsePaper(kind, payload));
  const envelope = signEnvelope(deps.document_key, documentType(kind), payload, deps.crypto);
  const item = { kind, site, agent: null, epoch: 0, seq: 0, text: serializeEnvelope(envelope) };
  const { leaf, hash } = await unit.appendDocument(item, issued_ms);
  const detail = JSON.stringify({ leaf, ...draft.detail });
  await unit.tx.addAudit({ at_ms: issued_ms, actor: by, action, site, detail });
  return { log: unit.origin, leaf, hash: toBase64(hash), issued_ms };
}

/** Runs a parser on what a person sent: its error is an answer to that person, not a fault. */
export function refused<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof LanProofError) || error instanceof HttpError) throw error;
    const { code, message, hint, place } = error;
    throw new HttpError(400, code, message, { hint, cause: error, ...(place && { place }) });
  }
}
