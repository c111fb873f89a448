/** Anchors: proofs from outside that a checkpoint existed. */
import type { AnchorKind } from '../../../shared/evidence/ledger-documents.ts';
import type { SignedCheckpoint } from '../types.ts';

/** `anchors` of collector.yml, checked. */
export interface AnchorsConfig {
  readonly rfc3161: readonly {
    readonly name: string;
    readonly url: string;
    /** Absolute path of PEM certificates. */
    readonly ca_file: string;
    /** Local time HH:MM; undefined: a minute of {@link ANCHOR_HOUR} of its own. */
    readonly at: string | undefined;
  }[];
  readonly witnesses: readonly {
    readonly name: string;
    readonly url: string;
    /** C2SP verifier key of type 0x04. */
    readonly key: string;
    readonly every_hours: number;
  }[];
}

/** At night, before the nightly cleaning. */
export const ANCHOR_HOUR = 2;

/** What an outside party gave for a checkpoint, verified. */
export interface AnchorProof {
  /** Of the anchor document: a token (DER), or signature lines (UTF-8). */
  readonly bytes: Uint8Array;
  /** When the other side says that it saw the checkpoint, UTC epoch ms. */
  readonly at_ms: number;
}

/** A time-stamp authority or a witness, as configured. */
export interface AnchorSource {
  /** Unique among all sources. */
  readonly by: string;
  readonly kind: AnchorKind;
  /**
   * Asks for a proof and verifies it. `known` is the size that this source last anchored in the
   * checkpoint's log, 0 for none. Throws LanProofError ANCHOR_*, TIMESTAMP_*, WITNESS_*, NOTE_*.
   */
  prove(head: SignedCheckpoint, known: number, signal: AbortSignal): Promise<AnchorProof>;
}

/** What came of one attempt. */
export type AnchorOutcome = {
  readonly by: string;
  readonly kind: AnchorKind;
} & (
  | {
      readonly ok: true;
      /** Origin and size of the anchored checkpoint. */
      readonly log: string;
      readonly size: number;
      /** Index of the anchor's own leaf. */
      readonly leaf: number;
      /** As the other side says, UTC epoch ms. */
      readonly at_ms: number;
    }
  | { readonly ok: false; readonly code: string; readonly message: string; readonly hint: string }
);

export interface AnchorStatus {
  readonly by: string;
  readonly kind: AnchorKind;
  /** When its newest anchor in the open log was leafed, UTC epoch ms; null: none yet. */
  readonly last_ms: number | null;
  /** Attempts since the start that gave nothing, by error code. */
  readonly failures: Readonly<Record<string, number>>;
}

export interface AnchorKeeper {
  /**
   * Anchors the newest checkpoint now, with every source one after another or with one. `author`
   * stands in the document. A source that another collector is asking is left out.
   */
  anchorNow(author: string, by?: string): Promise<AnchorOutcome[]>;
  /** The sources in the order of the configuration. */
  status(): readonly AnchorStatus[];
  /** Ends what is under way; later attempts fail. */
  close(): Promise<void>;
}
