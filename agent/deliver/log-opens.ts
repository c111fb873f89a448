import { fromBase64, fromUtf8 } from '../../shared/bytes.ts';
import type { Envelope } from '../../shared/evidence/dsse.ts';

/**
 * Those log-open documents that say to be under this document key (base64). A collector that lost
 * its former one shows openings under both; nothing is believed here, only passed over.
 */
export function underKey(log_open: readonly Envelope[], document_key: string): Envelope[] {
  return log_open.filter(({ payload }) => {
    try {
      const value: unknown = JSON.parse(fromUtf8(fromBase64(payload)));
      return Object.assign({ document_key: '' }, value).document_key === document_key;
    } catch {
      return false;
    }
  });
}
