import type { Crypto } from '../../../shared/evidence/crypto.ts';
import type { EvidenceReads } from '../../store/store-evidence.ts';

/** One thing that is stored otherwise than it was signed or leafed. */
export interface VerifyFault {
  /** Stable, e.g. `SECTION_HASH`. */
  readonly code: string;
  /** Where: `log 1 leaf 812 socson-hq/do-1 1/640`. */
  readonly place: string;
  readonly message: string;
}

export interface VerifyOptions {
  readonly crypto: Crypto;
  readonly reads: EvidenceReads;
  /** Raw public keys of the collector; earlier logs may name others that were lost. */
  readonly log_key: Uint8Array;
  readonly document_key: Uint8Array;
  /** Every batch's signature; else one per agent and hour, as the chain covers the others. */
  readonly every: boolean;
  readonly onFault: (fault: VerifyFault) => void;
  /** Called between slices with what was done since the begin: lets others through, may throw. */
  readonly pause: (done: VerifyCounts) => Promise<void>;
}

/** What was looked at. */
export interface VerifyCounts {
  leaves: number;
  batches: number;
  signatures: number;
  documents: number;
  checkpoints: number;
  sections: number;
  /** Sections whose bodies the retention deleted. */
  pruned: number;
}

export type Tell = (code: string, message: string) => void;

export function noCounts(): VerifyCounts {
  return {
    ...{ leaves: 0, batches: 0, signatures: 0, documents: 0 },
    ...{ checkpoints: 0, sections: 0, pruned: 0 },
  };
}
