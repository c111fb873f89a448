import { join } from 'node:path';
import { LanProofError } from '../../shared/errors.ts';
import type { Crypto } from '../../shared/evidence/crypto.ts';
import { openCopy, quickCheck } from '../store/sqlite/database-copy.ts';
import { unlistedBodies } from './bodies.ts';
import { faultOf } from './compare.ts';
import { lockForReading } from './lock.ts';
import {
  BACKUP_BODIES_FOLDER,
  BACKUP_REPORTS_FOLDER,
  FORMER_FILE,
  MANIFEST_FILE,
  type Manifest,
  readManifest,
} from './manifest.ts';
import type { CopiedFile } from './parts.ts';
import { headsOf } from './source.ts';

export interface CheckOptions {
  readonly folder: string;
  readonly crypto: Crypto;
  readonly signal: AbortSignal;
  readonly onProgress: (what: string, done: number, total: number) => void;
}

export interface CheckedBackup {
  readonly manifest: Manifest;
  /** A sentence for each difference; none: the backup is whole. */
  readonly faults: readonly string[];
  /** Files of bodies that the list does not name: of a broken-off run, or deleted in the store. */
  readonly unlisted: readonly string[];
}

/**
 * Compares all files of a backup with its list, and the database with the heads in it. Throws
 * NO_BACKUP, BACKUP_BUSY and BACKUP_DAMAGED.
 */
export async function checkBackup(options: CheckOptions): Promise<CheckedBackup> {
  const { folder } = options;
  // First, so that a folder that is no backup gets no lock file.
  requireBackup(folder);
  const lock = lockForReading(folder);
  try {
    return await compareAll(options);
  } finally {
    lock.release();
  }
}

async function compareAll(options: CheckOptions): Promise<CheckedBackup> {
  const { folder, crypto, signal, onProgress } = options;
  const manifest = requireBackup(folder);
  const faults: string[] = [];
  const compare = async (listed: CopiedFile, path: string): Promise<void> => {
    const onBytes = (done: number): void => onProgress(listed.file, done, listed.bytes);
    const fault = await faultOf(listed, path, { signal, onBytes });
    if (fault !== null) faults.push(`${listed.file} ${fault}`);
  };
  const database = join(folder, manifest.database.file);
  await compare(manifest.database, database);
  for (const one of manifest.bodies) {
    await compare(one, join(folder, BACKUP_BODIES_FOLDER, one.file));
  }
  for (const one of manifest.reports) {
    const listed = { ...one, file: `reports/${one.id}/${one.name}` };
    await compare(listed, join(folder, BACKUP_REPORTS_FOLDER, one.file));
  }
  await checkFormer(folder, manifest, compare);
  if (faults.length === 0) faults.push(...(await checkDatabase(database, manifest, crypto)));
  const odd = unlistedBodies(folder, manifest.bodies);
  const unlisted = odd.map((file) => `${BACKUP_BODIES_FOLDER}/${file}`);
  return { manifest, faults, unlisted };
}

/** What only the backup before it has. */
async function checkFormer(
  folder: string,
  manifest: Manifest,
  compare: (listed: CopiedFile, path: string) => Promise<void>,
): Promise<void> {
  const former = readManifest(folder, FORMER_FILE);
  if (former === null) return;
  if (former.database.file !== manifest.database.file) {
    await compare(former.database, join(folder, former.database.file));
  }
  const named = new Set(manifest.reports.map(({ file }) => file));
  for (const one of former.reports.filter(({ file }) => !named.has(file))) {
    const listed = { ...one, file: `reports/${one.id}/${one.name}` };
    await compare(listed, join(folder, BACKUP_REPORTS_FOLDER, one.file));
  }
}

/** Throws NO_BACKUP where the folder holds no finished one, or `former` none before it. */
export function requireBackup(folder: string, former = false): Manifest {
  const manifest = readManifest(folder, former ? FORMER_FILE : MANIFEST_FILE);
  if (manifest !== null) return manifest;
  const what = former ? 'no backup before the newest one' : 'no finished backup';
  throw new LanProofError('NO_BACKUP', `the folder holds ${what}`, {
    hint: 'name the folder that lanproof backup was given, or run that again to finish it',
    place: folder,
  });
}

async function checkDatabase(file: string, manifest: Manifest, crypto: Crypto): Promise<string[]> {
  const said = quickCheck(file);
  if (said !== 'ok') return [`${manifest.database.file}: ${said}`];
  const copy = openCopy(file);
  try {
    const same = JSON.stringify(await headsOf(crypto, copy)) === JSON.stringify(manifest.logs);
    return same ? [] : [`${manifest.database.file} has other heads than the list`];
  } finally {
    copy.close();
  }
}
