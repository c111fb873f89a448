/**
 * What the store keeps, in domain words. Times are UTC epoch ms; hashes and keys are raw bytes;
 * codes are the inventory's. Rows are plain values: changing one changes nothing in the store.
 */
import type { Leaf, LeafKind } from '../../shared/evidence/leaf.ts';

/** One log of this deployment. Numbers count from 1; only the last one is open. */
export interface LogRow {
  readonly log: number;
  readonly origin: string;
  readonly opened_ms: number;
  /** Null while it is open. */
  readonly closed_ms: number | null;
  readonly closed_reason: string | null;
  /** Committed leaves. */
  readonly size: number;
}

/** A leaf with its place; its bytes are `encodeLeaf(row)`. */
export interface LeafRow extends Leaf {
  readonly log: number;
  /** From 0. */
  readonly index: number;
}

/** Place of a leaf: the order in which a site's facts count. */
export interface Position {
  /** 0 with leaf −1 stands before everything. */
  readonly log: number;
  readonly leaf: number;
}

export interface CheckpointRow {
  readonly log: number;
  readonly size: number;
  /** Signed C2SP note, verbatim. */
  readonly note: string;
  readonly at_ms: number;
}

/** A control document: the text of its DSSE envelope, verbatim. Always a leaf. */
export interface DocumentRow {
  /** Null where it concerns the whole log. */
  readonly site: string | null;
  readonly kind: LeafKind;
  readonly agent: string | null;
  /** `documentHash` of the text, 32 bytes. */
  readonly hash: Uint8Array;
  readonly text: string;
  readonly log: number;
  readonly leaf: number;
  readonly recv_ms: number;
}

/** Where the bytes of a section lie: a monthly append-only file under `bodies/`. */
export interface BodyRef {
  /** `2026-11.infra`. */
  readonly file: string;
  readonly offset: number;
  readonly length: number;
}

export interface SectionRow extends BodyRef {
  /** As the header names it; a later version may know more names than this one. */
  readonly name: string;
}

/** A batch as received. A `fault` says why a part of it is unreadable; null if nothing is. */
export interface BatchRow {
  readonly site: string;
  readonly agent: string;
  readonly epoch: number;
  readonly seq: number;
  /** `batchHash` of the header, 32 bytes. */
  readonly hash: Uint8Array;
  readonly recv_ms: number;
  readonly log: number;
  readonly leaf: number;
  /** Header bytes, verbatim. */
  readonly header: Uint8Array;
  /** 64 bytes. */
  readonly signature: Uint8Array;
  readonly fault: string | null;
  readonly sections: readonly SectionRow[];
}

/** An enrolled agent: its key and the head of its chain. There is no row before approval. */
export interface AgentRow {
  readonly site: string;
  readonly agent: string;
  /** From 1; re-enrolment adds 1. */
  readonly epoch: number;
  /** Raw Ed25519 public key, 32 bytes. */
  readonly key: Uint8Array;
  /** Eight characters to read aloud. */
  readonly short_code: string;
  /** Newest accepted seq of this epoch; 0 before the first batch. */
  readonly seq: number;
  /** What batch seq + 1 must carry as `prev`, 32 bytes. */
  readonly hash: Uint8Array;
  /** A revoked key is refused. */
  readonly revoked_ms: number | null;
  /** Set by a conflict; cleared by re-enrolment. Batches are accepted but prove nothing. */
  readonly quarantined_ms: number | null;
  /** Receive time of the newest batch or hole; null before the first. */
  readonly last_seen_ms: number | null;
  /** Newest header's: every tick before it has arrived. */
  readonly closed_to_ms: number | null;
  /** Newest header's: the list that the agent measures by; 0 before the first batch. */
  readonly list_version: number;
  /**
   * Newest header's `seen.size` in the current log, and when it rose; for `renew`. Planning
   * maintenance sets it to the index of the plan's leaf and the time to null: `renew` then stays
   * set until a batch has seen a checkpoint that holds the plan.
   */
  readonly seen_size: number;
  readonly seen_at_ms: number | null;
  /** Newest header's, or the enrol request's. */
  readonly software: string;
  /** The newest request came over plain http from beyond loopback. */
  readonly insecure: boolean;
  readonly enrolled_ms: number;
  /** Receive time of the newest batch that says so; null: none of this enrolment. */
  readonly history_lost_ms: number | null;
  /** The same for a log that contradicts a checkpoint that the agent had seen. */
  readonly history_rewritten_ms: number | null;
}

/** A key that asked to be enrolled; a person approves it unless its token says so. */
export interface EnrolmentRow {
  readonly site: string;
  readonly agent: string;
  readonly token_id: string;
  readonly key: Uint8Array;
  readonly short_code: string;
  readonly software: string;
  readonly state: 'pending' | 'approved' | 'refused';
  readonly requested_ms: number;
  readonly decided_ms: number | null;
  readonly decided_by: string | null;
}

/** A single-use enrolment token; the secret itself is never kept. */
export interface EnrolTokenRow {
  readonly site: string;
  readonly id: string;
  readonly agent: string;
  /** SHA-256 of the secret. */
  readonly secret_hash: Uint8Array;
  readonly approve: boolean;
  readonly created_ms: number;
  readonly created_by: string;
  readonly expires_ms: number;
  /** Set by the first key that showed it; only that key may show it again. */
  readonly used_ms: number | null;
  readonly used_by_key: Uint8Array | null;
}

export const ROLES = ['admin', 'operator', 'viewer', 'auditor', 'metrics'] as const;
export type Role = (typeof ROLES)[number];

/** An API token, a browser session or a one-time sign-in link; only its hash is kept. */
export interface CredentialRow {
  readonly id: string;
  readonly kind: 'api' | 'session' | 'sign_in';
  /** SHA-256 of the secret. */
  readonly hash: Uint8Array;
  /** What a person calls it. */
  readonly label: string;
  readonly role: Role;
  /** The subtree of units it may see; null: all. */
  readonly unit: string | null;
  readonly created_ms: number;
  readonly created_by: string;
  /** Null: does not end. */
  readonly expires_ms: number | null;
  readonly last_used_ms: number | null;
  readonly revoked_ms: number | null;
}

export interface UnitRow {
  readonly code: string;
  readonly name: string;
  readonly parent: string | null;
  readonly aliases: readonly string[];
}

/** A site with its inventory as imported: JSON of shared/measure Inventory. */
export interface SiteRow {
  readonly site: string;
  readonly unit: string;
  readonly name: string;
  /** Increases by 1 with every import that changed something. */
  readonly version: number;
  readonly inventory: string;
  readonly updated_ms: number;
}

/** The newest target list of one agent and what goes to the agent alone. */
export interface TargetsRow {
  readonly site: string;
  readonly agent: string;
  readonly version: number;
  /** `documentHash` of the envelope, 32 bytes: what batch headers name. */
  readonly hash: Uint8Array;
  /** Text of the envelope; payload is a TargetList. */
  readonly envelope: string;
  /** JSON of PrivateTargets: addresses, names, salts. */
  readonly private: string;
  readonly log: number;
  readonly leaf: number;
}

export interface AuditRow {
  readonly id: number;
  readonly at_ms: number;
  /** Credential id or `system`. */
  readonly actor: string;
  readonly action: string;
  readonly site: string | null;
  /** JSON; holds no secret. */
  readonly detail: string;
}
