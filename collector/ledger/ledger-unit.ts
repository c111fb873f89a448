import type { Crypto } from '../../shared/evidence/crypto.ts';
import { documentHash } from '../../shared/evidence/documents.ts';
import { hashLeaf, type Leaf } from '../../shared/evidence/leaf.ts';
import type { WriteUnit } from '../store/store.ts';
import type { Growth } from './tree.ts';
import type { LedgerUnit } from './types.ts';

/** Leaves and rows of one unit of work; a part that fails takes its leaves with it. */
export function createLedgerUnit(
  crypto: Crypto,
  tx: WriteUnit,
  log: number,
  origin: string,
  growth: Growth,
  sites: Set<string>,
): LedgerUnit {
  const append = async (leaf: Leaf): Promise<number> => {
    const index = growth.size;
    // The hash comes first: it refuses a leaf that cannot be written.
    const hash = hashLeaf(crypto, leaf);
    await tx.addLeaf({ ...leaf, log, index });
    growth.append(hash);
    if (leaf.site !== null) sites.add(leaf.site);
    return index;
  };
  return {
    tx,
    log,
    origin,
    append,
    async appendDocument(item, recv_ms) {
      const { kind, site, agent, epoch, seq, text } = item;
      const hash = documentHash(crypto, text);
      const leaf = await append({ kind, site, agent, epoch, seq, hash, recv_ms });
      await tx.addDocument({ site, kind, agent, hash, text, log, leaf, recv_ms });
      return { leaf, hash };
    },
    async attempt(work) {
      const undo = growth.mark();
      try {
        return await tx.attempt(work);
      } catch (error) {
        undo();
        throw error;
      }
    },
  };
}
