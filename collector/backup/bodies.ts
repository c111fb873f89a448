/** Bodies of batches in a backup: files that only grow, of which what is new is copied. */
import { readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { syncDirectory } from '../../shared/node/whole-file.ts';
import { prunedFiles } from '../store/pruned.ts';
import type { DatabaseCopy } from '../store/sqlite/database-copy.ts';
import { BODIES_FOLDER } from '../store/sqlite/sqlite-store.ts';
import type { BackupOptions } from './backup.ts';
import { faultOf, isKept } from './compare.ts';
import {
  BACKUP_BODIES_FOLDER,
  BODY_FILE,
  type CopiedBodies,
  type CopiedLog,
  type Manifest,
  PROGRESS_FILE,
  type Progress,
  writeJson,
} from './manifest.ts';
import { copyParts, differs } from './parts.ts';
import { bytesOf } from './source.ts';

export interface CopiedAll {
  /** By name. */
  readonly files: CopiedBodies[];
  /** Bytes that were not there before. */
  readonly new_bytes: number;
  /** Files that the store does not have whole. */
  readonly missing: string[];
  /** Files that the backup had lost, and has again. */
  readonly again: string[];
}

/** Throws FILE_DIFFERS, FILE_SHORT and the errors of the disk. */
export async function copyBodies(
  options: BackupOptions,
  copy: DatabaseCopy,
  logs: readonly CopiedLog[],
  before: Manifest | null,
  partial: Progress | null,
): Promise<CopiedAll> {
  const { folder, data_dir, signal } = options;
  const known = partial?.bodies ?? before?.bodies ?? [];
  const done = new Map(known.map((one) => [one.file, one]));
  // Also of a broken-off run: what the store deleted since must be seen to be gone.
  const ends = new Map(known.map(({ file, bytes }) => [file, bytes]));
  for (const { file, bytes } of before?.bodies ?? []) {
    ends.set(file, Math.max(ends.get(file) ?? 0, bytes));
  }
  copy.bodyEnds(before?.logs ?? [], ends, signal);
  const pruned = await prunedFiles(copy.evidence);
  const missing: string[] = [];
  const again: string[] = [];
  let new_bytes = 0;
  for (const [file, end] of [...ends].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const listed = done.get(file);
    const from = join(data_dir, BODIES_FOLDER, file);
    const to = join(folder, BACKUP_BODIES_FOLDER, file);
    const size = await bytesOf(from);
    if (size < 0) {
      const gone = pruned.has(file);
      if (!gone) missing.push(file);
      if (listed !== undefined) done.set(file, { ...listed, gone });
      continue;
    }
    if (size < end) missing.push(file);
    const had = listed === undefined ? null : await keptOf(options, listed, from, to, size);
    const bytes = Math.max(Math.min(end, size), had?.bytes ?? 0);
    if (had?.bytes === bytes) {
      done.set(file, { ...had, gone: false });
      continue;
    }
    const onBytes = (at: number): void => options.onProgress(`bodies ${file}`, at, bytes);
    const parts = await copyParts({ ...{ from, to, bytes, kept: had, onBytes, signal } });
    if (listed !== undefined && had === null) again.push(file);
    new_bytes += bytes - (had?.bytes ?? 0);
    done.set(file, { file, bytes, parts, gone: false });
    await writeJson(folder, PROGRESS_FILE, { v: 1, logs, bodies: [...done.values()] });
  }
  syncDirectory(join(folder, BACKUP_BODIES_FOLDER));
  const files = [...done.values()].sort((a, b) => (a.file < b.file ? -1 : 1));
  return { files, new_bytes, missing, again };
}

/**
 * What was copied before, if it is there still. What the disk of the backup lost is made good from
 * a store that has what the list says, and from no other: throws FILE_DIFFERS.
 */
async function keptOf(
  { signal, repair, onProgress }: BackupOptions,
  listed: CopiedBodies,
  from: string,
  to: string,
  size: number,
): Promise<CopiedBodies | null> {
  const { file, bytes } = listed;
  const onBytes = (at: number): void => onProgress(`reading back ${file}`, at, bytes);
  if (await isKept(listed, to, { signal, onBytes, read: repair })) return listed;
  if (size < bytes) return listed;
  const fault = await faultOf(listed, from, { signal, onBytes });
  if (fault !== null) throw differs(from);
  // A bad sector is not written over but left to the disk.
  await rm(to, { force: true });
  return null;
}

/** Files of bodies in the folder that the list does not name. */
export function unlistedBodies(folder: string, bodies: readonly CopiedBodies[]): string[] {
  const named = new Set(bodies.map(({ file }) => file));
  const names = readdirSync(join(folder, BACKUP_BODIES_FOLDER));
  return names.filter((name) => BODY_FILE.test(name) && !named.has(name)).sort();
}

/** Deletes what the list does not name: also what a run of before could not. */
export async function tidyBodies(folder: string, bodies: readonly CopiedBodies[]): Promise<void> {
  const target = join(folder, BACKUP_BODIES_FOLDER);
  for (const file of unlistedBodies(folder, bodies)) await rm(join(target, file), { force: true });
  syncDirectory(target);
}
