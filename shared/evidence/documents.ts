/**
 * Control documents: DSSE envelopes, one payload type per leaf kind. All are under the document
 * key except the hole, which the agent signs because only it knows what it lost, and the rotation
 * of its key.
 */
import { fromBase64, utf8 } from '../bytes.ts';
import type { Papers } from '../papers/types.ts';
import type { Crypto, Signer } from './crypto.ts';
import { type Envelope, pae, parseEnvelope, serializeEnvelope, signEnvelope } from './dsse.ts';
import type { LeafKind } from './leaf.ts';
import type { LedgerDocuments } from './ledger-documents.ts';

/** What the first leaf of a log says. Byte values here and below are base64. */
export interface LogOpen {
  readonly v: 1;
  /** Origin of the log that opens. */
  readonly log: string;
  readonly log_key: string;
  readonly document_key: string;
  readonly opened_ms: number;
  /** The log that this one follows at the given head, or null for a first log. */
  readonly previous: null | {
    readonly log: string;
    readonly size: number;
    readonly root: string;
    readonly reason: string;
  };
}

/** An agent's key accepted for a site; its hash is the `prev` of the epoch's first batch. */
export interface Enrol {
  readonly v: 1;
  readonly log: string;
  readonly site: string;
  readonly agent: string;
  /** From 1. */
  readonly epoch: number;
  readonly agent_key: string;
  readonly issued_ms: number;
  /** The person or token that approved the key. */
  readonly approved_by: string;
}

export const HOLE_REASONS = ['spool_limit', 'disk_full', 'lost_disk'] as const;
export type HoleReason = (typeof HOLE_REASONS)[number];

/** The agent no longer has batches from_seq…to_seq (inclusive); its chain goes on after them. */
export interface Hole {
  readonly v: 1;
  readonly site: string;
  readonly agent: string;
  readonly epoch: number;
  readonly from_seq: number;
  readonly to_seq: number;
  readonly reason: HoleReason;
  /** Agent's wall clock when it signed, UTC epoch ms. */
  readonly at_ms: number;
  /** The `prev` that batch to_seq + 1 carries. */
  readonly next_prev: string;
}

/** Two different batches were signed for one place in the chain. */
export interface Conflict {
  readonly v: 1;
  readonly site: string;
  readonly agent: string;
  readonly epoch: number;
  readonly seq: number;
  readonly kept_hash: string;
  readonly other_hash: string;
  readonly other_signature: string;
  readonly at_ms: number;
}

/** The documents whose fields are fixed here; document-reading.ts opens them. */
export interface Documents {
  'log-open': LogOpen;
  enrol: Enrol;
  hole: Hole;
  conflict: Conflict;
}

/** Everything that {@link signDocument} signs; shared/papers reads what is not fixed here. */
export interface SignedDocuments extends Documents, LedgerDocuments, Papers {}

/** DSSE payload type of documents of a leaf kind. */
export function documentType(kind: LeafKind): string {
  return `application/vnd.lanproof.${kind}.v1+json`;
}

/**
 * SHA-256 over PAE(type, payload) of an envelope: what a leaf carries. Independent of signatures
 * and of JSON spacing, and no proof of them. Throws LanProofError DSSE_FORMAT.
 */
export function documentHash(crypto: Crypto, envelope: string | Envelope): Uint8Array {
  const { payloadType, payload } = parseEnvelope(envelope);
  return crypto.sha256(pae(payloadType, fromBase64(payload)));
}

/** Signs a document as the text of its envelope, ready to be stored verbatim. */
export function signDocument<Kind extends keyof SignedDocuments>(
  crypto: Crypto,
  signer: Signer,
  kind: Kind,
  document: SignedDocuments[Kind],
): string {
  const payload = utf8(JSON.stringify(document));
  return serializeEnvelope(signEnvelope(signer, documentType(kind), payload, crypto));
}
