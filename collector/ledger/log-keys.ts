import { fromBase64, fromUtf8 } from '../../shared/bytes.ts';
import { LanProofError } from '../../shared/errors.ts';
import { type Checkpoint, openCheckpoint } from '../../shared/evidence/checkpoint.ts';
import type { Crypto } from '../../shared/evidence/crypto.ts';
import { parseEnvelope } from '../../shared/evidence/dsse.ts';
import type { EvidenceReads } from '../store/store-evidence.ts';

/** What a log-open document says of the keys of its log, raw. */
export interface OpenedWith {
  readonly log_key: Uint8Array;
  readonly document_key: Uint8Array;
}

/** Keys by the origin of their log: a log that lost its key is followed by one with another. */
export async function readLogKeys(
  reads: Pick<EvidenceReads, 'documents'>,
): Promise<ReadonlyMap<string, OpenedWith>> {
  const rows = await reads.documents(null, 'log-open');
  return new Map(
    rows.map(({ text }) => {
      // Our own store's document: the leaf over it is checked against the tree.
      const value: unknown = JSON.parse(fromUtf8(fromBase64(parseEnvelope(text).payload)));
      const said = Object.assign({ log: '', log_key: '', document_key: '' }, value);
      const keys = {
        log_key: fromBase64(said.log_key),
        document_key: fromBase64(said.document_key),
      };
      return [said.log, keys] as const;
    }),
  );
}

/** Which log keys a note of `origin` may be under. */
export type LogKeysOf = (origin: string) => Promise<readonly Uint8Array[]>;

/** The key of a known log; for one that this copy never had, every key that was ever in use. */
export function createLogKeys(
  reads: Pick<EvidenceReads, 'documents'>,
  current: Uint8Array,
): LogKeysOf {
  let known: ReadonlyMap<string, OpenedWith> = new Map();
  return async (origin) => {
    if (!known.has(origin)) known = await readLogKeys(reads);
    const mine = known.get(origin);
    if (mine !== undefined) return [mine.log_key];
    return [current, ...[...known.values()].map(({ log_key }) => log_key)];
  };
}

/** The checkpoint that one of the keys signed; null: none did, or it is no checkpoint. */
export function openUnder(
  crypto: Crypto,
  note: string,
  origin: string,
  keys: readonly Uint8Array[],
): Checkpoint | null {
  for (const key of keys) {
    try {
      return openCheckpoint(crypto, note, origin, key);
    } catch (error) {
      if (!(error instanceof LanProofError)) throw error;
    }
  }
  return null;
}
