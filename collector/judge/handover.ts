import { equalBytes } from '../../shared/bytes.ts';
import type { BatchParts } from '../../shared/judge/batch-parts.ts';

/** Batches that wait for the judge in memory; beyond, it reads them from the store again. */
const HELD_MAX = 2_000;

/**
 * What ingest has inflated and parsed already is handed to the judge in memory. It is only a
 * short cut: the order, and whether a batch was committed at all, the judge reads in the store.
 */
export interface Handover {
  put(log: number, leaf: number, hash: Uint8Array, parts: BatchParts): void;
  /** Whether `take` would find something now; a later put may still let go of it. */
  has(log: number, leaf: number, hash: Uint8Array): boolean;
  /** The parts of this very batch, once; undefined if they are not held. */
  take(log: number, leaf: number, hash: Uint8Array): BatchParts | undefined;
}

export function createHandover(): Handover {
  const held = new Map<string, { hash: Uint8Array; parts: BatchParts }>();
  return {
    put(log, leaf, hash, parts) {
      if (held.size >= HELD_MAX) held.clear();
      held.set(`${log}/${leaf}`, { hash, parts });
    },
    has(log, leaf, hash) {
      const found = held.get(`${log}/${leaf}`);
      return found !== undefined && equalBytes(found.hash, hash);
    },
    take(log, leaf, hash) {
      const key = `${log}/${leaf}`;
      const found = held.get(key);
      held.delete(key);
      // A unit that was undone may have put another batch under the same number.
      return found !== undefined && equalBytes(found.hash, hash) ? found.parts : undefined;
    },
  };
}
