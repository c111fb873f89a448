import { LanProofError } from '../../../shared/errors.ts';
import type { EvidenceWrites } from '../store-evidence.ts';
import type { Bodies } from './bodies.ts';
import type { Connection } from './connection.ts';
import { rowWriter } from './row-writer.ts';
import { writeSections } from './section-column.ts';
import { bit, NO_SITE } from './values.ts';

const HOUR_MS = 3_600_000;

// max() alone is one step in the index; an expression over it would read the whole log. Asked by
// itself: an INSERT that reads its own table goes through a temporary one.
const NEWEST_LEAF = 'SELECT max(idx) AS idx FROM leaf WHERE log = ?';
const LEAF_COLUMNS = [
  'log',
  'idx',
  'kind',
  'site',
  'agent',
  'epoch',
  'seq',
  'hash',
  'recv_ms',
] as const;

const AGENT_COLUMNS = [
  'site',
  'agent',
  'epoch',
  'key',
  'short_code',
  'seq',
  'hash',
  'revoked_ms',
  'quarantined_ms',
  'last_seen_ms',
  'closed_to_ms',
  'list_version',
  'seen_size',
  'seen_at_ms',
  'software',
  'insecure',
  'enrolled_ms',
  'history_lost_ms',
  'history_rewritten_ms',
] as const;
/** With the same key, as after each batch, the index of keys need not be written. */
const ADVANCED = AGENT_COLUMNS.filter((name) => !['site', 'agent', 'key'].includes(name));
const ADVANCE_COLUMNS = [...ADVANCED, 'site', 'agent', 'key'] as const;
const ADVANCE_AGENT =
  `UPDATE agent SET ${ADVANCED.map((name) => `${name} = ?`).join(', ')}` +
  ' WHERE site = ? AND agent = ? AND key = ?';
const BATCH_COLUMNS = [
  'site',
  'agent',
  'epoch',
  'seq',
  'log',
  'leaf',
  'fault',
  'sections',
  'signature',
  'header',
] as const;
const DOCUMENT_COLUMNS = ['site', 'log', 'leaf', 'kind', 'agent', 'hash', 'text'] as const;

export function createEvidenceWrites(sql: Connection, bodies: Bodies): EvidenceWrites {
  const log = rowWriter(sql, 'log', ['log', 'origin', 'opened_ms'], null);
  const tile = rowWriter(sql, 'tile', ['log', 'level', 'idx', 'hashes'], ['log', 'level', 'idx']);
  const checkpoint = rowWriter(
    sql,
    'checkpoint',
    ['log', 'size', 'note', 'at_ms'],
    ['log', 'size'],
  );
  const leaf = rowWriter(sql, 'leaf', LEAF_COLUMNS, null);
  const document = rowWriter(sql, 'document', DOCUMENT_COLUMNS, null);
  const batch = rowWriter(sql, 'batch', BATCH_COLUMNS, null);
  const agent = rowWriter(sql, 'agent', AGENT_COLUMNS, ['site', 'agent']);
  return {
    addLog: async (row) => void log(row),
    async closeLog(number, at_ms, reason) {
      const close = 'UPDATE log SET closed_ms = ?, closed_reason = ? WHERE log = ?';
      sql.run(`${close} AND closed_ms IS NULL`, at_ms, reason, number);
    },
    async addLeaf(row) {
      const newest = sql.get<{ idx: number | null }>(NEWEST_LEAF, row.log)?.idx ?? -1;
      if (row.index !== newest + 1) throw outOfOrder(row.log, row.index);
      leaf({ ...row, idx: row.index, site: row.site ?? NO_SITE, agent: row.agent ?? '' });
    },
    putTile: async (number, level, idx, hashes) => void tile({ log: number, level, idx, hashes }),
    async saveCheckpoint(row) {
      const hour = row.at_ms - (row.at_ms % HOUR_MS);
      sql.run(
        'DELETE FROM checkpoint WHERE log = ? AND at_ms >= ? AND at_ms < ? AND size < ?',
        row.log,
        hour,
        hour + HOUR_MS,
        row.size,
      );
      checkpoint(row);
    },
    addDocument: async (row) =>
      void document({ ...row, site: row.site ?? NO_SITE, agent: row.agent ?? '' }),
    putBody: (section, recv_ms, bytes) => bodies.put(section, recv_ms, bytes),
    addBatch: async (row) => void batch({ ...row, sections: writeSections(row.sections) }),
    async putAgent(row) {
      const cells = { ...row, insecure: bit(row.insecure) };
      const { changes } = sql.run(ADVANCE_AGENT, ...ADVANCE_COLUMNS.map((name) => cells[name]));
      if (changes === 0) agent(cells);
    },
  };
}

function outOfOrder(log: number, index: number): LanProofError {
  return new LanProofError('LEAF_ORDER', `leaf ${index} is not the next one of log ${log}`, {
    hint: 'another process sequences this log: stop it; one collector owns one log',
    fatal: false,
  });
}
