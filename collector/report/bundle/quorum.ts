/** What the policy of a bundle may ask for. */
import { fromBase64, fromUtf8 } from '../../../shared/bytes.ts';
import { LanProofError } from '../../../shared/errors.ts';
import type { Policy } from '../../../shared/evidence/bundle/policy.ts';
import { formatCheckpoint } from '../../../shared/evidence/checkpoint.ts';
import { verifyCosignature } from '../../../shared/evidence/cosignature.ts';
import type { Crypto } from '../../../shared/evidence/crypto.ts';
import { parseEnvelope } from '../../../shared/evidence/dsse.ts';
import type { Anchor } from '../../../shared/evidence/ledger-documents.ts';
import { ofKind, type PlacedDocument } from './scope.ts';

/**
 * `any` where a configured witness has signed a head of the last log, `none` before: one that was
 * only just configured, or has not got the key of a new log, must not make a right report false.
 */
export function quorumOf(
  crypto: Crypto,
  documents: readonly PlacedDocument[],
  witnesses: Policy['witnesses'],
  origin: string,
): Policy['quorum'] {
  const signed = ofKind(documents, 'anchor').some(({ text }) => {
    const anchor: Anchor = JSON.parse(fromUtf8(fromBase64(parseEnvelope(text).payload)));
    if (anchor.kind !== 'witness' || anchor.log !== origin) return false;
    return witnesses.some(
      ({ name, key }) =>
        (anchor.by === name || anchor.by === key.name) && cosigned(crypto, anchor, key),
    );
  });
  return signed ? 'any' : 'none';
}

function cosigned(
  crypto: Crypto,
  { log: origin, size, root, proof }: Anchor,
  key: Policy['witnesses'][number]['key'],
): boolean {
  try {
    const text = formatCheckpoint({ origin, size, root: fromBase64(root) });
    verifyCosignature(crypto, fromUtf8(fromBase64(proof)), text, key);
    return true;
  } catch (error) {
    if (!(error instanceof LanProofError)) throw error;
    return false;
  }
}
