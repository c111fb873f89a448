import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromHex, toHex, utf8 } from '../../../shared/bytes.ts';
import {
  consistencyProof,
  createFrontier,
  inclusionProof,
  leafHash,
  nodeHash,
  rootFromLeaves,
  verifyConsistency,
  verifyInclusion,
} from '../../../shared/evidence/merkle.ts';
import { createNodeCrypto } from '../../../shared/node/crypto.ts';
import { NodeTable, plainRoot } from '../../fixtures/reference-tree.ts';

const crypto = createNodeCrypto();
const SIZES = 130;

/** The eight leaves of the Certificate Transparency reference implementation, in hex. */
const REFERENCE_LEAVES = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
].map(fromHex);
/** Its roots for 0 to 8 leaves. */
const REFERENCE_ROOTS = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];
/** Reference audit paths: [leaf (from 1), size, path]. */
const REFERENCE_PATHS: [number, number, string[]][] = [
  [
    1,
    8,
    [
      '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
    ],
  ],
  [
    6,
    8,
    [
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ],
  ],
  [3, 3, ['fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125']],
];
/** Reference consistency proof from 6 to 8 leaves. */
const REFERENCE_CONSISTENCY = [
  '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
  'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
];

const { leaves, roots, nodes } = grow(
  Array.from({ length: SIZES }, (_, index) => utf8(`leaf ${index}`)),
);

function grow(data: Uint8Array[]) {
  const frontier = createFrontier(crypto);
  const table = new NodeTable();
  const found = [frontier.root()];
  const hashes = data.map((item) => leafHash(crypto, item));
  for (const hash of hashes) {
    table.add(frontier.append(hash));
    found.push(frontier.root());
  }
  return { data, leaves: hashes, roots: found, nodes: table };
}

function at<T>(list: readonly T[], index: number): T {
  const value = list[index];
  assert.ok(value !== undefined);
  return value;
}

function flipped(hash: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(hash);
  copy[7] = (copy[7] ?? 0) ^ 0x10;
  return copy;
}

test('reference roots and proofs of the eight-leaf tree', () => {
  const tree = grow(REFERENCE_LEAVES);
  assert.deepEqual(tree.roots.map(toHex), REFERENCE_ROOTS);
  assert.equal(toHex(rootFromLeaves(crypto, tree.leaves)), at(REFERENCE_ROOTS, 8));
  for (const [leaf, size, path] of REFERENCE_PATHS) {
    const proof = inclusionProof(crypto, size, leaf - 1, tree.nodes.get);
    assert.deepEqual(proof.map(toHex), path);
  }
  const proof = consistencyProof(crypto, 6, 8, tree.nodes.get);
  assert.deepEqual(proof.map(toHex), REFERENCE_CONSISTENCY);
});

test('frontier: roots equal the recursive definition; it resumes, clones and refuses', () => {
  const data = Array.from({ length: SIZES }, (_, index) => utf8(`leaf ${index}`));
  for (let size = 0; size <= SIZES; size++) {
    assert.deepEqual(
      new Uint8Array(at(roots, size)),
      new Uint8Array(plainRoot(data.slice(0, size))),
    );
  }
  const first = createFrontier(crypto);
  for (const leaf of leaves.slice(0, 77)) first.append(leaf);
  const resumed = createFrontier(crypto, first.size, first.hashes());
  const clone = resumed.clone();
  clone.append(at(leaves, 77));
  assert.equal(resumed.size, 77);
  assert.equal(toHex(resumed.root()), toHex(at(roots, 77)));
  assert.equal(toHex(clone.root()), toHex(at(roots, 78)));
  assert.throws(() => createFrontier(crypto, 3, [at(leaves, 0)]), RangeError);
  assert.throws(() => createFrontier(crypto, -1), RangeError);
  assert.throws(() => createFrontier(crypto, 0.5), RangeError);
  assert.throws(() => resumed.append(new Uint8Array(31)), RangeError);
});

test('inclusion: every leaf of every size, and nothing else', () => {
  for (let size = 1; size <= SIZES; size++) {
    const root = at(roots, size);
    for (let index = 0; index < size; index++) {
      const leaf = at(leaves, index);
      const proof = inclusionProof(crypto, size, index, nodes.get);
      const check = (i: number, n: number, path: Uint8Array[], top = root): boolean =>
        verifyInclusion(crypto, leaf, i, n, path, top);
      assert.ok(check(index, size, proof), `${index} of ${size}`);
      assert.ok(!check(index + 1, size, proof));
      assert.ok(!check(index - 1, size, proof));
      assert.ok(!check(index, index, proof), 'index outside the size');
      assert.ok(!check(index, size, proof, flipped(root)));
      assert.ok(!check(index, size, [...proof, root]), 'extra element');
      if (proof.length === 0) continue;
      assert.ok(!check(index, size, proof.slice(1)), 'first element missing');
      assert.ok(!check(index, size, proof.slice(0, -1)), 'last element missing');
      const bad = index % proof.length;
      assert.ok(!check(index, size, proof.with(bad, flipped(at(proof, bad)))));
      assert.ok(!verifyInclusion(crypto, flipped(leaf), index, size, proof, root));
    }
  }
});

test('inclusion: a proof never fits an older or newer root', () => {
  for (let size = 2; size <= 40; size++) {
    for (let index = 0; index < size; index++) {
      const proof = inclusionProof(crypto, size, index, nodes.get);
      for (let other = index + 1; other <= 40; other++) {
        if (other === size) continue;
        assert.ok(
          !verifyInclusion(crypto, at(leaves, index), index, other, proof, at(roots, other)),
        );
      }
    }
  }
});

test('consistency: every pair of sizes, and nothing else', () => {
  for (let to = 0; to <= SIZES; to++) {
    for (let from = 0; from <= to; from++) {
      const [older, newer] = [at(roots, from), at(roots, to)];
      const proof = consistencyProof(crypto, from, to, nodes.get);
      const check = (m: number, a: Uint8Array, n: number, b: Uint8Array, p = proof): boolean =>
        verifyConsistency(crypto, m, a, n, b, p);
      assert.ok(check(from, older, to, newer), `${from} to ${to}`);
      assert.ok(!check(from, flipped(older), to, newer));
      assert.ok(!check(from, older, to, newer, [...proof, newer]), 'extra element');
      if (from > 0) assert.ok(!check(from, older, to, flipped(newer)));
      if (from !== to) assert.ok(!check(to, newer, from, older), 'swapped');
      if (from > 0) assert.ok(!check(from - 1, older, to, newer));
      if (proof.length === 0) continue;
      assert.ok(!check(from + 1, older, to, newer));
      assert.ok(!check(from, older, to, newer, proof.slice(1)), 'first element missing');
      assert.ok(!check(from, older, to, newer, proof.slice(0, -1)), 'last element missing');
      const bad = from % proof.length;
      const altered = proof.with(bad, flipped(at(proof, bad)));
      assert.ok(!check(from, older, to, newer, altered));
    }
  }
});

test('odd numbers and lengths are refused without an exception', () => {
  const leaf = at(leaves, 0);
  const root = at(roots, 1);
  for (const odd of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
    assert.ok(!verifyInclusion(crypto, leaf, odd, 1, [], root));
    assert.ok(!verifyInclusion(crypto, leaf, 0, odd, [], root));
    assert.ok(!verifyConsistency(crypto, odd, root, 1, root, []));
    assert.ok(!verifyConsistency(crypto, 1, root, odd, root, []));
    assert.throws(() => inclusionProof(crypto, 1, odd, nodes.get), RangeError);
    assert.throws(() => consistencyProof(crypto, odd, 1, nodes.get), RangeError);
  }
  assert.ok(!verifyInclusion(crypto, leaf.slice(1), 0, 1, [], root));
  assert.ok(!verifyInclusion(crypto, leaf, 0, 2, [new Uint8Array(33)], root));
  assert.ok(!verifyConsistency(crypto, 0, root, 1, root, []), 'empty tree with another root');
});

test('a path longer than the tree is high is refused though its hashes meet the root', () => {
  const [zero, one, two] = [at(leaves, 0), at(leaves, 1), at(roots, 2)];
  assert.ok(verifyInclusion(crypto, one, 1, 2, [zero], two));
  assert.ok(!verifyInclusion(crypto, one, 0, 1, [zero], two), 'size 1 has no siblings');
  const four = [zero, nodeHash(crypto, at(leaves, 2), at(leaves, 3))];
  assert.ok(verifyInclusion(crypto, one, 1, 4, four, at(roots, 4)));
  assert.ok(!verifyInclusion(crypto, one, 1, 2, four, at(roots, 4)));
  const left = nodeHash(crypto, zero, nodeHash(crypto, one, one));
  const long = [nodeHash(crypto, one, one), zero];
  assert.ok(!verifyInclusion(crypto, one, 0, 1, long, left));
});

test('indexes beyond 32 bits do not wrap', () => {
  // A tree of 2^40 equal leaves: one hash per level describes it whole.
  const levels = [at(leaves, 0)];
  for (let level = 1; level <= 40; level++) {
    const below = at(levels, level - 1);
    levels.push(nodeHash(crypto, below, below));
  }
  const size = 2 ** 40;
  const proof = inclusionProof(crypto, size, size - 3, (level) => at(levels, level));
  assert.ok(verifyInclusion(crypto, at(leaves, 0), size - 3, size, proof, at(levels, 40)));
  assert.equal(proof.length, 40);
  const grown = consistencyProof(crypto, 2 ** 39 + 2 ** 35, size, (level) => at(levels, level));
  const older = nodeHash(crypto, at(levels, 39), at(levels, 35));
  assert.ok(verifyConsistency(crypto, 2 ** 39 + 2 ** 35, older, size, at(levels, 40), grown));
});
