import type { DayMark, DayStoreRow, DaySumsRow, SeenStoreRow } from '../rows-judgement.ts';
import type { JudgementReads, JudgementWrites } from '../store-judgement.ts';
import type { Connection } from './connection.ts';
import { rowWriter } from './row-writer.ts';
import { bit, orNull, plain } from './values.ts';

const SEEN_COLUMNS = ['site', 'key', 'from_ms', 'to_ms', 'body'] as const;
const DAY_COLUMNS = [
  'site',
  'day_ms',
  'end_ms',
  'log',
  'leaf',
  'rules',
  'later_word',
  'sums_all',
  'sums_working',
  'intervals',
  'incidents',
  'findings',
  'carry',
] as const;

/** Not the mark of the `day` documents (day-leaves.ts). */
const DAY = `SELECT ${DAY_COLUMNS.join(', ')} FROM day`;

type DayReads = Pick<JudgementReads, 'seen' | 'days' | 'newestDay' | 'newestDayMark' | 'daySums'>;
type DayWrites = Pick<JudgementWrites, 'putSeen' | 'putDay' | 'dropDays'>;

interface DayCells extends Omit<DayStoreRow, 'later_word'> {
  readonly later_word: number;
}

export function createDayReads(sql: Connection): DayReads {
  const toDay = (row: DayCells): DayStoreRow => ({
    ...row,
    later_word: row.later_word === 1,
    intervals: plain(row.intervals),
    incidents: plain(row.incidents),
    findings: plain(row.findings),
    carry: plain(row.carry),
  });
  return {
    seen: async (site, from_ms, to_ms, prefix = '') =>
      sql.all<SeenStoreRow>(
        'SELECT * FROM seen WHERE site = ? AND to_ms >= ? AND from_ms <= ? UNION' +
          " SELECT * FROM seen WHERE site = ? AND key >= ? || '/' AND key < ? || '0' ORDER BY key",
        site,
        from_ms,
        to_ms,
        site,
        // Without one nothing: no key begins with a slash.
        prefix,
        prefix,
      ),
    days: async (site, from_ms, to_ms) =>
      sql
        .all<DayCells>(
          `${DAY} WHERE site = ? AND day_ms < ? AND end_ms > ? ORDER BY day_ms`,
          site,
          to_ms,
          from_ms,
        )
        .map(toDay),
    async newestDay(site) {
      const row = sql.get<DayCells>(`${DAY} WHERE site = ? ORDER BY day_ms DESC LIMIT 1`, site);
      return row === undefined ? null : toDay(row);
    },
    newestDayMark: async (site) =>
      orNull(
        sql.get<DayMark>(
          'SELECT site, day_ms, end_ms, log, leaf, rules FROM day WHERE site = ?' +
            ' ORDER BY day_ms DESC LIMIT 1',
          site,
        ),
      ),
    daySums: async (sites, from_ms, to_ms, hours) =>
      sql.all<DaySumsRow>(
        `SELECT site, day_ms, end_ms, rules, sums_${hours} AS sums FROM day` +
          ' WHERE site IN (SELECT value FROM json_each(?)) AND day_ms >= ? AND day_ms < ?' +
          ' AND end_ms <= ? ORDER BY site, day_ms',
        JSON.stringify(sites),
        from_ms,
        to_ms,
        to_ms,
      ),
  };
}

export function createDayWrites(sql: Connection): DayWrites {
  const seen = rowWriter(sql, 'seen', SEEN_COLUMNS, ['site', 'key']);
  const day = rowWriter(sql, 'day', DAY_COLUMNS, ['site', 'day_ms']);
  return {
    async putSeen(row) {
      const before = sql.get<SeenStoreRow>(
        'SELECT * FROM seen WHERE site = ? AND key = ?',
        row.site,
        row.key,
      );
      if (before?.body === row.body && before.from_ms === row.from_ms) {
        if (before.to_ms === row.to_ms) return null;
        seen(row);
        // It only grew or shrank: what it told of before the earlier end is still so.
        return Math.min(before.to_ms, row.to_ms);
      }
      seen(row);
      return Math.min(row.from_ms, before?.from_ms ?? row.from_ms);
    },
    putDay: async (row) => void day({ ...row, later_word: bit(row.later_word) }),
    dropDays: async (site, from_ms) =>
      sql.run('DELETE FROM day WHERE site = ? AND end_ms > ?', site, from_ms).changes,
  };
}
