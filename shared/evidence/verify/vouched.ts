/**
 * Check 4: how far an anchor vouches. It stands over a head, whenever it was made: what came behind
 * that head is vouched for by none, and nobody knows when it was written.
 */
import { knownTo } from '../../judge/replay/stretch.ts';
import type { BundleLeaf } from '../bundle/types.ts';
import type { VerifiedAnchor } from './anchors.ts';
import type { WalkedBatch } from './walked-batch.ts';

export interface Vouched {
  /** Leaves in their order; a batch beside what its agent had closed before it. */
  batch(batch: Pick<WalkedBatch, 'leaf' | 'at' | 'header' | 'span_ms'>): void;
  document(leaf: BundleLeaf, at: number): void;
  /** Up to when somebody outside vouches, UTC ms; null: nobody does. */
  end(): number | null;
}

export function createVouched(anchors: readonly VerifiedAnchor[]): Vouched {
  const ascending = [...anchors].sort((a, b) => a.to - b.to);
  /** Earliest moment that is told of behind the first i anchors, but under the next one. */
  const earliest: (number | undefined)[] = [];
  const closed = new Map<string, number>();
  const tell = (at: number, from_ms: number): void => {
    const behind = ascending.findIndex(({ to }) => to > at);
    const i = behind < 0 ? ascending.length : behind;
    earliest[i] = Math.min(earliest[i] ?? from_ms, from_ms);
  };
  return {
    batch({ leaf, at, header, span_ms }) {
      const agent = leaf.agent ?? '';
      const known_ms = knownTo(header, leaf.recv_ms);
      // A late batch speaks of a time before it came, back to where its agent had ended.
      const own_ms = known_ms === null ? leaf.recv_ms : known_ms - span_ms;
      tell(at, Math.min(leaf.recv_ms, closed.get(agent) ?? own_ms));
      if (known_ms !== null) closed.set(agent, Math.max(closed.get(agent) ?? 0, known_ms));
    },
    document({ kind, recv_ms }, at) {
      // An anchor's own leaf always stands behind what it vouches for, and changes no figure.
      if (kind !== 'anchor') tell(at, recv_ms);
    },
    end() {
      let [end_ms, open_ms]: [number | null, number] = [null, Number.POSITIVE_INFINITY];
      for (let i = ascending.length; i > 0; i -= 1) {
        open_ms = Math.min(open_ms, earliest[i] ?? open_ms);
        const own_ms = Math.min(ascending[i - 1]?.time_ms ?? open_ms, open_ms);
        end_ms = Math.max(end_ms ?? own_ms, own_ms);
      }
      return end_ms;
    },
  };
}
