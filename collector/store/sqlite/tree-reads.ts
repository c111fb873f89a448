import type { LeafKind } from '../../../shared/evidence/leaf.ts';
import type { CheckpointRow, LeafRow, LogRow } from '../rows.ts';
import type { EvidenceReads } from '../store-evidence.ts';
import type { Connection } from './connection.ts';
import { orNull, plain, textOrNull } from './values.ts';

export interface LeafCells {
  log: number;
  idx: number;
  kind: LeafKind;
  site: string;
  agent: string;
  epoch: number;
  seq: number;
  hash: Uint8Array;
  recv_ms: number;
}
export const LEAF = 'SELECT log, idx, kind, site, agent, epoch, seq, hash, recv_ms FROM leaf';

export function createTreeReads(
  sql: Connection,
): Pick<
  EvidenceReads,
  'logs' | 'leaf' | 'leaves' | 'receivedFrom' | 'tile' | 'newestCheckpoint' | 'checkpoints'
> {
  return {
    logs: async () =>
      sql.all<LogRow>(
        'SELECT log, origin, opened_ms, closed_ms, closed_reason, coalesce((SELECT' +
          ' max(idx) FROM leaf WHERE leaf.log = log.log), -1) + 1 AS size FROM log ORDER BY log',
      ),
    async leaf(log, index) {
      const cells = sql.get<LeafCells>(`${LEAF} WHERE log = ? AND idx = ?`, log, index);
      return cells === undefined ? null : toLeaf(cells);
    },
    leaves: async (log, from, to) =>
      sql
        .all<LeafCells>(
          `${LEAF} WHERE log = ? AND idx >= ? AND idx < ? ORDER BY idx`,
          log,
          from,
          to,
        )
        .map(toLeaf),
    async receivedFrom(log, from, to, at_ms) {
      const found = sql.get<{ idx: number }>(
        'SELECT idx FROM leaf WHERE log = ? AND idx >= ? AND idx < ? AND recv_ms >= ?' +
          ' ORDER BY idx LIMIT 1',
        log,
        from,
        to,
        at_ms,
      );
      return found?.idx ?? null;
    },
    async tile(log, level, index) {
      const cells = sql.get<{ hashes: Uint8Array }>(
        'SELECT hashes FROM tile WHERE log = ? AND level = ? AND idx = ?',
        log,
        level,
        index,
      );
      return cells === undefined ? null : plain(cells.hashes);
    },
    checkpoints: async (log, after, to) =>
      sql.all<CheckpointRow>(
        'SELECT log, size, note, at_ms FROM checkpoint' +
          ' WHERE log = ? AND size > ? AND size <= ? ORDER BY size',
        log,
        after,
        to,
      ),
    newestCheckpoint: async (log) =>
      orNull(
        sql.get(
          'SELECT log, size, note, at_ms FROM checkpoint WHERE log = ? ORDER BY size DESC LIMIT 1',
          log,
        ),
      ),
  };
}

export function toLeaf({ idx, site, agent, hash, ...rest }: LeafCells): LeafRow {
  const codes = { site: textOrNull(site), agent: textOrNull(agent) };
  return { ...rest, ...codes, hash: plain(hash), index: idx };
}
