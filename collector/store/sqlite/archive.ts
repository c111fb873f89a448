import { LanProofError } from '../../../shared/errors.ts';
import { archivedBefore, prunedFiles } from '../pruned.ts';
import type { BodyRef } from '../rows.ts';
import type { IntervalRow } from '../rows-judgement.ts';
import type { JudgementWrites } from '../store-judgement.ts';
import type { Connection } from './connection.ts';
import { createDocumentReads } from './document-reads.ts';

/** What the retention deleted, as its documents say; asked once, until one is added. */
export interface Archive {
  /** Judgement before this is kept as it stands, UTC epoch ms; 0: none is. */
  before_ms(): Promise<number>;
  isPruned(file: string): Promise<boolean>;
  forget(): void;
}

export function createArchive(sql: Connection): Archive {
  const reads = createDocumentReads(sql);
  let files: ReadonlySet<string> | undefined;
  const known = async (): Promise<ReadonlySet<string>> => {
    files ??= await prunedFiles(reads);
    return files;
  };
  return {
    before_ms: async () => archivedBefore(await known()),
    isPruned: async (file) => (await known()).has(file),
    forget: () => {
      files = undefined;
    },
  };
}

/** A body that is gone by the retention is no damage. */
export function bodyPruned({ file, offset, length }: BodyRef): LanProofError {
  return new LanProofError('BODY_PRUNED', `${file}:${offset}+${length} was deleted by retention`, {
    hint: 'a prune document of the ledger says so; an older backup may still hold it',
    place: file,
  });
}

/**
 * Judgement of time whose bodies are gone stays as it was archived, whatever is judged anew: what
 * was measured then would only come out as unknown.
 */
export function archivedWrites(
  sql: Connection,
  archive: Pick<Archive, 'before_ms'>,
  writes: JudgementWrites,
): JudgementWrites {
  const exists = (text: string, ...key: (string | number)[]): boolean =>
    sql.get(text, ...key) !== undefined;
  return {
    ...writes,
    async putIntervals(rows) {
      const fresh = clipped(sql, rows, await archive.before_ms());
      return fresh.length === 0 ? null : await writes.putIntervals(fresh);
    },
    async putChunk(row) {
      const { site, agent, hour_ms } = row;
      const KEPT = 'SELECT 1 FROM chunk WHERE site = ? AND agent = ? AND hour_ms = ?';
      const archived = hour_ms < (await archive.before_ms());
      if (archived && exists(KEPT, site, agent, hour_ms)) return;
      await writes.putChunk(row);
    },
    async putDay(row) {
      const { site, day_ms } = row;
      const archived = day_ms < (await archive.before_ms());
      if (archived && exists('SELECT 1 FROM day WHERE site = ? AND day_ms = ?', site, day_ms)) {
        return;
      }
      await writes.putDay(row);
    },
    async putSeen(row) {
      const archived = row.to_ms < (await archive.before_ms());
      if (archived && exists('SELECT 1 FROM seen WHERE site = ? AND key = ?', row.site, row.key)) {
        return null;
      }
      return await writes.putSeen(row);
    },
    async dropDays(site, from_ms) {
      const before_ms = await archive.before_ms();
      if (before_ms === 0) return await writes.dropDays(site, from_ms);
      const text = 'DELETE FROM day WHERE site = ? AND end_ms > ? AND day_ms >= ?';
      return sql.run(text, site, from_ms, before_ms).changes;
    },
    async dropJudgement(site) {
      const before_ms = await archive.before_ms();
      if (before_ms === 0) await writes.dropJudgement(site);
      else dropSince(sql, site, before_ms);
    },
  };
}

/**
 * Rows of archived time are left out. The one that reaches over its end goes on what was archived
 * where that says the same, so that an outage keeps its beginning; else it begins there.
 */
function clipped(
  sql: Connection,
  rows: readonly IntervalRow[],
  before_ms: number,
): readonly IntervalRow[] {
  const [first] = rows;
  if (first === undefined || first.from_ms >= before_ms) return rows;
  return rows
    .filter(({ to_ms }) => to_ms === null || to_ms > before_ms)
    .map((row) => (row.from_ms < before_ms ? joined(sql, row, before_ms) : row));
}

/** States that are no silence. */
const ANSWERS: ReadonlySet<string> = new Set(['up', 'unknown']);

function joined(sql: Connection, row: IntervalRow, before_ms: number): IntervalRow {
  const kept = sql.get<IntervalRow>(
    'SELECT * FROM interval WHERE site = ? AND device = ? AND agent = ? AND from_ms < ?' +
      ' ORDER BY from_ms DESC LIMIT 1',
    row.site,
    row.device,
    row.agent,
    before_ms,
  );
  const reaches = kept !== undefined && (kept.to_ms === null || kept.to_ms >= before_ms);
  // A silence that is archived goes on: that it once answered was told by what is gone.
  const silent = row.reason === 'never_answered' && !ANSWERS.has(kept?.state ?? 'unknown');
  if (!reaches || (kept.state !== row.state && !silent)) return { ...row, from_ms: before_ms };
  const { from_ms, state, reason, earliest_ms } = kept;
  return { ...row, from_ms, state, reason, earliest_ms };
}

/** As `dropJudgement`, for the time from `before_ms` on. */
function dropSince(sql: Connection, site: string, before_ms: number): void {
  for (const table of ['judge_state', 'judge_progress', 'judge_fault', 'expected', 'day_leaf']) {
    sql.run(`DELETE FROM ${table} WHERE site = ?`, site);
  }
  for (const [table, column] of SINCE) {
    sql.run(`DELETE FROM ${table} WHERE site = ? AND ${column} >= ?`, site, before_ms);
  }
  sql.run(
    'UPDATE interval SET to_ms = ? WHERE site = ? AND (to_ms IS NULL OR to_ms > ?)',
    before_ms,
    site,
    before_ms,
  );
}

const SINCE = [
  ['interval', 'from_ms'],
  ['chunk', 'hour_ms'],
  ['seen', 'to_ms'],
  ['day', 'day_ms'],
  ['series_kept', 'day_ms'],
  ['series_day', 'day_ms'],
] as const;
