/**
 * Control documents about the log itself: keys that change, anchors from outside, bodies that were
 * deleted, and what was issued from it (docs/formats/log.md). Byte values are base64.
 */

/** An agent goes on with another key inside its epoch; signed by the old and the new key. */
export interface Rotate {
  readonly v: 1;
  readonly site: string;
  readonly agent: string;
  /** The epoch that goes on. */
  readonly epoch: number;
  /** The last batch under the old key; 0 before the first. */
  readonly after_seq: number;
  readonly old_key: string;
  readonly new_key: string;
  /** Agent's wall clock when it signed, UTC epoch ms. */
  readonly at_ms: number;
}

/** A key's signatures count for leaves before an index only: a stolen key also signs its times. */
export interface Revoke {
  readonly v: 1;
  readonly log: string;
  readonly site: string;
  readonly agent: string;
  readonly epoch: number;
  readonly agent_key: string;
  /** Batches at this leaf of `log` and behind it are not the agent's word. */
  readonly from_leaf: number;
  readonly reason: string;
  readonly issued_ms: number;
  /** Name of the account that revoked. */
  readonly author: string;
}

/** `rfc3161`: a DER TimeStampToken; `witness`: signature lines of a C2SP cosigned checkpoint. */
export const ANCHOR_KINDS = ['rfc3161', 'witness'] as const;
export type AnchorKind = (typeof ANCHOR_KINDS)[number];

/** Somebody outside confirmed that a checkpoint existed. */
export interface Anchor {
  readonly v: 1;
  /** Origin of the log that the anchored checkpoint is of. */
  readonly log: string;
  readonly kind: AnchorKind;
  /** Name of the authority or witness, as configured. */
  readonly by: string;
  /** The anchored checkpoint: its three signed lines are what was stamped. */
  readonly size: number;
  readonly root: string;
  /** The token (DER), or the signature lines with their newlines (UTF-8). */
  readonly proof: string;
  readonly issued_ms: number;
  readonly author: string;
}

/** Bodies that were deleted by the retention rule; headers, leaves and documents stay. */
export interface Prune {
  readonly v: 1;
  readonly log: string;
  readonly section: 'infra' | 'endpoints' | 'identity';
  /** UTC months YYYY-MM of receipt whose bodies are gone, ascending. */
  readonly months: readonly string[];
  readonly reason: string;
  readonly issued_ms: number;
  readonly author: string;
}

export interface IssuedFile {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** Documents were issued from the ledger: each hash stands here, so that none can be exchanged. */
export interface Report {
  readonly v: 1;
  readonly log: string;
  readonly site: string;
  /** Unique in the deployment. */
  readonly id: string;
  readonly from_ms: number;
  readonly to_ms: number;
  readonly masked: boolean;
  /** The ledger prefix that its figures are a function of, and the collector's clock then. */
  readonly as_of: {
    readonly log: string;
    readonly size: number;
    readonly to_ms: number;
    readonly at_ms: number;
  };
  readonly rules: number;
  readonly files: readonly IssuedFile[];
  readonly issued_ms: number;
  readonly author: string;
}

/** The copy of an issued document that came back with signature and number. */
export interface SignedReport {
  readonly v: 1;
  readonly log: string;
  readonly site: string;
  /** Id of the report that was signed. */
  readonly report: string;
  readonly file: IssuedFile;
  /** Number and date of the letter, as `so` and `ngay` on paper; the date is YYYY-MM-DD. */
  readonly number: string;
  readonly date: string;
  readonly issued_ms: number;
  readonly author: string;
}

/** Payloads by the kind of their leaf; document-reading.ts opens them. */
export interface LedgerDocuments {
  rotate: Rotate;
  revoke: Revoke;
  anchor: Anchor;
  prune: Prune;
  report: Report;
  'signed-report': SignedReport;
}
