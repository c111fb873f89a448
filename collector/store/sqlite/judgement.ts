import type {
  ChunkRow,
  IntervalRow,
  JudgeFaultRow,
  JudgeStateRow,
  OutboxRow,
  WindowRow,
} from '../rows-judgement.ts';
import type { JudgementReads, JudgementWrites } from '../store-judgement.ts';
import { createArchive } from './archive.ts';
import type { Connection } from './connection.ts';
import { DAY_LEAF_TABLES } from './day-leaves.ts';
import { createDayReads, createDayWrites } from './judgement-days.ts';
import { rowWriter } from './row-writer.ts';
import { SERIES_TABLES } from './series.ts';
import { orNull, plain } from './values.ts';

/** Every table that holds judgement of a site; the ledger's are never among them. */
const SITE_TABLES = [
  'judge_state',
  'judge_progress',
  'judge_fault',
  'interval',
  'chunk',
  'expected',
  'seen',
  'day',
  ...DAY_LEAF_TABLES,
  ...SERIES_TABLES,
] as const;
const STATE_COLUMNS = ['site', 'log', 'leaf', 'version', 'saved_ms', 'state'] as const;
const FAULT_COLUMNS = ['site', 'log', 'leaf', 'code', 'message', 'at_ms'] as const;
const CHUNK_COLUMNS = ['site', 'agent', 'hour_ms', 'body'] as const;
const INTERVAL_KEY = ['site', 'device', 'agent', 'from_ms'] as const;
const INTERVAL_COLUMNS = [...INTERVAL_KEY, 'to_ms', 'state', 'reason', 'earliest_ms'] as const;
const WINDOW_KEY = ['site', 'device', 'agent', 'from_ms'] as const;
const WINDOW_COLUMNS = [...WINDOW_KEY, 'to_ms', 'interval_ms'] as const;
const HOUR_MS = 3_600_000;
const ALL_DEVICES =
  'SELECT min(device) FROM interval WHERE site = ? UNION ALL' +
  ' SELECT (SELECT min(device) FROM interval WHERE site = ? AND device > told.device)' +
  ' FROM told WHERE device IS NOT NULL';
const INTERVALS = intervalsOf(ALL_DEVICES);
const INTERVALS_OF_DEVICE = intervalsOf('SELECT ?');

/**
 * Device by device and agent by agent, each from the last interval that began before the period:
 * by time alone SQLite would walk through all that a site had before it or had after it.
 */
function intervalsOf(devices: string): string {
  const begun = 'site = ? AND device = told_by.device AND agent = told_by.agent AND from_ms <= ?';
  return (
    `WITH RECURSIVE told(device) AS (${devices}), told_by(device, agent) AS (` +
    'SELECT device, (SELECT min(agent) FROM interval WHERE site = ? AND device = told.device)' +
    ' FROM told WHERE device IS NOT NULL UNION ALL' +
    ' SELECT device, (SELECT min(agent) FROM interval WHERE site = ?' +
    ' AND device = told_by.device AND agent > told_by.agent) FROM told_by WHERE agent IS NOT NULL)' +
    // A CROSS JOIN keeps this order of the two.
    ' SELECT i.* FROM told_by CROSS JOIN interval AS i' +
    ' ON i.site = ? AND i.device = told_by.device AND i.agent = told_by.agent' +
    ` AND i.from_ms >= coalesce((SELECT max(from_ms) FROM interval WHERE ${begun}), ?)` +
    ' AND i.from_ms < ? WHERE i.to_ms IS NULL OR i.to_ms > ?' +
    ' ORDER BY i.device, i.from_ms, i.agent'
  );
}

export function createJudgementReads(sql: Connection): JudgementReads {
  const toChunk = (row: ChunkRow): ChunkRow => ({ ...row, body: plain(row.body) });
  return {
    judgeState: async (site) =>
      orNull(sql.get<JudgeStateRow>('SELECT * FROM judge_state WHERE site = ?', site)),
    judgeProgress: async (site) =>
      orNull(sql.get('SELECT log, leaf FROM judge_progress WHERE site = ?', site)),
    judgeFaults: async (site) =>
      sql.all<JudgeFaultRow>('SELECT * FROM judge_fault WHERE site = ? ORDER BY log, leaf', site),
    async intervals(site, from_ms, to_ms, device) {
      const ask = [site, site, site, site, from_ms, from_ms, to_ms, from_ms] as const;
      return device === undefined
        ? sql.all<IntervalRow>(INTERVALS, site, site, ...ask)
        : sql.all<IntervalRow>(INTERVALS_OF_DEVICE, device, ...ask);
    },
    chunks: async (site, from_ms, to_ms) =>
      sql
        .all<ChunkRow>(
          'SELECT * FROM chunk WHERE site = ? AND hour_ms > ? AND hour_ms < ?' +
            ' ORDER BY agent, hour_ms',
          site,
          from_ms - HOUR_MS,
          to_ms,
        )
        .map(toChunk),
    async chunk(site, agent, hour_ms) {
      const row = sql.get<ChunkRow>(
        'SELECT * FROM chunk WHERE site = ? AND agent = ? AND hour_ms = ?',
        site,
        agent,
        hour_ms,
      );
      return row === undefined ? null : toChunk(row);
    },
    windows: async (site, device) =>
      sql.all<WindowRow>(
        'SELECT * FROM expected WHERE site = ? AND (? IS NULL OR device = ?)' +
          ' ORDER BY device, from_ms',
        site,
        device ?? null,
        device ?? null,
      ),
    ...createDayReads(sql),
    archivedBefore: () => createArchive(sql).before_ms(),
    outbox: async (after_id, limit) =>
      sql.all<OutboxRow>('SELECT * FROM outbox WHERE id > ? ORDER BY id LIMIT ?', after_id, limit),
    newestOutboxId: async () =>
      sql.get<{ id: number | null }>('SELECT max(id) AS id FROM outbox')?.id ?? 0,
  };
}

export function createJudgementWrites(sql: Connection): JudgementWrites {
  const state = rowWriter(sql, 'judge_state', STATE_COLUMNS, ['site']);
  const progress = rowWriter(sql, 'judge_progress', ['site', 'log', 'leaf'], ['site']);
  const fault = rowWriter(sql, 'judge_fault', FAULT_COLUMNS, ['site', 'log', 'leaf']);
  const interval = rowWriter(sql, 'interval', INTERVAL_COLUMNS, INTERVAL_KEY);
  const chunk = rowWriter(sql, 'chunk', CHUNK_COLUMNS, ['site', 'agent', 'hour_ms']);
  const window = rowWriter(sql, 'expected', WINDOW_COLUMNS, WINDOW_KEY);
  const outbox = rowWriter(sql, 'outbox', ['site', 'at_ms', 'kind', 'detail'], null);
  return {
    putJudgeState: async (row) => void state(row),
    putJudgeProgress: async (site, { log, leaf }) => void progress({ site, log, leaf }),
    putJudgeFault: async (row) => void fault(row),
    async putIntervals(rows) {
      const [first, last] = [rows[0], rows.at(-1)];
      if (first === undefined || last === undefined) return null;
      const { site, device, agent, from_ms } = first;
      const end_ms = last.to_ms ?? Number.MAX_SAFE_INTEGER;
      const key = 'WHERE site = ? AND device = ? AND agent = ?';
      const before = sql.all<IntervalRow>(
        `SELECT * FROM interval ${key} AND from_ms >= ? AND from_ms < ? ORDER BY from_ms`,
        site,
        device,
        agent,
        from_ms,
        end_ms,
      );
      const changed_ms = changedFrom(before, rows);
      if (changed_ms === null) return null;
      sql.run(
        // They are disjoint: of all that began earlier only the last one can reach into the span.
        `UPDATE interval SET to_ms = ? ${key} AND (to_ms IS NULL OR to_ms > ?)` +
          ` AND from_ms = (SELECT max(from_ms) FROM interval ${key} AND from_ms < ?)`,
        from_ms,
        site,
        device,
        agent,
        from_ms,
        site,
        device,
        agent,
        from_ms,
      );
      sql.run(
        `DELETE FROM interval ${key} AND from_ms >= ? AND from_ms < ?`,
        site,
        device,
        agent,
        from_ms,
        end_ms,
      );
      for (const row of rows) interval(row);
      return changed_ms;
    },
    putChunk: async (row) => void chunk(row),
    async putWindow(row) {
      const before = sql.get<WindowRow>(
        'SELECT * FROM expected WHERE site = ? AND device = ? AND agent = ? AND from_ms = ?',
        row.site,
        row.device,
        row.agent,
        row.from_ms,
      );
      window(row);
      if (before === undefined || before.interval_ms !== row.interval_ms) return row.from_ms;
      return earlierEnd(before, row);
    },
    ...createDayWrites(sql),
    addOutbox: async (row) => outbox(row),
    async dropOutbox(id) {
      sql.run('DELETE FROM outbox WHERE id <= ?', id);
    },
    async dropJudgement(site) {
      for (const table of SITE_TABLES) sql.run(`DELETE FROM ${table} WHERE site = ?`, site);
    },
  };
}

/** From when on ascending rows say something else than those that began in their span before. */
function changedFrom(before: readonly IntervalRow[], rows: readonly IntervalRow[]): number | null {
  for (const [at, row] of rows.entries()) {
    const old = before[at];
    const same =
      old?.from_ms === row.from_ms &&
      old.state === row.state &&
      old.reason === row.reason &&
      old.earliest_ms === row.earliest_ms;
    if (!same) return Math.min(row.from_ms, old?.from_ms ?? row.from_ms);
    const end_ms = earlierEnd(old, row);
    if (end_ms !== null) return end_ms;
  }
  return before[rows.length]?.from_ms ?? null;
}

type Ended = { readonly to_ms: number | null };

/** Two ends of the same begin: the earlier one, if they differ. */
function earlierEnd(a: Ended, b: Ended): number | null {
  if (a.to_ms === b.to_ms) return null;
  return Math.min(a.to_ms ?? Number.MAX_SAFE_INTEGER, b.to_ms ?? Number.MAX_SAFE_INTEGER);
}
