/** Leaf 0 of a log: which one it follows, and who signs. */
import { equalBytes, fromBase64 } from '../../bytes.ts';
import type { BundleDocument } from '../bundle/types.ts';
import type { Crypto } from '../crypto.ts';
import { openDocument } from '../document-reading.ts';
import { documentHash, type LogOpen } from '../documents.ts';
import { payloadBytes, payloadMembers } from './payload.ts';
import { problemOf } from './problem.ts';
import type { SignedLog } from './signed-logs.ts';

/** The document at leaf 0; `problem` null: there is none. */
export type Opening =
  | { readonly open: LogOpen }
  | { readonly open: null; readonly problem: string | null };

/**
 * Reads leaf 0 of a log; a log without one has no document key. It is read whether or not the
 * leaves are proved: that is for whoever uses it to ask.
 */
export function readOpening(
  crypto: Crypto,
  { log, signed, key, leaves }: SignedLog,
  documents: readonly BundleDocument[],
): Opening {
  const [leaf] = leaves;
  const text = documents.find((one) => one.log === log && one.leaf === 0)?.text ?? null;
  const wrong = (problem: string | null): Opening => ({ open: null, problem });
  if (leaf?.leaf !== 0 || leaf.kind !== 'log-open' || text === null) return wrong(null);
  try {
    if (!equalBytes(documentHash(crypto, text), leaf.hash)) return wrong('HASH');
    // It names the key that signed it: what makes it true is its place in the signed log.
    const { document_key } = payloadMembers(payloadBytes(text));
    const open = openDocument(crypto, text, 'log-open', fromBase64(String(document_key)));
    if (open.log !== signed.origin) return wrong('OTHER_LOG');
    if (!equalBytes(fromBase64(open.log_key), key)) return wrong('LOG_KEY');
    return { open };
  } catch (error) {
    return wrong(problemOf(error).problem);
  }
}
