import { toBase64 } from '../shared/bytes.ts';
import type { Crypto } from '../shared/evidence/crypto.ts';
import type { CollectorIdentity } from './auth/enrol-tokens.ts';

/** What agents pin of this collector; written into every enrolment token. */
export function collectorIdentity(from: {
  readonly crypto: Crypto;
  readonly tls_spki: string | null;
  readonly log_key: Uint8Array;
  readonly document_key: { readonly publicKey: Uint8Array };
}): CollectorIdentity {
  const fingerprint = (key: Uint8Array) => toBase64(from.crypto.sha256(key));
  return {
    tls: from.tls_spki,
    log_key: fingerprint(from.log_key),
    document_key: fingerprint(from.document_key.publicKey),
  };
}
