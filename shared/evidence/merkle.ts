/**
 * The Merkle tree of RFC 6962 §2.1 over SHA-256: hashes, an append-only frontier, proofs, their
 * checks (algorithms of RFC 9162 §2.1.3–2.1.4). Sizes and indexes go to 2^53 − 1.
 */
import { concat, equalBytes } from '../bytes.ts';
import type { Crypto } from './crypto.ts';
import {
  checkTreeSize,
  countBits,
  half,
  isPowerOfTwo,
  isTreeSize,
  largestPowerBelow,
} from './tree-math.ts';

/** Length of every hash, in bytes. */
export const HASH_BYTES = 32;

const LEAF_PREFIX = Uint8Array.of(0);
const NODE_PREFIX = Uint8Array.of(1);

/** Returns the hash of a complete subtree: level 0 are leaf hashes, index counts on that level. */
export type GetHash = (level: number, index: number) => Uint8Array;
/** A complete subtree: 2^level leaves beginning at leaf index · 2^level. */
export interface TreeNode {
  readonly level: number;
  readonly index: number;
  readonly hash: Uint8Array;
}

/** SHA-256(0x00 ‖ data). */
export function leafHash(crypto: Crypto, data: Uint8Array): Uint8Array {
  return crypto.sha256(concat(LEAF_PREFIX, data));
}

/** SHA-256(0x01 ‖ left ‖ right). */
export function nodeHash(crypto: Crypto, left: Uint8Array, right: Uint8Array): Uint8Array {
  return crypto.sha256(concat(NODE_PREFIX, left, right));
}

/** Root over leaf hashes (not leaf data); SHA-256 of nothing for an empty tree. */
export function rootFromLeaves(crypto: Crypto, leafHashes: readonly Uint8Array[]): Uint8Array {
  const frontier = createFrontier(crypto);
  for (const hash of leafHashes) frontier.append(hash);
  return frontier.root();
}

/** The right edge of a growing tree: enough to append and to tell the root, nothing more. */
export interface Frontier {
  readonly size: number;
  /** Appends a leaf hash; returns the subtrees it completed, level 0 first, for the tiles. */
  append(leafHash: Uint8Array): TreeNode[];
  root(): Uint8Array;
  /** Hashes of the complete subtrees from left to right, one per set bit of `size`. */
  hashes(): Uint8Array[];
  /** An independent copy: try an append on it and keep it only after the commit. */
  clone(): Frontier;
}

/** Starts empty, or from `hashes` as another frontier of that size gave them. RangeError else. */
export function createFrontier(
  crypto: Crypto,
  size = 0,
  hashes: readonly Uint8Array[] = [],
): Frontier {
  checkTreeSize(size);
  const stack = [...hashes];
  if (stack.length !== countBits(size) || stack.some((hash) => hash.length !== HASH_BYTES)) {
    throw new RangeError(`a frontier of size ${size} needs ${countBits(size)} hashes of 32 bytes`);
  }
  let count = size;
  return {
    get size() {
      return count;
    },
    append(hash) {
      if (hash.length !== HASH_BYTES) throw new RangeError('a leaf hash has 32 bytes');
      checkTreeSize(count + 1);
      let node: TreeNode = { level: 0, index: count, hash };
      const completed = [node];
      while (node.index % 2 === 1) {
        const left = stack.pop();
        if (left === undefined) throw new RangeError('frontier lost a hash');
        const joined = nodeHash(crypto, left, node.hash);
        node = { level: node.level + 1, index: (node.index - 1) / 2, hash: joined };
        completed.push(node);
      }
      stack.push(node.hash);
      count += 1;
      return completed;
    },
    root() {
      const last = stack.at(-1);
      if (last === undefined) return crypto.sha256(new Uint8Array());
      return stack.slice(0, -1).reduceRight((right, left) => nodeHash(crypto, left, right), last);
    },
    hashes: () => [...stack],
    clone: () => createFrontier(crypto, count, stack),
  };
}

/**
 * Audit path of leaf `index` in the tree of `size` leaves, from the leaf's sibling upwards.
 * `crypto` is needed because the right edge of a ragged tree has no stored hashes.
 */
export function inclusionProof(
  crypto: Crypto,
  size: number,
  index: number,
  getHash: GetHash,
): Uint8Array[] {
  checkTreeSize(size);
  if (!Number.isSafeInteger(index) || index < 0 || index >= size) {
    throw new RangeError(`no leaf ${index} in a tree of ${size}`);
  }
  const path: Uint8Array[] = [];
  let [lo, hi] = [0, size];
  while (hi - lo > 1) {
    const split = lo + largestPowerBelow(hi - lo);
    if (index < split) {
      path.push(rangeRoot(crypto, split, hi, getHash));
      hi = split;
    } else {
      path.push(rangeRoot(crypto, lo, split, getHash));
      lo = split;
    }
  }
  return path.reverse();
}

/** Proof that the tree of `to` leaves continues that of `from`; empty if `from` is 0 or `to`. */
export function consistencyProof(
  crypto: Crypto,
  from: number,
  to: number,
  getHash: GetHash,
): Uint8Array[] {
  checkTreeSize(from);
  checkTreeSize(to);
  if (from > to) throw new RangeError(`${from} is larger than ${to}`);
  if (from === 0 || from === to) return [];
  const path: Uint8Array[] = [];
  let [lo, hi] = [0, to];
  while (from < hi) {
    const split = lo + largestPowerBelow(hi - lo);
    if (from <= split) {
      path.push(rangeRoot(crypto, split, hi, getHash));
      hi = split;
    } else {
      path.push(rangeRoot(crypto, lo, split, getHash));
      lo = split;
    }
  }
  // A prefix that is one complete subtree is the verifier's own old root and is left out.
  if (lo > 0) path.push(rangeRoot(crypto, lo, hi, getHash));
  return path.reverse();
}

/** True if the proof leads from the leaf hash at `index` to the `root` of `size`; never throws. */
export function verifyInclusion(
  crypto: Crypto,
  leaf: Uint8Array,
  index: number,
  size: number,
  proof: readonly Uint8Array[],
  root: Uint8Array,
): boolean {
  if (
    !isTreeSize(index) ||
    !isTreeSize(size) ||
    index >= size ||
    !areHashes([leaf, root, ...proof])
  ) {
    return false;
  }
  let [position, last, hash] = [index, size - 1, leaf];
  for (const sibling of proof) {
    if (last === 0) return false;
    if (position % 2 === 1 || position === last) {
      hash = nodeHash(crypto, sibling, hash);
      while (position % 2 === 0 && position !== 0) [position, last] = [position / 2, half(last)];
    } else {
      hash = nodeHash(crypto, hash, sibling);
    }
    [position, last] = [half(position), half(last)];
  }
  return last === 0 && equalBytes(hash, root);
}

/** True if `toRoot` continues `fromRoot`. From 0 only the empty tree's root is believed. */
export function verifyConsistency(
  crypto: Crypto,
  from: number,
  fromRoot: Uint8Array,
  to: number,
  toRoot: Uint8Array,
  proof: readonly Uint8Array[],
): boolean {
  if (!isTreeSize(from) || !isTreeSize(to) || from > to) return false;
  if (!areHashes([fromRoot, toRoot, ...proof])) return false;
  if (from === to && !equalBytes(fromRoot, toRoot)) return false;
  const empty = (size: number, root: Uint8Array): boolean =>
    size > 0 || equalBytes(root, crypto.sha256(new Uint8Array()));
  if (!empty(from, fromRoot) || !empty(to, toRoot)) return false;
  if (from === 0 || from === to) return proof.length === 0;
  const [first, ...rest] = isPowerOfTwo(from) ? [fromRoot, ...proof] : proof;
  if (first === undefined) return false;
  let [position, last] = [from - 1, to - 1];
  while (position % 2 === 1) [position, last] = [half(position), half(last)];
  let [older, newer] = [first, first];
  for (const hash of rest) {
    if (last === 0) return false;
    if (position % 2 === 1 || position === last) {
      older = nodeHash(crypto, hash, older);
      newer = nodeHash(crypto, hash, newer);
      while (position % 2 === 0 && position !== 0) [position, last] = [position / 2, half(last)];
    } else {
      newer = nodeHash(crypto, newer, hash);
    }
    [position, last] = [half(position), half(last)];
  }
  return last === 0 && equalBytes(older, fromRoot) && equalBytes(newer, toRoot);
}

/** Root of leaves [lo, hi); `lo` is always a multiple of the largest power of two it can hold. */
export function rangeRoot(crypto: Crypto, lo: number, hi: number, getHash: GetHash): Uint8Array {
  const span = hi - lo;
  if (isPowerOfTwo(span)) return getHash(Math.log2(span), lo / span);
  const split = lo + largestPowerBelow(span);
  const left = rangeRoot(crypto, lo, split, getHash);
  return nodeHash(crypto, left, rangeRoot(crypto, split, hi, getHash));
}

function areHashes(values: readonly Uint8Array[]): boolean {
  return values.every((value) => value.length === HASH_BYTES);
}
