import { existsSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { LanProofError } from '../../../shared/errors.ts';
import { giveToOwner } from '../../../shared/node/folder-owner.ts';
import { makeFolder } from '../../../shared/node/make-folder.ts';

export const LOCK_FILE = 'collector.lock';
/** Stands in a data directory while a backup is put into it. */
export const RESTORE_FILE = 'restore.unfinished';

/** Held while a collector owns its data directory. */
export interface DataLock {
  release(): void;
}

/**
 * Takes the data directory for this process. The operating system holds the lock (SQLite's own
 * file lock, which works across containers that share the folder) and drops it with the process,
 * however that ends. `restoring`: also where a restore was broken off. Throws LanProofError
 * DATA_DIR_IN_USE, DATA_DIR_UNUSABLE or RESTORE_UNFINISHED.
 */
export function lockDataDir(data_dir: string, how: { restoring?: boolean } = {}): DataLock {
  if (how.restoring !== true) refuseUnfinished(data_dir);
  const path = join(data_dir, LOCK_FILE);
  try {
    makeFolder(data_dir, 0o700);
    const database = new Database(path, { timeout: 0 });
    try {
      database.pragma('journal_mode = DELETE');
      database.exec('BEGIN EXCLUSIVE');
      // A command of root may be the first one here; the collector must be able to lock it, too.
      giveToOwner(path);
    } catch (error) {
      database.close();
      throw error;
    }
    return {
      release() {
        if (database.inTransaction) database.exec('ROLLBACK');
        database.close();
      },
    };
  } catch (cause) {
    const code = (cause as { code?: string }).code ?? 'unknown';
    if (code === 'SQLITE_BUSY') {
      throw new LanProofError('DATA_DIR_IN_USE', 'another collector works on this data directory', {
        hint: 'stop it first, or give this one its own data_dir',
        place: data_dir,
        cause,
      });
    }
    throw new LanProofError('DATA_DIR_UNUSABLE', `cannot be used (${code})`, {
      hint: 'check that the disk is not full or read-only and that this user may write there',
      place: data_dir,
      cause,
    });
  }
}

/** Half a store looks like an empty one: a collector would begin a new history in it. */
function refuseUnfinished(data_dir: string): void {
  if (!existsSync(join(data_dir, RESTORE_FILE))) return;
  throw new LanProofError('RESTORE_UNFINISHED', 'a restore into this directory was broken off', {
    hint: 'run the same lanproof restore again; it begins anew',
    place: data_dir,
  });
}
