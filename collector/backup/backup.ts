import { readdirSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { LanProofError } from '../../shared/errors.ts';
import type { Crypto } from '../../shared/evidence/crypto.ts';
import { makeFolder } from '../../shared/node/make-folder.ts';
import { syncDirectory } from '../secret-file.ts';
import { prunedFiles } from '../store/pruned.ts';
import { lockDataDir } from '../store/sqlite/data-lock.ts';
import { copyDatabase, type DatabaseCopy, openCopy } from '../store/sqlite/database-copy.ts';
import { requireStore } from '../store/sqlite/snapshot.ts';
import { BODIES_FOLDER } from '../store/sqlite/sqlite-store.ts';
import {
  BACKUP_BODIES_FOLDER,
  type CopiedBodies,
  type CopiedLog,
  DATABASE_COPY,
  MANIFEST_FILE,
  type Manifest,
  PROGRESS_FILE,
  readManifest,
  readProgress,
  writeJson,
} from './manifest.ts';
import { type CopiedFile, copyParts, hashParts } from './parts.ts';
import { checkPlace, DATABASE_DRAFT } from './place.ts';
import { copyReports, finishedReports, tidyReports } from './reports.ts';
import { bytesOf, checkContinues, headsOf } from './source.ts';

export interface BackupOptions {
  readonly data_dir: string;
  /** Where the backup lies; made if missing. */
  readonly folder: string;
  readonly crypto: Crypto;
  readonly software: string;
  /** Wall clock, UTC epoch ms. */
  readonly now_ms: () => number;
  readonly signal: AbortSignal;
  /** Called often: what is copied and how far it is, bytes. */
  readonly onProgress: (what: string, done: number, total: number) => void;
  /** Also deletes files that the store deleted by its retention. */
  readonly prune: boolean;
}

export interface BackupDone {
  readonly manifest: Manifest;
  /** Bytes of bodies that were not there before. */
  readonly new_bytes: number;
  /** Bytes of issued reports that were not there before. */
  readonly new_report_bytes: number;
  /** Files that the database names and the store does not have whole. */
  readonly missing: readonly string[];
  /** Ids of reports whose record the store cannot read. */
  readonly unreadable: readonly string[];
}

/**
 * Copies a store, also beside its collector. What was there before counts until the new list
 * stands; broken off, the next run goes on. Throws BACKUP_*, FILE_DIFFERS and the store's errors.
 */
export async function makeBackup(options: BackupOptions): Promise<BackupDone> {
  const { data_dir, folder } = options;
  requireStore(data_dir);
  checkPlace(data_dir, folder);
  makeFolder(join(folder, BACKUP_BODIES_FOLDER), 0o700);
  const lock = lockFolder(folder);
  try {
    return await backUp(options);
  } catch (error) {
    throw explained(error, folder);
  } finally {
    lock.release();
  }
}

async function backUp(options: BackupOptions): Promise<BackupDone> {
  const { data_dir, folder, crypto, signal, onProgress } = options;
  const before = readManifest(folder);
  const partial = readProgress(folder);
  const draft = join(folder, DATABASE_DRAFT);
  const finished = await finishedReports(data_dir);
  await copyDatabase(data_dir, draft, {
    signal,
    onPages: (done, total) => onProgress('database, pages', done, total),
  });
  const copy = openCopy(draft);
  let logs: CopiedLog[];
  let bodies: Copied;
  try {
    for (const known of [before, partial]) {
      if (known !== null) await checkContinues(crypto, copy, known.logs, folder);
    }
    logs = await headsOf(crypto, copy);
    bodies = await copyBodies(options, copy, logs, before, partial?.bodies ?? before?.bodies ?? []);
  } finally {
    copy.close();
  }
  const issued = await copyReports(options, finished.files, before?.reports ?? []);
  const made_ms = options.now_ms();
  const database = await keepDatabase(options, draft, made_ms);
  const { schema } = copy;
  const { software } = options;
  const isKept = ({ gone }: CopiedBodies): boolean => !gone || !options.prune;
  const kept = { bodies: bodies.files.filter(isKept), reports: issued.reports.filter(isKept) };
  signal.throwIfAborted();
  const manifest: Manifest = { v: 1, made_ms, software, schema, database, logs, ...kept };
  await writeJson(folder, MANIFEST_FILE, manifest);
  await tidy(folder, manifest, options.prune ? bodies.files : []);
  await tidyReports(folder, manifest.reports);
  const { new_bytes, missing } = bodies;
  const { unreadable } = finished;
  return { manifest, new_bytes, new_report_bytes: issued.new_bytes, missing, unreadable };
}

interface Copied {
  readonly files: CopiedBodies[];
  readonly new_bytes: number;
  readonly missing: string[];
}

async function copyBodies(
  options: BackupOptions,
  copy: DatabaseCopy,
  logs: readonly CopiedLog[],
  before: Manifest | null,
  known: readonly CopiedBodies[],
): Promise<Copied> {
  const { folder, data_dir, signal } = options;
  const ends = new Map((before?.bodies ?? []).map(({ file, bytes }) => [file, bytes]));
  copy.bodyEnds(before?.logs ?? [], ends, signal);
  const done = new Map(known.map((one) => [one.file, one]));
  const pruned = await prunedFiles(copy.evidence);
  const missing: string[] = [];
  let new_bytes = 0;
  for (const [file, end] of [...ends].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const had = done.get(file);
    const from = join(data_dir, BODIES_FOLDER, file);
    const size = await bytesOf(from);
    if (size < 0) {
      const gone = pruned.has(file);
      if (!gone) missing.push(file);
      if (had !== undefined) done.set(file, { ...had, gone });
      continue;
    }
    if (size < end) missing.push(file);
    const bytes = Math.max(Math.min(end, size), had?.bytes ?? 0);
    if (had?.bytes === bytes) {
      done.set(file, { ...had, gone: false });
      continue;
    }
    const to = join(folder, BACKUP_BODIES_FOLDER, file);
    const onBytes = (at: number): void => options.onProgress(`bodies ${file}`, at, bytes);
    const kept = had ?? null;
    const parts = await copyParts({ ...{ from, to, bytes, kept, onBytes, signal } });
    new_bytes += bytes - (had?.bytes ?? 0);
    done.set(file, { file, bytes, parts, gone: false });
    const bodies = [...done.values()];
    await writeJson(folder, PROGRESS_FILE, { v: 1, logs, bodies });
  }
  syncDirectory(join(folder, BACKUP_BODIES_FOLDER));
  const files = [...done.values()].sort((a, b) => (a.file < b.file ? -1 : 1));
  return { files, new_bytes, missing };
}

/** Gives the copied database its name for good, with its hash as it lies on the disk. */
async function keepDatabase(
  { folder, signal, onProgress }: BackupOptions,
  draft: string,
  made_ms: number,
): Promise<CopiedFile> {
  const handle = await open(draft, 'r+');
  let bytes: number;
  try {
    await handle.chmod(0o600);
    await handle.sync();
    bytes = (await handle.stat()).size;
  } finally {
    await handle.close();
  }
  const onBytes = (done: number): void => onProgress('database, reading back', done, bytes);
  const parts = await hashParts(draft, bytes, { signal, onBytes });
  const file = `lanproof-${new Date(made_ms).toISOString().replace(/[-:.]/g, '')}.db`;
  await rename(draft, join(folder, file));
  syncDirectory(folder);
  return { file, bytes, parts };
}

/** What the new list does not name any more. */
async function tidy(
  folder: string,
  { database }: Manifest,
  bodies: readonly CopiedBodies[],
): Promise<void> {
  for (const name of readdirSync(folder)) {
    const old = DATABASE_COPY.test(name) && name !== database.file;
    if (old || name === PROGRESS_FILE) await rm(join(folder, name), { force: true });
  }
  for (const { file, gone } of bodies) {
    if (gone) await rm(join(folder, BACKUP_BODIES_FOLDER, file), { force: true });
  }
}

export function lockFolder(folder: string): { release(): void } {
  try {
    return lockDataDir(folder);
  } catch (cause) {
    if (!(cause instanceof LanProofError) || cause.code !== 'DATA_DIR_IN_USE') throw cause;
    throw new LanProofError('BACKUP_BUSY', 'another command works on this backup', {
      hint: 'wait until it is done',
      place: folder,
      cause,
    });
  }
}

/** The disk of the backup is meant, not the store's. */
function explained(error: unknown, folder: string): unknown {
  const code = String(Object(error).code ?? '');
  if (!/^(ENOSPC|EDQUOT|SQLITE_FULL|DISK_FULL)$/.test(code)) return error;
  return new LanProofError('BACKUP_DISK_FULL', 'the disk under the backup is full', {
    hint: 'make space and run the same command again: it goes on where it stopped',
    place: folder,
    cause: error,
  });
}
