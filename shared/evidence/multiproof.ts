/**
 * One proof of many leaves of an RFC 6962 tree: the hashes of the largest parts of the tree that
 * hold none of them, left to right. Whoever has the leaves computes the root from both; each leaf
 * is then proved with its place.
 */
import type { Crypto } from './crypto.ts';
import { nodeHash } from './merkle.ts';
import { largestPowerBelow } from './tree-math.ts';

/** Leaves [lo, hi). */
export type LeafRange = readonly [lo: number, hi: number];

export interface PlacedHash {
  readonly index: number;
  /** Leaf hash, 32 bytes. */
  readonly hash: Uint8Array;
}

/** Hashes in order: a list, or a view of bytes that would be a list too long for memory. */
export interface ProofHashes {
  readonly length: number;
  at(index: number): Uint8Array | undefined;
}

/** Whose hashes prove the leaves `indexes` (ascending, below `size`), in order. */
export function* missingRanges(size: number, indexes: readonly number[]): Generator<LeafRange> {
  const stack: LeafRange[] = [[0, size]];
  let next = 0;
  for (let range = stack.pop(); range !== undefined; range = stack.pop()) {
    const [lo, hi] = range;
    const wanted = indexes[next];
    if (wanted === undefined || wanted >= hi) yield range;
    else if (hi - lo === 1) next += 1;
    else {
      const split = lo + largestPowerBelow(hi - lo);
      stack.push([split, hi], [lo, split]);
    }
  }
}

/**
 * Root of the tree of `size` leaves (≥ 1) out of some leaves and the hashes of the rest; null where
 * hashes are missing or left over, or leaves do not ascend below the size. Never throws.
 */
export function rootOfProof(
  crypto: Crypto,
  size: number,
  leaves: readonly PlacedHash[],
  hashes: ProofHashes,
): Uint8Array | null {
  let [next, used] = [0, 0];
  const cover = (lo: number, hi: number): Uint8Array | null => {
    const leaf = leaves[next];
    if (leaf === undefined || leaf.index >= hi) return hashes.at(used++) ?? null;
    if (hi - lo === 1) {
      next += 1;
      return leaf.index === lo ? leaf.hash : null;
    }
    const split = lo + largestPowerBelow(hi - lo);
    const left = cover(lo, split);
    const right = left === null ? null : cover(split, hi);
    return left === null || right === null ? null : nodeHash(crypto, left, right);
  };
  const root = cover(0, size);
  return next === leaves.length && used === hashes.length ? root : null;
}
