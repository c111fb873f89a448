import type { Crypto } from '../../shared/evidence/crypto.ts';
import {
  createFrontier,
  type Frontier,
  type GetHash,
  HASH_BYTES,
  type TreeNode,
} from '../../shared/evidence/merkle.ts';
import { hashFromTiles, TILE_HEIGHT, TILE_WIDTH, tileOf } from '../../shared/evidence/tiles.ts';
import { half } from '../../shared/evidence/tree-math.ts';
import type { EvidenceReads, EvidenceWrites } from '../store/store-evidence.ts';

type TileReads = Pick<EvidenceReads, 'tile'>;

/** A tree as committed: its right edge, and the tiles at that edge by tile level. */
export interface Tree {
  readonly size: number;
  readonly frontier: Frontier;
  readonly edges: ReadonlyMap<number, EdgeTile>;
}

interface EdgeTile {
  readonly index: number;
  readonly hashes: Uint8Array;
}

export function emptyTree(crypto: Crypto): Tree {
  return { size: 0, frontier: createFrontier(crypto), edges: new Map() };
}

/** A growing copy of a tree inside a unit of work; the tree itself stays as it is. */
export interface Growth {
  readonly size: number;
  append(leafHash: Uint8Array): void;
  /** A point to go back to when a part of the unit fails. */
  mark(): () => void;
  /** Writes the tiles that changed and returns the tree as it will be after the commit. */
  finish(tx: Pick<EvidenceWrites, 'putTile'>, log: number): Promise<Tree>;
}

export function grow(tree: Tree): Growth {
  let frontier = tree.frontier.clone();
  // Only hashes of the levels 0, 8, 16, … are stored; the others are folded from them.
  const nodes: TreeNode[] = [];
  return {
    get size() {
      return frontier.size;
    },
    append(leafHash) {
      nodes.push(...frontier.append(leafHash).filter(({ level }) => level % TILE_HEIGHT === 0));
    },
    mark() {
      const [kept, count] = [frontier.clone(), nodes.length];
      return () => {
        frontier = kept;
        nodes.length = count;
      };
    },
    async finish(tx, log) {
      const edges = new Map(tree.edges);
      const changed = new Map<string, { level: number; tile: EdgeTile; count: number }>();
      for (const { level, index, hash } of nodes) {
        const { tileLevel, tileIndex, offset } = tileOf(level, index);
        const key = `${tileLevel}/${tileIndex}`;
        const known = changed.get(key);
        const tile = known?.tile ?? openTile(edges.get(tileLevel), tileIndex);
        tile.hashes.set(hash, offset * HASH_BYTES);
        changed.set(key, { level: tileLevel, tile, count: offset + 1 });
        edges.set(tileLevel, tile);
      }
      for (const { level, tile, count } of changed.values()) {
        await tx.putTile(log, level, tile.index, tile.hashes.subarray(0, count * HASH_BYTES));
      }
      return { size: frontier.size, frontier, edges };
    },
  };
}

/** A copy of the edge tile, or a new one when the edge moved on to the next tile. */
function openTile(edge: EdgeTile | undefined, index: number): EdgeTile {
  const hashes = new Uint8Array(TILE_WIDTH * HASH_BYTES);
  if (edge?.index === index) hashes.set(edge.hashes);
  return { index, hashes };
}

/** Reads the right edge of a tree of `size` leaves from its tiles. LanProofError TILE_SHORT. */
export async function readTree(
  crypto: Crypto,
  reads: TileReads,
  log: number,
  size: number,
): Promise<Tree> {
  const frontier = await frontierAt(crypto, reads, log, size);
  const edges = new Map<number, EdgeTile>();
  let [count, level] = [size, 0];
  while (count > 0) {
    const index = Math.floor(count / TILE_WIDTH);
    const filled = count % TILE_WIDTH;
    if (filled > 0) {
      const stored = (await reads.tile(log, level, index)) ?? new Uint8Array();
      const hashes = new Uint8Array(TILE_WIDTH * HASH_BYTES);
      hashes.set(stored.subarray(0, filled * HASH_BYTES));
      edges.set(level, { index, hashes });
    }
    count = index;
    level += 1;
  }
  return { size, frontier, edges };
}

/** The right edge at any earlier size: enough to tell the root that was signed then. */
export async function frontierAt(
  crypto: Crypto,
  reads: TileReads,
  log: number,
  size: number,
): Promise<Frontier> {
  const places: { level: number; index: number }[] = [];
  for (let [level, rest] = [0, size]; rest > 0; [level, rest] = [level + 1, half(rest)]) {
    // A set bit of the size is one complete subtree; on its level it is the last one.
    if (rest % 2 === 1) places.unshift({ level, index: rest - 1 });
  }
  return withTiles(crypto, reads, log, size, (getHash) =>
    createFrontier(
      crypto,
      size,
      places.map(({ level, index }) => getHash(level, index)),
    ),
  );
}

/**
 * Runs a synchronous computation over tree hashes twice: once to learn which tiles it needs,
 * then, when they are read, for its result.
 */
export async function withTiles<T>(
  crypto: Crypto,
  reads: TileReads,
  log: number,
  size: number,
  compute: (getHash: GetHash) => T,
): Promise<T> {
  const needed = new Map<string, { level: number; index: number }>();
  const blank = new Uint8Array(HASH_BYTES);
  compute((level, index) => {
    const { tileLevel, tileIndex } = tileOf(level, index);
    needed.set(`${tileLevel}/${tileIndex}`, { level: tileLevel, index: tileIndex });
    return blank;
  });
  const tiles = new Map<string, Uint8Array>();
  for (const [key, { level, index }] of needed) {
    tiles.set(key, (await reads.tile(log, level, index)) ?? new Uint8Array());
  }
  const readTile = (level: number, index: number): Uint8Array =>
    tiles.get(`${level}/${index}`) ?? new Uint8Array();
  return compute((level, index) => hashFromTiles(crypto, size, level, index, readTile));
}
