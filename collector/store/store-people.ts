/** The store's part for enrolment, tokens, sessions and the audit trail. */
import type { AuditRow, CredentialRow, EnrolmentRow, EnrolTokenRow } from './rows.ts';

export interface PeopleReads {
  enrolToken(id: string): Promise<EnrolTokenRow | null>;
  /** The enrolment that a key asked for with a token. */
  enrolment(token_id: string, key: Uint8Array): Promise<EnrolmentRow | null>;
  /** Enrolments of one site, or all, newest first. */
  enrolments(site?: string): Promise<EnrolmentRow[]>;
  /** By the SHA-256 of the secret, also expired and revoked ones: the caller decides. */
  credentialByHash(hash: Uint8Array): Promise<CredentialRow | null>;
  /** Newest first. */
  credentials(kind: CredentialRow['kind']): Promise<CredentialRow[]>;
  /** All rows of one action, oldest first: for actions that people take by hand. */
  auditOf(action: string): Promise<AuditRow[]>;
  /** Up to `limit` rows older than `before_id` (undefined: from the newest), newest first. */
  audit(limit: number, before_id?: number): Promise<AuditRow[]>;
}

export interface PeopleWrites {
  putEnrolToken(row: EnrolTokenRow): Promise<void>;
  /** Writes over the former row of (token_id, key). */
  putEnrolment(row: EnrolmentRow): Promise<void>;
  /** Writes over the former row of the id. */
  putCredential(row: CredentialRow): Promise<void>;
  /** Deletes sessions and sign-in links that ended before `at_ms`; returns how many. */
  dropExpiredCredentials(at_ms: number): Promise<number>;
  addAudit(row: Omit<AuditRow, 'id'>): Promise<void>;
}
