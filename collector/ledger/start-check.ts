import { equalBytes, toBase64 } from '../../shared/bytes.ts';
import { LanProofError } from '../../shared/errors.ts';
import type { Crypto } from '../../shared/evidence/crypto.ts';
import { hashLeaf } from '../../shared/evidence/leaf.ts';
import { HASH_BYTES } from '../../shared/evidence/merkle.ts';
import { TILE_WIDTH } from '../../shared/evidence/tiles.ts';
import type { LogRow } from '../store/rows.ts';
import type { EvidenceReads } from '../store/store-evidence.ts';
import { type LogKeysOf, openUnder, readLogKeys } from './log-keys.ts';
import type { SentinelHead } from './sentinel.ts';
import { frontierAt } from './tree.ts';

/**
 * Checks what a start can afford: the leaves of the last tile against the tile, and the newest
 * checkpoint against the tree. Throws LEDGER_DAMAGED: then nothing may be appended.
 */
export async function checkStored(
  crypto: Crypto,
  reads: EvidenceReads,
  log: LogRow,
  keysOf: LogKeysOf,
): Promise<void> {
  if (log.size === 0) throw damaged(log, 'it has no leaf, not even the one that opened it');
  const index = Math.floor((log.size - 1) / TILE_WIDTH);
  const from = index * TILE_WIDTH;
  const leaves = await reads.leaves(log.log, from, log.size);
  const tile = (await reads.tile(log.log, 0, index)) ?? new Uint8Array();
  if (leaves.length !== log.size - from) throw damaged(log, 'leaves are missing');
  if (tile.length < leaves.length * HASH_BYTES) throw damaged(log, 'its last tile is short');
  for (const [at, leaf] of leaves.entries()) {
    const stored = tile.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES);
    if (!equalBytes(hashLeaf(crypto, leaf), stored)) {
      throw damaged(log, `leaf ${from + at} is not the one in the tree`);
    }
  }
  const saved = await reads.newestCheckpoint(log.log);
  if (saved === null) return;
  const keys = await keysOf(log.origin);
  const checkpoint = openUnder(crypto, saved.note, log.origin, keys);
  if (checkpoint === null) throw damaged(log, 'a saved checkpoint is not under its key');
  if (checkpoint.size > log.size) throw damaged(log, 'a saved checkpoint has more leaves');
  const { root } = await rootAt(crypto, reads, log.log, checkpoint.size);
  if (!equalBytes(root, checkpoint.root)) throw damaged(log, 'a saved checkpoint has another root');
}

/** Why the log must be closed, or null if the sentinel agrees with the database. */
export async function judgeSentinel(
  crypto: Crypto,
  reads: EvidenceReads,
  log: LogRow,
  head: SentinelHead | null,
): Promise<string | null> {
  if (head === null) return 'sentinel_missing';
  const named = `${head.origin} ${head.size} ${toBase64(head.root)}`;
  if (head.origin !== log.origin) {
    return head.log < log.log ? null : `sentinel_newer: ${named}`;
  }
  if (head.size > log.size) return `sentinel_newer: ${named}`;
  const { root } = await rootAt(crypto, reads, log.log, head.size);
  return equalBytes(root, head.root) ? null : `sentinel_other: ${named}`;
}

/** Why a key was replaced, as its owner said with `lanproof key replace`; null: nobody did. */
export type ReplacedKeys = (which: 'log' | 'document', key: Uint8Array) => string | null;

/**
 * Why the log must be closed because its keys are others now; null: they are the same. Throws
 * KEY_FOREIGN where nobody said that a key was replaced: it may be another collector's.
 */
export async function judgeKeys(
  reads: EvidenceReads,
  log: LogRow,
  now: { readonly log: Uint8Array; readonly document: Uint8Array },
  replaced: ReplacedKeys,
): Promise<string | null> {
  const opened = (await readLogKeys(reads)).get(log.origin);
  if (opened === undefined) throw damaged(log, 'the document that opened it is missing');
  const then = { log: opened.log_key, document: opened.document_key };
  for (const which of ['document', 'log'] as const) {
    if (equalBytes(then[which], now[which])) continue;
    const reason = replaced(which, now[which]);
    if (reason !== null) return `${which}_key_lost: ${reason}`;
    throw new LanProofError('KEY_FOREIGN', `${which}.key is not the key of ${log.origin}`, {
      hint: 'put the right key back (lanproof key import); if it is lost: lanproof key replace',
      place: `${which}.key`,
    });
  }
  return null;
}

/** Root of the first `size` leaves. */
export async function rootAt(
  crypto: Crypto,
  reads: EvidenceReads,
  log: number,
  size: number,
): Promise<{ readonly root: Uint8Array }> {
  return { root: (await frontierAt(crypto, reads, log, size)).root() };
}

function damaged(log: LogRow, what: string): LanProofError {
  return new LanProofError('LEDGER_DAMAGED', `log ${log.origin} is damaged: ${what}`, {
    hint: 'keep the data directory as it is and restore the newest backup into a new one',
    place: `log ${log.log}`,
  });
}
