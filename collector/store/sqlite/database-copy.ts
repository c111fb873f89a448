import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { EvidenceReads } from '../store-evidence.ts';
import { type Connection, openConnection } from './connection.ts';
import { createEvidenceReads } from './evidence-reads.ts';
import { readSections } from './section-column.ts';
import { DATABASE_FILE } from './sqlite-store.ts';

/** Pages that are copied between two looks at the signal: 16 MB. */
const PAGES_PER_STEP = 4_000;
/** Leaves whose batches are asked for at a time. */
const LEAVES_PER_PAGE = 10_000;
/** SQLite waits so long for a lock of the collector, ms. */
const BUSY_TIMEOUT_MS = 5_000;

/**
 * Copies the database of a running collector as of one committed state. The read transaction
 * holds that state while pages are copied: without it each commit would begin the copy again.
 */
export async function copyDatabase(
  data_dir: string,
  to: string,
  options: {
    readonly onPages: (done: number, total: number) => void;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  await rm(to, { force: true });
  const source = new Database(join(data_dir, DATABASE_FILE), {
    readonly: true,
    timeout: BUSY_TIMEOUT_MS,
  });
  try {
    source.exec('BEGIN');
    source.prepare('SELECT count(*) FROM sqlite_schema').get();
    await source.backup(to, {
      progress({ totalPages, remainingPages }) {
        options.signal.throwIfAborted();
        options.onPages(totalPages - remainingPages, totalPages);
        return PAGES_PER_STEP;
      },
    });
  } finally {
    source.close();
  }
  // One file that says it all: a write-ahead log beside it would be forgotten some day.
  const copy = new Database(to);
  copy.pragma('journal_mode = DELETE');
  copy.close();
}

/** How far each log of a copy is known, by its origin. */
export type KnownLogs = readonly { readonly origin: string; readonly size: number }[];

/** What a copied database says of itself. */
export interface DatabaseCopy {
  readonly evidence: EvidenceReads;
  /** Migrations. */
  readonly schema: number;
  /** Adds, per file, where the last body of batches behind `before` ends. */
  bodyEnds(before: KnownLogs, ends: Map<string, number>, signal: AbortSignal): void;
  close(): void;
}

export function openCopy(file: string): DatabaseCopy {
  const sql = openConnection(file, { readonly: true });
  const noBodies = {
    read: () => Promise.reject(new TypeError('a copied database is asked for no bodies')),
  };
  return {
    evidence: createEvidenceReads(sql, noBodies),
    schema: schemaOf(sql),
    bodyEnds: (before, ends, signal) => readBodyEnds(sql, before, ends, signal),
    close: () => sql.close(),
  };
}

/** What SQLite says of the file's structure; `ok` is good. */
export function quickCheck(file: string): string {
  const db = new Database(file, { readonly: true });
  try {
    return String(db.pragma('quick_check(1)', { simple: true }));
  } finally {
    db.close();
  }
}

/** A lease of the collector that is gone would keep the new one out for half a minute. */
export function dropLeases(file: string): void {
  const db = new Database(file);
  db.exec('DELETE FROM lease');
  db.close();
}

function schemaOf(sql: Connection): number {
  const row = sql.get<{ version: number | null }>('SELECT max(version) AS version FROM migration');
  return row?.version ?? 0;
}

/** The rows say it: bytes behind the last named one may not have been on disk yet. */
function readBodyEnds(
  sql: Connection,
  before: KnownLogs,
  ends: Map<string, number>,
  signal: AbortSignal,
): void {
  const logs = sql.all<{ log: number; origin: string; size: number }>(
    'SELECT log, origin, coalesce((SELECT max(idx) FROM leaf WHERE leaf.log = log.log), -1) + 1' +
      ' AS size FROM log ORDER BY log',
  );
  for (const { log, origin, size } of logs) {
    const known = before.find((one) => one.origin === origin)?.size ?? 0;
    for (let from = known; from < size; from += LEAVES_PER_PAGE) {
      signal.throwIfAborted();
      const rows = sql.all<{ sections: string }>(
        'SELECT b.sections FROM leaf l JOIN batch b ON b.site = l.site AND b.agent = l.agent' +
          ' AND b.epoch = l.epoch AND b.seq = l.seq' +
          " WHERE l.log = ? AND l.idx >= ? AND l.idx < ? AND l.kind = 'batch'",
        log,
        from,
        from + LEAVES_PER_PAGE,
      );
      for (const { file, offset, length } of rows.flatMap(({ sections }) => readSections(sections)))
        ends.set(file, Math.max(ends.get(file) ?? 0, offset + length));
    }
  }
}
