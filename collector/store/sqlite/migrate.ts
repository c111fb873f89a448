import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LanProofError } from '../../../shared/errors.ts';
import { makeFolder } from '../../../shared/node/make-folder.ts';
import type { Connection } from './connection.ts';

/** Numbered, forward-only, expand-only; a shipped file is never edited. */
const MIGRATION = /^(\d{4})_[a-z0-9-]+\.sql$/;

interface Migration {
  readonly version: number;
  readonly name: string;
  readonly sha256: string;
  readonly sql: string;
}

/**
 * Brings the schema up to date, each migration in its own transaction, after a snapshot of a
 * database that holds one already. Throws MIGRATION_EDITED, MIGRATION_MISSING or
 * MIGRATION_ORDER; then nothing was changed.
 */
export function migrate(
  connection: Connection,
  options: { folder: string; snapshots: string; now_ms: () => number },
): { readonly applied: number; readonly snapshot: string | null } {
  connection.exec(
    'CREATE TABLE IF NOT EXISTS migration (version INTEGER PRIMARY KEY, name TEXT NOT NULL,' +
      ' sha256 TEXT NOT NULL, applied_ms INTEGER NOT NULL) STRICT',
  );
  const files = readMigrations(options.folder);
  const done = connection.all<Omit<Migration, 'sql'>>(
    'SELECT version, name, sha256 FROM migration ORDER BY version',
  );
  for (const record of done) checkRecorded(record, files, options.folder);
  const open = files.filter(({ version }) => version > done.length);
  if (open.length === 0) return { applied: 0, snapshot: null };
  const snapshot = done.length === 0 ? null : takeSnapshot(connection, options, done.length);
  for (const { version, name, sha256, sql } of open) {
    connection.exec('BEGIN IMMEDIATE');
    try {
      connection.exec(sql);
      connection.run(
        'INSERT INTO migration (version, name, sha256, applied_ms) VALUES (?, ?, ?, ?)',
        version,
        name,
        sha256,
        options.now_ms(),
      );
      connection.exec('COMMIT');
    } catch (error) {
      if (connection.inTransaction) connection.exec('ROLLBACK');
      throw error;
    }
  }
  return { applied: open.length, snapshot };
}

function readMigrations(folder: string): Migration[] {
  const names = readdirSync(folder).filter((name) => name.endsWith('.sql'));
  return names.sort().map((name, at) => {
    const version = Number(MIGRATION.exec(name)?.[1]);
    if (version !== at + 1) {
      throw new LanProofError('MIGRATION_ORDER', `migration ${at + 1} is missing or misnamed`, {
        hint: 'install the program again as it was shipped; never rename or delete a migration',
        place: join(folder, name),
      });
    }
    const sql = readFileSync(join(folder, name), 'utf8');
    return { version, name, sha256: createHash('sha256').update(sql).digest('hex'), sql };
  });
}

function checkRecorded(
  record: Omit<Migration, 'sql'>,
  files: readonly Migration[],
  folder: string,
): void {
  const file = files[record.version - 1];
  if (file === undefined) {
    throw new LanProofError('MIGRATION_MISSING', `the database has migration ${record.name}`, {
      hint:
        'it was written by a newer version: start that one, or put back the snapshot taken ' +
        'before the upgrade (snapshots/ in the data directory)',
      place: folder,
    });
  }
  if (file.sha256 !== record.sha256) {
    throw new LanProofError('MIGRATION_EDITED', `${file.name} is not what was applied`, {
      hint: 'put the shipped file back (git checkout, or install again); write a new migration',
      place: join(folder, file.name),
    });
  }
}

/** A whole copy, because a migration that went wrong cannot be taken back. */
function takeSnapshot(
  connection: Connection,
  options: { snapshots: string; now_ms: () => number },
  version: number,
): string {
  makeFolder(options.snapshots, 0o700);
  const name = `schema-${String(version).padStart(4, '0')}-${options.now_ms()}.db`;
  const file = join(options.snapshots, name);
  connection.run('VACUUM INTO ?', file);
  return file;
}
