import type { Position } from '../rows.ts';
import type { SeriesDayRow, SeriesKeptRow, SeriesReads, SeriesWrites } from '../store-series.ts';
import type { Connection } from './connection.ts';
import { rowWriter } from './row-writer.ts';
import { orNull, plain } from './values.ts';

/** Tables that hold history; `dropJudgement` empties them, too. */
export const SERIES_TABLES = ['series_kept', 'series_day'] as const;
const KEPT_KEY = ['site', 'agent', 'day_ms'] as const;
const KEPT_COLUMNS = [...KEPT_KEY, 'version', 'log', 'leaf'] as const;
const DAY_KEY = ['site', 'device', 'day_ms', 'agent'] as const;

export function createSeriesReads(sql: Connection): SeriesReads {
  return {
    seriesKept: async (site, from_ms, to_ms) =>
      sql.all<SeriesKeptRow>(
        'SELECT * FROM series_kept WHERE site = ? AND day_ms >= ? AND day_ms < ?' +
          ' ORDER BY agent, day_ms',
        site,
        from_ms,
        to_ms,
      ),
    newestSeriesDay: async (site, agent, version) =>
      orNull(
        sql.get<SeriesKeptRow>(
          'SELECT * FROM series_kept WHERE site = ? AND agent = ? AND version = ?' +
            ' ORDER BY day_ms DESC LIMIT 1',
          site,
          agent,
          version,
        ),
      ),
    seriesDays: async (site, device, from_ms, to_ms) =>
      sql
        .all<SeriesDayRow>(
          'SELECT device, day_ms, agent, body FROM series_day WHERE site = ? AND device = ?' +
            ' AND day_ms >= ? AND day_ms < ? ORDER BY day_ms, agent',
          site,
          device,
          from_ms,
          to_ms,
        )
        .map((row) => ({ ...row, body: plain(row.body) })),
    async chunkHours(site, agent) {
      const row = sql.get<{ first_ms: number | null; last_ms: number | null }>(
        'SELECT (SELECT hour_ms FROM chunk WHERE site = ? AND agent = ? ORDER BY hour_ms LIMIT 1)' +
          ' AS first_ms, (SELECT hour_ms FROM chunk WHERE site = ? AND agent = ?' +
          ' ORDER BY hour_ms DESC LIMIT 1) AS last_ms',
        site,
        agent,
        site,
        agent,
      );
      const { first_ms = null, last_ms = null } = row ?? {};
      return first_ms === null || last_ms === null ? null : { first_ms, last_ms };
    },
    leafBefore: async (site, recv_ms) => leafBefore(sql, site, recv_ms),
  };
}

interface LeafTime {
  readonly leaf: number;
  readonly recv_ms: number;
}

/** Leaves have no index by time, which each batch would pay for; their order is halved instead. */
function leafBefore(sql: Connection, site: string, recv_ms: number): Position {
  const logs = sql.all<{ log: number }>('SELECT log FROM log ORDER BY log');
  let end: Position = { log: 0, leaf: -1 };
  for (const { log } of logs) {
    const last = sql.get<LeafTime>(
      'SELECT idx AS leaf, recv_ms FROM leaf WHERE site = ? AND log = ? ORDER BY idx DESC LIMIT 1',
      site,
      log,
    );
    if (last === undefined) continue;
    end = { log, leaf: last.leaf };
    if (last.recv_ms < recv_ms) continue;
    let [before, after] = [-1, last.leaf];
    while (after - before > 1) {
      const middle = Math.floor((before + after) / 2);
      const found = sql.get<LeafTime>(
        'SELECT idx AS leaf, recv_ms FROM leaf WHERE site = ? AND log = ? AND idx >= ?' +
          ' ORDER BY idx LIMIT 1',
        site,
        log,
        middle,
      );
      if (found !== undefined && found.recv_ms < recv_ms) before = found.leaf;
      else after = middle;
    }
    return { log, leaf: before };
  }
  return end;
}

export function createSeriesWrites(sql: Connection): SeriesWrites {
  const kept = rowWriter(sql, 'series_kept', KEPT_COLUMNS, KEPT_KEY);
  const day = rowWriter(sql, 'series_day', [...DAY_KEY, 'body'], DAY_KEY);
  return {
    async keepSeriesDay(row, devices) {
      const { site, agent, day_ms } = row;
      const key = 'WHERE site = ? AND agent = ? AND day_ms = ?';
      const old = sql.get(`SELECT 1 FROM series_kept ${key}`, site, agent, day_ms);
      // An earlier version may have known more devices; a search that a new day does without.
      if (old !== undefined) sql.run(`DELETE FROM series_day ${key}`, site, agent, day_ms);
      for (const { device, body } of devices) day({ site, device, day_ms, agent, body });
      kept({ ...row });
    },
  };
}
