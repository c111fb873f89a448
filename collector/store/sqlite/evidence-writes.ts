import { LanProofError } from '../../../shared/errors.ts';
import type { EvidenceWrites } from '../store-evidence.ts';
import type { Bodies } from './bodies.ts';
import type { Connection } from './connection.ts';
import { rowWriter } from './row-writer.ts';
import { writeSections } from './section-column.ts';
import { bit, NO_SITE } from './values.ts';

const HOUR_MS = 3_600_000;

const ADD_LEAF =
  'INSERT INTO leaf (log, idx, kind, site, agent, epoch, seq, hash, recv_ms)' +
  ' SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?' +
  // max() alone is one step in the index; an expression over it would read the whole log.
  ' WHERE ? = coalesce((SELECT max(idx) FROM leaf WHERE log = ?), -1) + 1';

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
] as const;
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
      const { changes } = sql.run(
        ADD_LEAF,
        row.log,
        row.index,
        row.kind,
        row.site ?? NO_SITE,
        row.agent ?? '',
        row.epoch,
        row.seq,
        row.hash,
        row.recv_ms,
        row.index,
        row.log,
      );
      if (changes !== 1) throw outOfOrder(row.log, row.index);
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
    putAgent: async (row) => void agent({ ...row, insecure: bit(row.insecure) }),
  };
}

function outOfOrder(log: number, index: number): LanProofError {
  return new LanProofError('LEAF_ORDER', `leaf ${index} is not the next one of log ${log}`, {
    hint: 'another process sequences this log: stop it; one collector owns one log',
    fatal: false,
  });
}
