import type { DocumentRow } from '../rows.ts';
import type {
  DayLeafReads,
  DayLeafRow,
  DayLeafWrites,
  OwedDay,
  UpTime,
} from '../store-day-leaves.ts';
import type { Connection } from './connection.ts';
import { rowWriter } from './row-writer.ts';
import { orNull, plain } from './values.ts';

/** Tables of it; `dropJudgement` empties them, too: the documents themselves stay. */
export const DAY_LEAF_TABLES = ['day_leaf'] as const;
const KEY = ['site', 'day_ms'] as const;
const COLUMNS = [...KEY, 'log', 'leaf', 'hash', 'recv_ms'] as const;
// Said by name: another plan would read every day that there is.
const OWED = 'SELECT site, day_ms FROM day INDEXED BY day_owed WHERE ledgered = 0';
const NEWEST_FIRST = 'ORDER BY day_ms DESC, site DESC LIMIT ?';
const DOCUMENTS =
  'SELECT d.site, d.kind, d.agent, d.hash, d.text, d.log, d.leaf, l.recv_ms FROM document d' +
  ' JOIN leaf l ON l.log = d.log AND l.idx = d.leaf' +
  " WHERE d.site = ? AND d.kind = 'day' AND (d.log, d.leaf) > (?, ?)" +
  ' ORDER BY d.log, d.leaf LIMIT ?';

export function createDayLeafReads(sql: Connection): DayLeafReads {
  return {
    owedDays: async (after, limit) =>
      after === null
        ? sql.all<OwedDay>(`${OWED} ${NEWEST_FIRST}`, limit)
        : sql.all<OwedDay>(
            `${OWED} AND (day_ms, site) < (?, ?) ${NEWEST_FIRST}`,
            after.day_ms,
            after.site,
            limit,
          ),
    async dayLeaf(site, day_ms) {
      const text = 'SELECT * FROM day_leaf WHERE site = ? AND day_ms = ?';
      const row = sql.get<DayLeafRow>(text, site, day_ms);
      return row === undefined ? null : { ...row, hash: plain(row.hash) };
    },
    dayDocumentsAfter: async (site, { log, leaf }, limit) =>
      sql
        .all<DocumentRow>(DOCUMENTS, site, log, leaf, limit)
        .map((row) => ({ ...row, agent: null, hash: plain(row.hash) })),
    newestDayLeaf: async (site) =>
      orNull(
        sql.get(
          'SELECT log, leaf FROM day_leaf WHERE site = ? ORDER BY log DESC, leaf DESC LIMIT 1',
          site,
        ),
      ),
    newestUp: async (site, device, agent, before_ms) =>
      orNull(
        sql.get<UpTime>(
          'SELECT from_ms, to_ms FROM interval WHERE site = ? AND device = ? AND agent = ?' +
            " AND from_ms < ? AND state = 'up' ORDER BY from_ms DESC LIMIT 1",
          site,
          device,
          agent,
          before_ms,
        ),
      ),
  };
}

export function createDayLeafWrites(sql: Connection): DayLeafWrites {
  const put = rowWriter(sql, 'day_leaf', COLUMNS, KEY);
  return {
    putDayLeaf: async (row) => void put({ ...row }),
    async dayIsLedgered(site, day_ms) {
      sql.run('UPDATE day SET ledgered = 1 WHERE site = ? AND day_ms = ?', site, day_ms);
    },
  };
}
