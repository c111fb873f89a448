import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { LanProofError } from '../../../shared/errors.ts';
import type { ReadUnit } from '../store.ts';
import { createReaders } from './body-readers.ts';
import { type Connection, openConnection } from './connection.ts';
import { createDayLeafReads } from './day-leaves.ts';
import { createEvidenceReads } from './evidence-reads.ts';
import { createInventoryReads } from './inventory.ts';
import { createJudgementReads } from './judgement.ts';
import { createPeopleReads } from './people.ts';
import { createSeriesReads } from './series.ts';
import { BODIES_FOLDER, DATABASE_FILE, MIGRATIONS_FOLDER } from './sqlite-store.ts';

/** A store that is only looked at, also while its collector works. */
export interface StoreSnapshots {
  /**
   * Runs `work` over one committed state, however long it takes and whatever is committed
   * meanwhile. One at a time.
   */
  at<T>(work: (unit: ReadUnit) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** Says that a directory holds no store; whoever opens one for a person asks first. */
export function requireStore(data_dir: string): void {
  if (existsSync(join(data_dir, DATABASE_FILE))) return;
  throw new LanProofError('NO_STORE', 'no collector has worked in this data directory yet', {
    hint: "name the collector's directory with --data DIR (data_dir of its configuration)",
    place: data_dir,
  });
}

/**
 * Opens the store of a data directory for reading; nothing in it is changed, no schema is brought
 * up to date. Throws NO_STORE, STORE_OTHER_VERSION and what `openConnection` throws.
 */
export function openSnapshots(data_dir: string): StoreSnapshots {
  requireStore(data_dir);
  const sql = openConnection(join(data_dir, DATABASE_FILE), { readonly: true });
  try {
    checkSchema(sql, data_dir);
  } catch (error) {
    sql.close();
    throw error;
  }
  const readers = createReaders(join(data_dir, BODIES_FOLDER));
  const evidence = createEvidenceReads(sql, readers);
  const unit: ReadUnit = {
    ...evidence,
    ...createInventoryReads(sql),
    ...createPeopleReads(sql),
    ...createJudgementReads(sql),
    ...createSeriesReads(sql),
    ...createDayLeafReads(sql),
  };
  return {
    async at(work) {
      // The first read fixes what all later ones see; the WAL keeps it until the end.
      sql.exec('BEGIN');
      try {
        return await work(unit);
      } finally {
        if (sql.inTransaction) sql.exec('ROLLBACK');
      }
    },
    async close() {
      sql.close();
      await readers.close();
    },
  };
}

function checkSchema(sql: Connection, place: string): void {
  const table = sql.get("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'migration'");
  const done =
    table === undefined
      ? 0
      : (sql.get<{ version: number | null }>('SELECT max(version) AS version FROM migration')
          ?.version ?? 0);
  const shipped = readdirSync(MIGRATIONS_FOLDER).filter((name) => name.endsWith('.sql')).length;
  if (done === shipped) return;
  throw new LanProofError(
    'STORE_OTHER_VERSION',
    `the store has schema ${done}, this version works with ${shipped}`,
    {
      hint:
        done < shipped
          ? 'start the collector of this version once, or run lanproof rebuild; then check'
          : 'run the check of the version that wrote the store',
      place,
    },
  );
}
