import { existsSync, readdirSync } from 'node:fs';
import { open, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LanProofError } from '../../shared/errors.ts';
import { giveAllToOwner } from '../../shared/node/folder-owner.ts';
import { makeFolder } from '../../shared/node/make-folder.ts';
import { DRAFT_ENDING, syncDirectory } from '../../shared/node/whole-file.ts';
import { NOTE_ENDING } from '../key-replacement.ts';
import { DOCUMENT_KEY_FILE, LOG_KEY_FILE } from '../keys.ts';
import { REPORTS_FOLDER } from '../report/issue/shelf.ts';
import { LOCK_FILE, lockDataDir, RESTORE_FILE } from '../store/sqlite/data-lock.ts';
import { dropLeases } from '../store/sqlite/database-copy.ts';
import { BODIES_FOLDER, DATABASE_FILE } from '../store/sqlite/sqlite-store.ts';
import { CERTIFICATE_FILE, TLS_FILE } from '../tls.ts';
import { requireBackup } from './check-backup.ts';
import { lockForReading } from './lock.ts';
import { BACKUP_BODIES_FOLDER, BACKUP_REPORTS_FOLDER, type Manifest } from './manifest.ts';
import { type CopiedFile, copyParts } from './parts.ts';
import { salvage } from './salvage.ts';

const DRAFT = `${DATABASE_FILE}.new`;
const KEY_FILES = [LOG_KEY_FILE, DOCUMENT_KEY_FILE] as const;
const NOTES = KEY_FILES.map((key) => key + NOTE_ENDING);
const OWN_FILES: readonly string[] = [...KEY_FILES, TLS_FILE, CERTIFICATE_FILE, ...NOTES];
/** May lie there before: keys that were imported first, and what a crash left of writing them. */
const ALLOWED = [...OWN_FILES, ...OWN_FILES.map((own) => own + DRAFT_ENDING), LOCK_FILE];

export interface RestoreOptions {
  readonly folder: string;
  readonly data_dir: string;
  /** The backup before the newest one; default: the newest. */
  readonly former?: boolean;
  /** Goes on where bodies or reports are damaged; the database must be whole. */
  readonly with_damage?: boolean;
  readonly signal: AbortSignal;
  readonly onProgress: (what: string, done: number, total: number) => void;
}

export interface Restored {
  readonly manifest: Manifest;
  /** Key files that a person must still put there. */
  readonly missing_keys: readonly string[];
  /** Files that are not as listed: put there as far as they could be read. */
  readonly damaged: readonly string[];
}

/**
 * Puts a backup into a new data directory; every byte is compared with the list on the way. The
 * next start opens a new log, because no head sentinel is there. Broken off, nothing starts on it
 * and the next run begins anew. Throws NO_BACKUP, BACKUP_BUSY, BACKUP_DAMAGED, DATA_DIR_NOT_EMPTY.
 */
export async function restoreBackup(options: RestoreOptions): Promise<Restored> {
  // First, so that a folder that is no backup gets no lock file.
  requireBackup(options.folder, options.former);
  const lock = lockForReading(options.folder);
  try {
    return await restoreAll(options);
  } finally {
    lock.release();
  }
}

async function restoreAll(options: RestoreOptions): Promise<Restored> {
  const { folder, data_dir } = options;
  const manifest = requireBackup(folder, options.former);
  checkEmpty(data_dir);
  makeFolder(data_dir, 0o700);
  const damaged: string[] = [];
  const lock = lockDataDir(data_dir, { restoring: true });
  try {
    await writeFile(join(data_dir, RESTORE_FILE), '', { mode: 0o600 });
    syncDirectory(data_dir);
    damaged.push(...(await bringBodies(options, manifest)));
    damaged.push(...(await bringReports(options, manifest)));
    await bringDatabase(options, manifest.database);
    giveAllToOwner(data_dir);
    await rm(join(data_dir, RESTORE_FILE));
    syncDirectory(data_dir);
  } finally {
    lock.release();
  }
  const missing_keys = KEY_FILES.filter((name) => !existsSync(join(data_dir, name)));
  return { manifest, missing_keys, damaged };
}

async function bringBodies(options: RestoreOptions, { bodies }: Manifest): Promise<string[]> {
  const { folder, data_dir } = options;
  const target = join(data_dir, BODIES_FOLDER);
  await rm(target, { recursive: true, force: true });
  makeFolder(target, 0o700);
  const damaged: string[] = [];
  for (const one of bodies) {
    // Deleted by the store's retention before: it would only be deleted again.
    if (one.gone) continue;
    const from = join(folder, BACKUP_BODIES_FOLDER, one.file);
    const whole = await bringAnyway(options, one, from, join(target, one.file));
    if (!whole) damaged.push(`${BODIES_FOLDER}/${one.file}`);
  }
  syncDirectory(target);
  return damaged;
}

async function bringReports(options: RestoreOptions, { reports }: Manifest): Promise<string[]> {
  const root = join(options.data_dir, REPORTS_FOLDER);
  await rm(root, { recursive: true, force: true });
  makeFolder(root, 0o700);
  const damaged: string[] = [];
  for (const one of reports) {
    if (one.gone) continue;
    makeFolder(join(root, one.id), 0o700);
    const from = join(options.folder, BACKUP_REPORTS_FOLDER, one.file);
    const whole = await bringAnyway(options, one, from, join(root, one.id, one.name));
    if (!whole) damaged.push(`${REPORTS_FOLDER}/${one.id}/${one.name}`);
    syncDirectory(join(root, one.id));
  }
  syncDirectory(root);
  return damaged;
}

/** False where the file is damaged, and that was said to be no reason to stop. */
async function bringAnyway(
  options: RestoreOptions,
  listed: CopiedFile,
  from: string,
  to: string,
): Promise<boolean> {
  const { with_damage = false, signal } = options;
  try {
    await bring(options, listed, from, to);
    return true;
  } catch (error) {
    if (!with_damage || !(error instanceof LanProofError) || error.code !== 'BACKUP_DAMAGED') {
      throw error;
    }
    await salvage(from, to, { bytes: listed.bytes, signal });
    return false;
  }
}

async function bringDatabase(options: RestoreOptions, listed: CopiedFile): Promise<void> {
  const { folder, data_dir } = options;
  const draft = join(data_dir, DRAFT);
  await rm(draft, { force: true });
  await bring(options, listed, join(folder, listed.file), draft);
  dropLeases(draft);
  const handle = await open(draft, 'r+');
  await handle.sync().finally(() => handle.close());
  await rename(draft, join(data_dir, DATABASE_FILE));
  syncDirectory(data_dir);
}

async function bring(
  { signal, onProgress }: RestoreOptions,
  { file, bytes, parts }: CopiedFile,
  from: string,
  to: string,
): Promise<void> {
  const onBytes = (done: number): void => onProgress(file, done, bytes);
  let found: readonly string[];
  try {
    found = await copyParts({ from, to, bytes, kept: null, onBytes, signal });
  } catch (cause) {
    const { code, syscall } = Object(cause);
    if (code !== 'FILE_SHORT' && code !== 'ENOENT' && syscall !== 'read') throw cause;
    throw damaged(from, cause);
  }
  if (found.length !== parts.length || found.some((part, at) => part !== parts[at])) {
    throw damaged(from);
  }
}

function checkEmpty(data_dir: string): void {
  if (!existsSync(data_dir) || existsSync(join(data_dir, RESTORE_FILE))) return;
  const odd = readdirSync(data_dir).find((name) => !ALLOWED.includes(name));
  if (odd === undefined) return;
  throw new LanProofError('DATA_DIR_NOT_EMPTY', `the directory holds ${odd}`, {
    hint: 'restore into a new directory; keep the old one, it may hold what the backup lacks',
    place: data_dir,
  });
}

function damaged(place: string, cause?: unknown): LanProofError {
  return new LanProofError('BACKUP_DAMAGED', 'the file is not the one in the list', {
    hint: 'lanproof backup --check names all; restore --with-damage what is whole, or --former',
    place,
    ...(cause === undefined ? {} : { cause }),
  });
}
