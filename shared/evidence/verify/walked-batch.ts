import type { BatchHeader } from '../../measure/batch.ts';
import type { BatchIdentity } from '../../measure/header.ts';
import type { BundleBatch, BundleLeaf } from '../bundle/types.ts';

/** A batch of the bundle beside the leaf that it stands for. */
export interface WalkedBatch {
  readonly leaf: BundleLeaf;
  /** Ordinal of the leaf. */
  readonly at: number;
  readonly record: BundleBatch;
  readonly hash: Uint8Array;
  readonly identity: BatchIdentity;
  /** Null: stored and logged, but unreadable. */
  readonly header: BatchHeader | null;
  /** How long the longest of its series is, ms; 0 where none can be read. */
  readonly span_ms: number;
}

/** `do-1 epoch 1 batch 17`, made only where something is said. */
export function batchPlace({ identity }: Pick<WalkedBatch, 'identity'>): string {
  return `${identity.agent} epoch ${identity.epoch} batch ${identity.seq}`;
}
