import type { AuditRow, CredentialRow, EnrolmentRow, EnrolTokenRow } from '../rows.ts';
import type { PeopleReads, PeopleWrites } from '../store-people.ts';
import type { Connection } from './connection.ts';
import { rowWriter } from './row-writer.ts';
import { bit, plain, plainOrNull } from './values.ts';

const TOKEN_COLUMNS = [
  'id',
  'site',
  'agent',
  'secret_hash',
  'approve',
  'created_ms',
  'created_by',
  'expires_ms',
  'used_ms',
  'used_by_key',
] as const;
const ENROLMENT_COLUMNS = [
  'token_id',
  'key',
  'site',
  'agent',
  'short_code',
  'software',
  'state',
  'requested_ms',
  'decided_ms',
  'decided_by',
] as const;
const CREDENTIAL_COLUMNS = [
  'id',
  'kind',
  'hash',
  'label',
  'role',
  'unit',
  'created_ms',
  'created_by',
  'expires_ms',
  'last_used_ms',
  'revoked_ms',
] as const;

interface TokenCells extends Omit<EnrolTokenRow, 'approve'> {
  approve: number;
}

export function createPeopleReads(sql: Connection): PeopleReads {
  return {
    async enrolToken(id) {
      const cells = sql.get<TokenCells>('SELECT * FROM enrol_token WHERE id = ?', id);
      if (cells === undefined) return null;
      const { approve, secret_hash, used_by_key, ...rest } = cells;
      const bytes = { secret_hash: plain(secret_hash), used_by_key: plainOrNull(used_by_key) };
      return { ...rest, ...bytes, approve: approve === 1 };
    },
    async enrolment(token_id, key) {
      const found = sql.get<EnrolmentRow>(
        'SELECT * FROM enrolment WHERE token_id = ? AND key = ?',
        token_id,
        key,
      );
      return found === undefined ? null : toEnrolment(found);
    },
    enrolments: async (site) =>
      sql
        .all<EnrolmentRow>(
          'SELECT * FROM enrolment WHERE (? IS NULL OR site = ?) ORDER BY requested_ms DESC',
          site ?? null,
          site ?? null,
        )
        .map(toEnrolment),
    async credentialByHash(hash) {
      const found = sql.get<CredentialRow>('SELECT * FROM credential WHERE hash = ?', hash);
      return found === undefined ? null : { ...found, hash: plain(found.hash) };
    },
    credentials: async (kind) =>
      sql
        .all<CredentialRow>(
          'SELECT * FROM credential WHERE kind = ? ORDER BY created_ms DESC, id',
          kind,
        )
        .map((found) => ({ ...found, hash: plain(found.hash) })),
    auditOf: async (action) =>
      sql.all<AuditRow>(
        'SELECT id, at_ms, actor, action, site, detail FROM audit WHERE action = ? ORDER BY id',
        action,
      ),
    audit: async (limit, before_id) =>
      sql.all<AuditRow>(
        'SELECT id, at_ms, actor, action, site, detail FROM audit WHERE (? IS NULL OR id < ?)' +
          ' ORDER BY id DESC LIMIT ?',
        before_id ?? null,
        before_id ?? null,
        limit,
      ),
  };
}

export function createPeopleWrites(sql: Connection): PeopleWrites {
  const token = rowWriter(sql, 'enrol_token', TOKEN_COLUMNS, ['id']);
  const enrolment = rowWriter(sql, 'enrolment', ENROLMENT_COLUMNS, ['token_id', 'key']);
  const credential = rowWriter(sql, 'credential', CREDENTIAL_COLUMNS, ['id']);
  const audit = rowWriter(sql, 'audit', ['at_ms', 'actor', 'action', 'site', 'detail'], null);
  return {
    putEnrolToken: async (row) => void token({ ...row, approve: bit(row.approve) }),
    putEnrolment: async (row) => void enrolment(row),
    putCredential: async (row) => void credential(row),
    dropExpiredCredentials: async (at_ms) =>
      sql.run("DELETE FROM credential WHERE kind <> 'api' AND expires_ms < ?", at_ms).changes,
    addAudit: async (row) => void audit(row),
  };
}

function toEnrolment(row: EnrolmentRow): EnrolmentRow {
  return { ...row, key: plain(row.key) };
}
