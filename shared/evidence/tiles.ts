/**
 * Tiles: a store keeps the hashes of levels 0, 8, 16, … only, 256 to a row, as C2SP tlog-tiles
 * lays them out; the seven levels between are folded when they are asked for.
 */
import { LanProofError } from '../errors.ts';
import type { Crypto } from './crypto.ts';
import { HASH_BYTES, nodeHash } from './merkle.ts';

/** A tile spans eight levels of the tree. */
export const TILE_HEIGHT = 8;
/** Hashes in a full tile: 2^TILE_HEIGHT. */
export const TILE_WIDTH = 256;

/** The concatenated hashes of one tile; the tile at the right edge may be shorter. */
export type ReadTile = (tileLevel: number, tileIndex: number) => Uint8Array;

/** Where the hashes lie that make the complete subtree (level, index). */
export function tileOf(
  level: number,
  index: number,
): { tileLevel: number; tileIndex: number; offset: number } {
  const first = index * 2 ** (level % TILE_HEIGHT);
  const offset = first % TILE_WIDTH;
  const tileIndex = (first - offset) / TILE_WIDTH;
  return { tileLevel: Math.floor(level / TILE_HEIGHT), tileIndex, offset };
}

/**
 * Hash of the complete subtree (level, index) of a tree of `size` leaves, read from tiles that
 * hold only levels 0, 8, 16, … RangeError if the subtree is not complete at that size;
 * LanProofError TILE_SHORT if the tile holds fewer hashes than the size promises.
 */
export function hashFromTiles(
  crypto: Crypto,
  size: number,
  level: number,
  index: number,
  readTile: ReadTile,
): Uint8Array {
  if ((index + 1) * 2 ** level > size) {
    throw new RangeError(`subtree ${level}/${index} is not complete at size ${size}`);
  }
  const { tileLevel, tileIndex, offset } = tileOf(level, index);
  const tile = readTile(tileLevel, tileIndex);
  const width = 2 ** (level % TILE_HEIGHT);
  if (tile.length < (offset + width) * HASH_BYTES) {
    throw new LanProofError('TILE_SHORT', 'a tile holds fewer hashes than the tree size says', {
      hint: 'run `lanproof ledger verify`; restore the ledger if it reports damage',
      place: `tile ${tileLevel}/${tileIndex}`,
    });
  }
  const slice = (at: number): Uint8Array => tile.slice(at * HASH_BYTES, (at + 1) * HASH_BYTES);
  const fold = (from: number, span: number): Uint8Array =>
    span === 1
      ? slice(from)
      : nodeHash(crypto, fold(from, span / 2), fold(from + span / 2, span / 2));
  return fold(offset, width);
}
