import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { utf8 } from '../../../shared/bytes.ts';
import {
  createFrontier,
  leafHash,
  rangeRoot,
  rootFromLeaves,
} from '../../../shared/evidence/merkle.ts';
import { missingRanges, rootOfProof } from '../../../shared/evidence/multiproof.ts';
import { createNodeCrypto } from '../../../shared/node/crypto.ts';
import { NodeTable } from '../../fixtures/reference-tree.ts';

const crypto = createNodeCrypto();

/** Every size to here with every choice of leaves of the small ones. */
const SIZE_MAX = 9;

function proofOf(hashes: readonly Uint8Array[], indexes: readonly number[]): Uint8Array[] {
  const nodes = new NodeTable();
  const frontier = createFrontier(crypto);
  for (const hash of hashes) nodes.add(frontier.append(hash));
  return [...missingRanges(hashes.length, indexes)].map(([lo, hi]) =>
    rangeRoot(crypto, lo, hi, nodes.get),
  );
}

function leavesOf(size: number): Uint8Array[] {
  return Array.from({ length: size }, (_, at) => leafHash(crypto, utf8(`leaf ${at}`)));
}

function placed(hashes: readonly Uint8Array[], indexes: readonly number[]) {
  return indexes.map((index) => ({ index, hash: hashes[index] ?? new Uint8Array() }));
}

test('any leaves of any small tree are proved by one proof', () => {
  for (let size = 1; size <= SIZE_MAX; size++) {
    const hashes = leavesOf(size);
    const root = rootFromLeaves(crypto, hashes);
    for (let chosen = 0; chosen < 2 ** size; chosen++) {
      const indexes = hashes.flatMap((_, at) => ((chosen >> at) % 2 === 1 ? [at] : []));
      const proof = proofOf(hashes, indexes);
      assert.deepEqual(rootOfProof(crypto, size, placed(hashes, indexes), proof), root);
    }
  }
});

test('property: a leaf, a hash or a place that differs is not proved', () => {
  const scene = fc.integer({ min: 2, max: 400 }).chain((size) =>
    fc.record({
      size: fc.constant(size),
      indexes: fc.uniqueArray(fc.nat(size - 1), { minLength: 1, maxLength: 60 }),
      pick: fc.nat(),
      byte: fc.nat(31),
    }),
  );
  fc.assert(
    fc.property(scene, ({ size, indexes: drawn, pick, byte }) => {
      const hashes = leavesOf(size);
      const root = rootFromLeaves(crypto, hashes);
      const indexes = drawn.toSorted((a, b) => a - b);
      const proof = proofOf(hashes, indexes);
      const leaves = placed(hashes, indexes);
      assert.deepEqual(rootOfProof(crypto, size, leaves, proof), root);
      const wrong = (found: Uint8Array | null): void => assert.notDeepEqual(found, root);
      const at = pick % leaves.length;
      const bent = (hash: Uint8Array): Uint8Array =>
        hash.map((value, k) => (k === byte ? value ^ 1 : value));
      wrong(
        rootOfProof(
          crypto,
          size,
          leaves.map((leaf, k) => (k === at ? { ...leaf, hash: bent(leaf.hash) } : leaf)),
          proof,
        ),
      );
      wrong(rootOfProof(crypto, size, leaves.toSpliced(at, 1), proof));
      wrong(rootOfProof(crypto, size, leaves, [...proof, root]));
      if (proof.length > 0) {
        const one = pick % proof.length;
        const other = proof.map((hash, k) => (k === one ? bent(hash) : hash));
        wrong(rootOfProof(crypto, size, leaves, other));
        wrong(rootOfProof(crypto, size, leaves, proof.slice(1)));
      }
      const swapped = leaves.toReversed();
      if (leaves.length > 1) wrong(rootOfProof(crypto, size, swapped, proof));
    }),
  );
});
