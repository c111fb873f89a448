import type { ChainHead } from '../../shared/evidence/chain.ts';
import type { Crypto } from '../../shared/evidence/crypto.ts';
import type { HoleReason } from '../../shared/evidence/documents.ts';

/** What is sent next: a batch, or the statement that batches are gone. */
export type Outgoing =
  | {
      readonly kind: 'batch';
      readonly seq: number;
      readonly hash: Uint8Array;
      readonly body: Uint8Array;
    }
  | {
      readonly kind: 'hole';
      readonly from_seq: number;
      readonly to_seq: number;
      readonly reason: HoleReason;
      /** The `prev` of batch to_seq + 1. */
      readonly next_prev: Uint8Array;
    };

export interface SpoolDeps {
  readonly dir: string;
  readonly crypto: Crypto;
  /** Epoch of the enrolment, seq 0, hash of its document: where the chain begins. */
  readonly origin: ChainHead;
  /** UTC ms, only to place the chain's head safely after the spool was lost. */
  readonly wall_ms: () => number;
  /** When the enrolment was signed, UTC ms: a clock before it is wrong. Default 0: not known. */
  readonly issued_ms?: number;
  readonly bytes_max: number;
  readonly onDisk: (state: 'full' | 'ok', message: string) => void;
  readonly onLost: (message: string) => void;
  /** Bytes that may wait in memory while the disk refuses; default HELD_BYTES_MAX. */
  readonly held_bytes_max?: number;
}
