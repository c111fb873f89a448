import type { Crypto } from '../../shared/evidence/crypto.ts';
import { encodeLeaf } from '../../shared/evidence/leaf.ts';
import { consistencyProof, inclusionProof, rangeRoot } from '../../shared/evidence/merkle.ts';
import type { EvidenceReads } from '../store/store-evidence.ts';
import { type LogKeysOf, openUnder } from './log-keys.ts';
import { withTiles } from './tree.ts';
import type { Ledger, SignedCheckpoint } from './types.ts';

type Reading = Pick<
  Ledger,
  'checkpointOf' | 'leafBytes' | 'inclusion' | 'ranges' | 'consistency' | 'logOpens'
>;

/** Leaves and proofs out of the store, up to the signed size of each log. */
export function createReading(options: {
  readonly crypto: Crypto;
  readonly store: EvidenceReads;
  readonly keysOf: LogKeysOf;
  readonly checkpoint: () => SignedCheckpoint;
}): Reading {
  const { crypto, store, keysOf, checkpoint } = options;
  const checkpointOf = async (log: number): Promise<SignedCheckpoint | null> => {
    if (log === checkpoint().log) return checkpoint();
    const row = (await store.logs()).find((candidate) => candidate.log === log);
    const saved = row === undefined ? null : await store.newestCheckpoint(log);
    if (row === undefined || saved === null) return null;
    const opened = openUnder(crypto, saved.note, row.origin, await keysOf(row.origin));
    return opened === null ? null : { ...saved, ...opened };
  };
  const signedSize = async (log: number): Promise<number> => {
    const row = (await store.logs()).find((candidate) => candidate.log === log);
    // The next log's opening names the whole of a closed one, under the document key.
    if (row !== undefined && row.closed_ms !== null) return row.size;
    const head = await checkpointOf(log);
    if (head === null) throw new RangeError(`there is no log ${log}`);
    return head.size;
  };
  return {
    checkpointOf,
    async leafBytes(log, index) {
      const row = index < (await signedSize(log)) ? await store.leaf(log, index) : null;
      if (row === null) throw new RangeError(`there is no leaf ${index} in log ${log}`);
      return encodeLeaf(row);
    },
    async inclusion(log, index, size) {
      const upTo = limited(size, await signedSize(log));
      return withTiles(crypto, store, log, upTo, (hash) =>
        inclusionProof(crypto, upTo, index, hash),
      );
    },
    async ranges(log, ranges, size) {
      const upTo = limited(size, await signedSize(log));
      return withTiles(crypto, store, log, upTo, (hash) =>
        ranges.map(([lo, hi]) => rangeRoot(crypto, lo, hi, hash)),
      );
    },
    async consistency(log, from, to) {
      const upTo = limited(to, await signedSize(log));
      return withTiles(crypto, store, log, upTo, (hash) =>
        consistencyProof(crypto, from, upTo, hash),
      );
    },
    logOpens: async () => (await store.documents(null, 'log-open')).map(({ text }) => text),
  };
}

/** Proofs are given up to the signed size only: what is not signed yet was shown to nobody. */
function limited(size: number | undefined, signed: number): number {
  if (size === undefined) return signed;
  if (size > signed) throw new RangeError(`${size} is beyond the signed size ${signed}`);
  return size;
}
