import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import { LanProofError } from '../../shared/errors.ts';
import { LOCK_FILE } from '../store/sqlite/data-lock.ts';
import {
  BACKUP_BODIES_FOLDER,
  BACKUP_REPORTS_FOLDER,
  DATABASE_COPY,
  FORMER_FILE,
  MANIFEST_FILE,
  PROGRESS_FILE,
} from './manifest.ts';

/** A copy of the database that is not whole yet. */
export const DATABASE_DRAFT = 'lanproof.db.new';

/** Files that SQLite puts beside one that is being written. */
const BESIDE = ['-journal', '-wal', '-shm'] as const;

/** Whole names: a folder `bodies-old` is somebody else's, and would never be copied or tidied. */
const OWN: ReadonlySet<string> = new Set([
  ...[MANIFEST_FILE, FORMER_FILE, PROGRESS_FILE].flatMap((name) => [name, `${name}.new`]),
  ...[BACKUP_BODIES_FOLDER, BACKUP_REPORTS_FOLDER],
  ...[DATABASE_DRAFT, LOCK_FILE].flatMap((name) => [name, ...BESIDE.map((end) => name + end)]),
]);

/** Whether a backup may lie there. Throws BACKUP_INSIDE or BACKUP_FOLDER. */
export function checkPlace(data_dir: string, folder: string): void {
  const [data, backup] = [realPath(data_dir), realPath(folder)];
  if (`${backup}${sep}`.startsWith(`${data}${sep}`) || data.startsWith(`${backup}${sep}`)) {
    throw new LanProofError('BACKUP_INSIDE', 'a backup inside the data directory is none', {
      hint: 'name a folder on another disk or machine',
      place: folder,
    });
  }
  if (!existsSync(folder)) return;
  const odd = readdirSync(folder).find((name) => !OWN.has(name) && !DATABASE_COPY.test(name));
  if (odd === undefined) return;
  throw new LanProofError('BACKUP_FOLDER', `the folder holds something else: ${odd}`, {
    hint: 'name an empty folder, or one that holds a backup of this store',
    place: folder,
  });
}

/** Links followed as far as the path exists. */
function realPath(path: string): string {
  const whole = resolve(path);
  try {
    return realpathSync(whole);
  } catch {
    const parent = dirname(whole);
    return parent === whole ? whole : join(realPath(parent), whole.slice(parent.length));
  }
}
