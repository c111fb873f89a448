import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHex, utf8 } from '../../../shared/bytes.ts';
import {
  consistencyProof,
  createFrontier,
  inclusionProof,
  leafHash,
  verifyConsistency,
  verifyInclusion,
} from '../../../shared/evidence/merkle.ts';
import { hashFromTiles, tileOf } from '../../../shared/evidence/tiles.ts';
import { createNodeCrypto } from '../../../shared/node/crypto.ts';
import { isCode } from '../../fixtures/errors.ts';
import { NodeTable, TileTable } from '../../fixtures/reference-tree.ts';

const crypto = createNodeCrypto();

test('tileOf: levels map to the tile that holds their lowest hashes', () => {
  assert.deepEqual(tileOf(0, 0), { tileLevel: 0, tileIndex: 0, offset: 0 });
  assert.deepEqual(tileOf(0, 255), { tileLevel: 0, tileIndex: 0, offset: 255 });
  assert.deepEqual(tileOf(0, 256), { tileLevel: 0, tileIndex: 1, offset: 0 });
  assert.deepEqual(tileOf(3, 33), { tileLevel: 0, tileIndex: 1, offset: 8 });
  assert.deepEqual(tileOf(7, 3), { tileLevel: 0, tileIndex: 1, offset: 128 });
  assert.deepEqual(tileOf(8, 257), { tileLevel: 1, tileIndex: 1, offset: 1 });
  assert.deepEqual(tileOf(16, 1), { tileLevel: 2, tileIndex: 0, offset: 1 });
  assert.deepEqual(tileOf(0, 2 ** 45 + 7), { tileLevel: 0, tileIndex: 2 ** 37, offset: 7 });
});

test('tiles give the same hashes and proofs as the whole tree, sizes 250 to 520', () => {
  const frontier = createFrontier(crypto);
  const [nodes, tiles] = [new NodeTable(), new TileTable()];
  const leaves: Uint8Array[] = [];
  const root250: Uint8Array[] = [];
  while (frontier.size < 520) {
    const leaf = leafHash(crypto, utf8(`leaf ${frontier.size}`));
    leaves.push(leaf);
    const completed = frontier.append(leaf);
    nodes.add(completed);
    tiles.add(completed);
    const { size } = frontier;
    if (size === 250) root250.push(frontier.root());
    // The edges of one and two full tiles are where an off-by-one would show.
    if (size < 250 || (size > 262 && size < 506)) continue;
    const fromTiles = (level: number, index: number): Uint8Array =>
      hashFromTiles(crypto, size, level, index, tiles.read);
    for (const node of completed) {
      assert.equal(toHex(fromTiles(node.level, node.index)), toHex(node.hash));
    }
    for (const index of [0, 1, 127, 128, 248, size - 1, size - 2, Math.floor(size / 2)]) {
      const proof = inclusionProof(crypto, size, index, fromTiles);
      assert.deepEqual(proof.map(toHex), inclusionProof(crypto, size, index, nodes.get).map(toHex));
      const leafAt = leaves[index];
      assert.ok(leafAt !== undefined);
      assert.ok(verifyInclusion(crypto, leafAt, index, size, proof, frontier.root()));
    }
    const [older] = root250;
    assert.ok(older !== undefined);
    const grown = consistencyProof(crypto, 250, size, fromTiles);
    assert.ok(verifyConsistency(crypto, 250, older, size, frontier.root(), grown));
  }
});

test('tiles at the edge of 65,536 leaves: the third tile level begins', () => {
  const frontier = createFrontier(crypto);
  const tiles = new TileTable();
  const leaves: Uint8Array[] = [];
  const roots = new Map<number, Uint8Array>();
  while (frontier.size < 65_793) {
    const leaf = leafHash(crypto, utf8(`${frontier.size}`));
    leaves.push(leaf);
    tiles.add(frontier.append(leaf));
    const { size } = frontier;
    if (![65_535, 65_536, 65_537, 65_791, 65_792, 65_793].includes(size)) continue;
    roots.set(size, frontier.root());
    const getHash = (level: number, index: number): Uint8Array =>
      hashFromTiles(crypto, size, level, index, tiles.read);
    for (const index of [0, 255, 256, 32_768, 65_279, 65_534, size - 1]) {
      const proof = inclusionProof(crypto, size, index, getHash);
      const leafAt = leaves[index];
      assert.ok(leafAt !== undefined);
      assert.ok(verifyInclusion(crypto, leafAt, index, size, proof, frontier.root()));
    }
    for (const [from, older] of roots) {
      const proof = consistencyProof(crypto, from, size, getHash);
      assert.ok(verifyConsistency(crypto, from, older, size, frontier.root(), proof));
    }
  }
});

test('an incomplete subtree and a short tile are refused', () => {
  const one = (): Uint8Array => new Uint8Array(32);
  assert.throws(() => hashFromTiles(crypto, 3, 1, 1, one), RangeError);
  assert.throws(() => hashFromTiles(crypto, 4, 1, 1, one), isCode('TILE_SHORT'));
});
