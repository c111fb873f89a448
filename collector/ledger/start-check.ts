import { equalBytes, toBase64 } from '../../shared/bytes.ts';
import { LanProofError } from '../../shared/errors.ts';
import { openCheckpoint } from '../../shared/evidence/checkpoint.ts';
import type { Crypto } from '../../shared/evidence/crypto.ts';
import { hashLeaf } from '../../shared/evidence/leaf.ts';
import { HASH_BYTES } from '../../shared/evidence/merkle.ts';
import { TILE_WIDTH } from '../../shared/evidence/tiles.ts';
import type { LogRow } from '../store/rows.ts';
import type { EvidenceReads } from '../store/store-evidence.ts';
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
  logKey: Uint8Array,
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
  const checkpoint = openCheckpoint(crypto, saved.note, log.origin, logKey);
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
