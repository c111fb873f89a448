/** Issued reports in a backup: under their content's name, so that nothing is ever written over. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '../../shared/node/make-folder.ts';
import { syncDirectory } from '../../shared/node/whole-file.ts';
import { RECORD_NAME, REPORT_ID, REPORTS_FOLDER } from '../report/issue/shelf.ts';
import { isKept } from './compare.ts';
import { BACKUP_REPORTS_FOLDER, type CopiedReport, REPORT_FILE } from './manifest.ts';
import { type CopiedFile, copyParts } from './parts.ts';
import { bytesOf, isAbsent } from './source.ts';

const DRAFT = 'draft.new';

/** A file of a finished report in the store. */
export interface ReportFile {
  readonly id: string;
  readonly name: string;
}

export interface CopyReportsOptions {
  readonly data_dir: string;
  readonly folder: string;
  readonly signal: AbortSignal;
  /** Also reads back what the backup has. */
  readonly repair: boolean;
  readonly onProgress: (what: string, done: number, total: number) => void;
}

export interface FinishedReports {
  readonly files: readonly ReportFile[];
  /** Reports whose record cannot be read: nothing new of them is copied. */
  readonly unreadable: readonly string[];
}

/**
 * Files of reports that are finished by now; one that is still made has none for good. Listed
 * before the database is copied, so that the leaf of each is in the copy.
 */
export async function finishedReports(data_dir: string): Promise<FinishedReports> {
  const root = join(data_dir, REPORTS_FOLDER);
  const files: ReportFile[] = [];
  const unreadable: string[] = [];
  const ids = existsSync(root) ? await readdir(root) : [];
  for (const id of ids.filter((name) => REPORT_ID.test(name)).sort()) {
    const state = await stateOf(join(root, id, RECORD_NAME));
    if (state === 'unreadable') unreadable.push(id);
    if (state !== 'finished') continue;
    const inside = await readdir(join(root, id), { withFileTypes: true });
    const names = inside.filter((one) => one.isFile() && REPORT_FILE.test(one.name));
    files.push(...names.map(({ name }) => ({ id, name })).sort(byName));
  }
  return { files, unreadable };
}

export interface CopiedReports {
  readonly reports: CopiedReport[];
  /** Bytes that were not there before. */
  readonly new_bytes: number;
  /** Files, as id and name, that the backup had lost, and has again. */
  readonly again: string[];
}

/**
 * Copies what the backup does not have; `known` as the former list has it. Files never change once
 * they are issued, only their record does. What the store no longer has stays, as gone.
 */
export async function copyReports(
  options: CopyReportsOptions,
  wanted: readonly ReportFile[],
  known: readonly CopiedReport[],
): Promise<CopiedReports> {
  const { data_dir, folder, signal, repair, onProgress } = options;
  const target = join(folder, BACKUP_REPORTS_FOLDER);
  makeFolder(target, 0o700);
  const had = new Map(known.map((one) => [`${one.id}/${one.name}`, one]));
  const done = new Map<string, CopiedReport>();
  for (const one of known) {
    // Also a report that cannot be read lies there still: its copy may be the last one.
    const gone = await isAbsent(join(data_dir, REPORTS_FOLDER, one.id, one.name));
    done.set(`${one.id}/${one.name}`, { ...one, gone });
  }
  const again: string[] = [];
  let new_bytes = 0;
  for (const { id, name } of wanted) {
    signal.throwIfAborted();
    const key = `${id}/${name}`;
    const from = join(data_dir, REPORTS_FOLDER, id, name);
    const bytes = await bytesOf(from);
    // The store keeps so many reports only: this one was deleted meanwhile.
    if (bytes < 0) continue;
    const before = had.get(key);
    if (before !== undefined && before.bytes === bytes && name !== RECORD_NAME) {
      const onBytes = (at: number): void => onProgress(`reading back ${name}`, at, bytes);
      const copy = join(target, before.file);
      if (await isKept(before, copy, { signal, onBytes, read: repair })) {
        done.set(key, { ...before, gone: false });
        continue;
      }
    }
    const copied = await copyFile(options, from, name, bytes, target).catch(unlessAbsent(from));
    // Deleted while it was copied: what the backup had of it stays.
    if (copied === null) continue;
    if (before !== undefined && copied.file === before.file && name !== RECORD_NAME)
      again.push(key);
    if (copied.file !== before?.file) new_bytes += copied.bytes;
    done.set(key, { ...copied, id, name, gone: false });
  }
  syncDirectory(target);
  const reports = [...done.values()].sort((a, b) => (a.id === b.id ? byName(a, b) : byId(a, b)));
  return { reports, new_bytes, again };
}

/** Deletes what the list does not name. */
export async function tidyReports(folder: string, reports: readonly CopiedReport[]): Promise<void> {
  const target = join(folder, BACKUP_REPORTS_FOLDER);
  const named = new Set(reports.map(({ file }) => file));
  if (!existsSync(target)) return;
  for (const file of await readdir(target)) {
    if (!named.has(file)) await rm(join(target, file), { force: true });
  }
}

async function copyFile(
  { signal, onProgress }: CopyReportsOptions,
  from: string,
  name: string,
  bytes: number,
  target: string,
): Promise<CopiedFile> {
  const to = join(target, DRAFT);
  await rm(to, { force: true });
  const onBytes = (done: number): void => onProgress(`reports ${name}`, done, bytes);
  const copied =
    name === RECORD_NAME
      ? await copyRecord(from, to)
      : { bytes, parts: await copyParts({ ...{ from, to, bytes, kept: null, onBytes, signal } }) };
  const file = createHash('sha256').update(copied.parts.join('\n')).digest('hex');
  await rename(to, join(target, file));
  return { file, ...copied };
}

/** In one piece: another one may be put in its place at any moment. */
async function copyRecord(from: string, to: string): Promise<Pick<CopiedFile, 'bytes' | 'parts'>> {
  const content = await readFile(from);
  const handle = await open(to, 'w', 0o600);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
  const sha256 = createHash('sha256').update(content).digest('base64');
  return { bytes: content.length, parts: content.length === 0 ? [] : [sha256] };
}

/** Null where the file is gone by now; any other error is thrown again. */
function unlessAbsent(path: string): (error: unknown) => Promise<null> {
  return async (error) => {
    if (await isAbsent(path)) return null;
    throw error;
  };
}

async function stateOf(record: string): Promise<'finished' | 'unfinished' | 'unreadable'> {
  try {
    const { finished_ms = null } = Object(JSON.parse(await readFile(record, 'utf8')));
    return finished_ms === null ? 'unfinished' : 'finished';
  } catch (error) {
    const { code } = Object(error);
    return code === 'ENOENT' || code === 'ENOTDIR' ? 'unfinished' : 'unreadable';
  }
}

const byName = (a: ReportFile, b: ReportFile): number => (a.name < b.name ? -1 : 1);
const byId = (a: ReportFile, b: ReportFile): number => (a.id < b.id ? -1 : 1);
