import type { Envelope } from '../evidence/dsse.ts';
import type { PrivateTargets } from './targets.ts';

/** What agent and collector say to each other over HTTP (docs/formats/protocol.md). */

export const BATCH_CONTENT_TYPE = 'application/vnd.lanproof.batch';
export const HOLE_CONTENT_TYPE = 'application/vnd.lanproof.hole+json';

/** Answer 200 to a batch or a hole: stored for ever, or already there (`duplicate`). */
export interface BatchAnswer {
  readonly accepted: true;
  readonly duplicate: boolean;
  /** Leaf index, if it was sequenced already. */
  readonly leaf: number | null;
  /** Newest signed checkpoint (C2SP note). */
  readonly checkpoint: string;
  /** The collector asks for a batch with a newer `seen` soon. */
  readonly renew: boolean;
  /** Newest target list of this agent; it fetches a newer one. */
  readonly list_version: number;
  /** Collector time when it answered: a clock sample by Cristian's method. */
  readonly time_ms: number;
}

/** Every error answer. 409 also says which batch is expected. */
export interface ErrorAnswer {
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly hint: string;
    readonly request_id: string;
  };
  readonly expect?: { readonly epoch: number; readonly seq: number };
}

export interface NonceAnswer {
  /** Single use, 60 s. */
  readonly nonce: string;
  readonly time_ms: number;
}

export interface TargetsAnswer {
  /** Signed by the document key; payload is a TargetList. */
  readonly envelope: Envelope;
  readonly private: PrivateTargets;
}

/** Every log of the deployment: an agent follows a new one only by its signed log-open. */
export interface LogsAnswer {
  /** Payloads are LogOpen documents, oldest first. */
  readonly log_open: readonly Envelope[];
}

/** Proof that a batch is in the log, and that the log only grew since `from`. */
export interface ProofAnswer {
  readonly leaf: number;
  /** Base64 leaf bytes. */
  readonly leaf_bytes: string;
  /** Base64 hashes, RFC 6962 §2.1.1, against the tree of `checkpoint`. */
  readonly inclusion: readonly string[];
  /** Base64 hashes, RFC 6962 §2.1.2, from size `from` to that tree; empty if from is 0. */
  readonly consistency: readonly string[];
  readonly checkpoint: string;
}

/** Proof that a log only grew between two sizes; also of a log that was closed. */
export interface ConsistencyAnswer {
  /** Base64 hashes, RFC 6962 §2.1.2. */
  readonly consistency: readonly string[];
}

export interface EnrolRequest {
  /** The whole token text that a person typed. */
  readonly token: string;
  /** Base64 raw Ed25519 public key, 32 bytes. */
  readonly public_key: string;
  readonly software: string;
}

/** An agent that a restored collector does not know shows what that collector once signed. */
export interface ReintroduceRequest {
  /** Payload is its Enrol document. */
  readonly enrol: Envelope;
  /** Payload is its newest TargetList; null if it never had one. */
  readonly targets: Envelope | null;
  /** Payloads are Rotate documents from the enrolled key to the one in use; absent: none. */
  readonly rotations?: readonly Envelope[];
  /** Payload is a Hole that ends before the last rotation's key begins, signed by that key. */
  readonly hole?: Envelope;
}

/** To `{ rotate }`, the envelope of a Rotate document with the signatures of both keys. */
export interface RotateAnswer {
  readonly rotated: true;
  readonly time_ms: number;
}

export interface ReintroduceAnswer {
  /** The batch that the chain goes on with. */
  readonly expect: { readonly epoch: number; readonly seq: number };
  readonly time_ms: number;
}

export type EnrolAnswer =
  | {
      readonly status: 'approved';
      /** Payload is an Enrol document. */
      readonly enrol: Envelope;
      /** Every log-open document of this deployment, oldest first. */
      readonly log_open: readonly Envelope[];
      readonly checkpoint: string;
      readonly time_ms: number;
    }
  | {
      /** A person must approve the key on the collector; ask again with the same token. */
      readonly status: 'pending';
      readonly short_code: string;
    };

/**
 * What a token text holds: base64url(JSON) after the prefix `lpt1_`. Fingerprints are base64
 * SHA-256: of the TLS certificate's public key (SPKI; null where the collector speaks plain http)
 * and of the raw log and document keys.
 */
export interface EnrolToken {
  readonly v: 1;
  readonly id: string;
  readonly secret: string;
  readonly tls: string | null;
  readonly log_key: string;
  readonly document_key: string;
}
