import { fromBase64, toBase64 } from '../../shared/bytes.ts';
import { LanProofError } from '../../shared/errors.ts';
import { parseEnvelope } from '../../shared/evidence/dsse.ts';
import { parsePaper } from '../../shared/papers/parse.ts';
import type { Papers } from '../../shared/papers/types.ts';
import type { EvidenceReads } from '../store/store-evidence.ts';
import type { WrittenKind } from './put.ts';

/** A paper with its place. */
export interface StoredPaper<Kind extends WrittenKind> {
  readonly paper: Papers[Kind];
  /** Document hash, base64. */
  readonly hash: string;
  readonly leaf: number;
}

/**
 * Papers of one kind of a site in leaf order. What a later version wrote, and this one cannot
 * read, is left out: figures leave it out, too.
 */
export async function papersOf<Kind extends WrittenKind>(
  reads: Pick<EvidenceReads, 'documents'>,
  site: string,
  kind: Kind,
): Promise<StoredPaper<Kind>[]> {
  const out: StoredPaper<Kind>[] = [];
  for (const { text, hash, leaf } of await reads.documents(site, kind)) {
    try {
      const paper = parsePaper(kind, fromBase64(parseEnvelope(text).payload));
      out.push({ paper, hash: toBase64(hash), leaf });
    } catch (error) {
      if (!(error instanceof LanProofError)) throw error;
    }
  }
  return out;
}
