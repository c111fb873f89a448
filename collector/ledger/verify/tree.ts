import { equalBytes } from '../../../shared/bytes.ts';
import { openCheckpoint } from '../../../shared/evidence/checkpoint.ts';
import { hashLeaf } from '../../../shared/evidence/leaf.ts';
import { type Frontier, HASH_BYTES } from '../../../shared/evidence/merkle.ts';
import { TILE_HEIGHT, TILE_WIDTH } from '../../../shared/evidence/tiles.ts';
import type { LeafRow, LogRow } from '../../store/rows.ts';
import { frontierAt } from '../tree.ts';
import { wordsOf } from './documents.ts';
import type { VerifyCounts, VerifyOptions } from './types.ts';

export type TellAt = (leaf: number, code: string, message: string) => void;

/** Walks over one log, a tile of leaves at a time, from a whole tile on. */
export interface TreeVerifier {
  /** Holds the leaves of the next tile against tiles and checkpoints; returns the leaves. */
  next(): Promise<LeafRow[]>;
}

export async function createTreeVerifier(
  options: VerifyOptions,
  log: LogRow,
  from: number,
  counts: VerifyCounts,
  tell: TellAt,
): Promise<TreeVerifier> {
  const { crypto, reads, log_key } = options;
  const frontier: Frontier = await frontierAt(crypto, reads, log.log, from);
  let at = from;

  const stored = async (level: number, index: number): Promise<Uint8Array> => {
    const tile = (await reads.tile(log.log, level, Math.floor(index / TILE_WIDTH))) ?? NO_BYTES;
    const offset = (index % TILE_WIDTH) * HASH_BYTES;
    return tile.subarray(offset, offset + HASH_BYTES);
  };

  const append = async (index: number, hash: Uint8Array): Promise<void> => {
    for (const node of frontier.append(hash)) {
      if (node.level === 0 || node.level % TILE_HEIGHT !== 0) continue;
      const level = node.level / TILE_HEIGHT;
      if (equalBytes(await stored(level, node.index), node.hash)) continue;
      tell(index, 'TILE', `tile level ${level} does not hold the hash of what is below it`);
    }
  };

  const verifyCheckpoints = async (
    notes: readonly { readonly size: number; readonly note: string }[],
    size: number,
  ): Promise<void> => {
    for (const { note } of notes.filter((one) => one.size === size)) {
      counts.checkpoints += 1;
      try {
        const checkpoint = openCheckpoint(crypto, note, log.origin, log_key);
        if (checkpoint.size === size && equalBytes(checkpoint.root, frontier.root())) continue;
        tell(size - 1, 'CHECKPOINT_ROOT', `the checkpoint of ${size} leaves has another root`);
      } catch (error) {
        tell(
          size - 1,
          'CHECKPOINT_SIGNATURE',
          `the checkpoint of ${size} leaves: ${wordsOf(error)}`,
        );
      }
    }
  };

  return {
    async next() {
      const end = Math.min(at + TILE_WIDTH, log.size);
      const leaves = await reads.leaves(log.log, at, end);
      const tile = (await reads.tile(log.log, 0, Math.floor(at / TILE_WIDTH))) ?? NO_BYTES;
      const notes = await reads.checkpoints(log.log, at, end);
      const byIndex = new Map(leaves.map((leaf) => [leaf.index, leaf]));
      for (let index = at; index < end; index++) {
        const offset = (index % TILE_WIDTH) * HASH_BYTES;
        const kept = tile.slice(offset, offset + HASH_BYTES);
        const hash = verifyLeaf(options, byIndex.get(index), kept, index, tell);
        await append(index, hash);
        await verifyCheckpoints(notes, index + 1);
      }
      counts.leaves += end - at;
      at = end;
      return leaves;
    },
  };
}

const NO_BYTES = new Uint8Array();

/** The tree goes on with the hash in the tile, so that one changed row is named once. */
function verifyLeaf(
  { crypto }: VerifyOptions,
  leaf: LeafRow | undefined,
  kept: Uint8Array,
  index: number,
  tell: TellAt,
): Uint8Array {
  const whole = kept.length === HASH_BYTES;
  if (leaf === undefined) {
    tell(index, 'LEAF_MISSING', 'the leaf is gone');
    return whole ? kept : new Uint8Array(HASH_BYTES);
  }
  let hash: Uint8Array;
  try {
    hash = hashLeaf(crypto, leaf);
  } catch (error) {
    tell(index, 'LEAF_HASH', wordsOf(error));
    return whole ? kept : new Uint8Array(HASH_BYTES);
  }
  if (equalBytes(hash, kept)) return hash;
  tell(index, whole ? 'LEAF_HASH' : 'TILE', 'the leaf is not the one in the tile of the tree');
  return whole ? kept : hash;
}
