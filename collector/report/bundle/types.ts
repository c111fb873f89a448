/** What a bundle is built from, and what comes out. */

import type { Policy } from '../../../shared/evidence/bundle/policy.ts';
import type { BundleManifest } from '../../../shared/evidence/bundle/types.ts';
import type { Crypto, Signer } from '../../../shared/evidence/crypto.ts';
import type { AsOf } from '../../../shared/judge/period/judged.ts';
import type { FiguresFile } from '../../../shared/judge/replay/figures-file.ts';
import type { Span } from '../../../shared/judge/spans.ts';
import type { Ledger, SignedCheckpoint } from '../../ledger/types.ts';
import type { Store } from '../../store/store.ts';

export interface BundleDeps {
  readonly store: Store;
  readonly ledger: Pick<Ledger, 'ranges' | 'consistency' | 'checkpointOf'>;
  readonly crypto: Crypto;
  readonly document_key: Signer;
  /** Version of this program, as the manifest names it. */
  readonly software: string;
  /** The verifier's files, `verify.html` and `verify.mjs`; none where they are not built. */
  readonly verifier: readonly VerifierFile[];
  readonly witnesses: Policy['witnesses'];
  /** Lets others run; ingest must not wait for a report. */
  readonly breathe: () => Promise<void>;
}

export interface VerifierFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** The same ask over the same ledger prefix gives the same bytes. */
export interface BundleAsk {
  readonly site: string;
  /** Whole UTC minutes. */
  readonly period: Span;
  readonly masked: boolean;
  /** Its size is that of `checkpoint`. */
  readonly as_of: AsOf;
  /** Head of the open log; nothing beyond it is read. */
  readonly checkpoint: SignedCheckpoint;
  /** Start of what reaches into the period: judging begins at a midnight before it, UTC ms. */
  readonly reach_ms: number;
  /** The first minute that anything of the site is known of, UTC ms. */
  readonly first_ms: number;
}

/** Per cent of the whole, and what is done now. */
export interface BundleProgress {
  readonly step: 'batches' | 'figures' | 'proofs' | 'zip';
  readonly percent: number;
}

export interface BuildOptions {
  /** An empty folder of its own; the zip stays in it, everything else is removed. */
  readonly folder: string;
  /** Name of the zip file. */
  readonly name: string;
  readonly onProgress: (progress: BundleProgress) => void;
  /** Ends the work: the reason is thrown. */
  readonly signal: AbortSignal;
}

export interface BuiltBundle {
  readonly path: string;
  readonly bytes: number;
  /** SHA-256 of the zip, hex. */
  readonly sha256: string;
  readonly manifest: BundleManifest;
  /** As they stand in the bundle. */
  readonly figures: FiguresFile;
  readonly figures_text: string;
  /** As they would stand in a whole one: what the dashboard is compared with. */
  readonly whole_figures: FiguresFile;
}
