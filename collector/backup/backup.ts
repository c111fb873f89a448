import { readdirSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { LanProofError } from '../../shared/errors.ts';
import type { Crypto } from '../../shared/evidence/crypto.ts';
import { makeFolder } from '../../shared/node/make-folder.ts';
import { syncDirectory } from '../../shared/node/whole-file.ts';
import { copyDatabase, openCopy } from '../store/sqlite/database-copy.ts';
import { requireStore } from '../store/sqlite/snapshot.ts';
import { type CopiedAll, copyBodies, tidyBodies } from './bodies.ts';
import { lockFolder } from './lock.ts';
import {
  BACKUP_BODIES_FOLDER,
  BACKUP_REPORTS_FOLDER,
  type CopiedBodies,
  type CopiedLog,
  DATABASE_COPY,
  FORMER_FILE,
  MANIFEST_FILE,
  type Manifest,
  PROGRESS_FILE,
  readManifest,
  readProgress,
  writeJson,
} from './manifest.ts';
import { type CopiedFile, hashParts } from './parts.ts';
import { checkPlace, DATABASE_DRAFT } from './place.ts';
import { copyReports, finishedReports, tidyReports } from './reports.ts';
import { checkContinues, headsOf } from './source.ts';

const DISK_FULL = /^(ENOSPC|EDQUOT|SQLITE_FULL|DISK_FULL)$/;

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
  /** Also reads back what was copied before, and copies anew what differs from the list. */
  readonly repair: boolean;
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
  /** Files that the disk of the backup had lost, and that were copied anew. */
  readonly again: readonly string[];
}

/**
 * Copies a store, also beside its collector. What was there before counts until the new list
 * stands; broken off, the next run goes on. Throws BACKUP_*, FILE_DIFFERS and the store's errors.
 */
export async function makeBackup(options: BackupOptions): Promise<BackupDone> {
  const { data_dir, folder } = options;
  requireStore(data_dir);
  checkPlace(data_dir, folder);
  try {
    makeFolder(join(folder, BACKUP_BODIES_FOLDER), 0o700);
    const lock = lockFolder(folder);
    try {
      return await backUp(options);
    } finally {
      lock.release();
    }
  } catch (error) {
    throw explained(error, folder);
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
  let bodies: CopiedAll;
  try {
    for (const known of [before, partial]) {
      if (known !== null) await checkContinues(crypto, copy, known.logs, folder);
    }
    logs = await headsOf(crypto, copy);
    bodies = await copyBodies(options, copy, logs, before, partial);
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
  const former = before === null ? null : formerOf(before, manifest);
  if (former !== null) await writeJson(folder, FORMER_FILE, former);
  await writeJson(folder, MANIFEST_FILE, manifest);
  if (options.prune) await tidyBodies(folder, manifest.bodies);
  const lists = former === null ? [manifest] : [manifest, former];
  await tidyReports(
    folder,
    lists.flatMap(({ reports }) => reports),
  );
  // The progress file last: while it is there, a run of before was cut off.
  await tidy(folder, lists);
  return {
    ...{ manifest, new_bytes: bodies.new_bytes, new_report_bytes: issued.new_bytes },
    ...{ missing: bodies.missing, unreadable: finished.unreadable },
    again: [
      ...bodies.again.map((file) => `${BACKUP_BODIES_FOLDER}/${file}`),
      ...issued.again.map((file) => `${BACKUP_REPORTS_FOLDER}/${file}`),
    ],
  };
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

/** The list of the backup before, without what was deleted for good since. */
function formerOf(before: Manifest, { bodies, reports }: Manifest): Manifest {
  const files = new Set(bodies.map(({ file }) => file));
  const names = new Set(reports.map(({ id, name }) => `${id}/${name}`));
  return {
    ...before,
    bodies: before.bodies.filter(({ file }) => files.has(file)),
    reports: before.reports.filter(({ id, name }) => names.has(`${id}/${name}`)),
  };
}

/** What no list names any more. */
async function tidy(folder: string, lists: readonly Manifest[]): Promise<void> {
  const databases = new Set(lists.map(({ database }) => database.file));
  for (const name of readdirSync(folder)) {
    const old = DATABASE_COPY.test(name) && !databases.has(name);
    if (old || name === PROGRESS_FILE) await rm(join(folder, name), { force: true });
  }
}

/** The disk of the backup is meant, not the store's. */
function explained(error: unknown, folder: string): unknown {
  // The lock fails first, and says so as the reason that the folder cannot be used.
  const codes = [error, Object(error).cause].map((one) => String(Object(one).code));
  if (!codes.some((code) => DISK_FULL.test(code))) return error;
  return new LanProofError('BACKUP_DISK_FULL', 'the disk under the backup is full', {
    hint: 'make space and run the same command again: it goes on where it stopped',
    place: folder,
    cause: error,
  });
}
