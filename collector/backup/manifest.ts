import { existsSync, readFileSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { LanProofError } from '../../shared/errors.ts';
import { syncDirectory } from '../../shared/node/whole-file.ts';
import { REPORT_ID } from '../report/issue/shelf.ts';
import type { CopiedFile } from './parts.ts';

/** Written last: a backup without it is not finished. */
export const MANIFEST_FILE = 'backup.json';
/** The list of the backup before: its database is kept, bodies and reports are in the newest. */
export const FORMER_FILE = 'backup.former.json';
/** What an unfinished backup has copied; its next run goes on from there. */
export const PROGRESS_FILE = 'backup.partial.json';
export const BACKUP_BODIES_FOLDER = 'bodies';
export const BACKUP_REPORTS_FOLDER = 'reports';
/** `lanproof-<UTC time>.db`: the manifest names the one that counts. */
export const DATABASE_COPY = /^lanproof-\d{8}T\d{9}Z\.db$/;
/** A file of bodies: UTC month of receipt and section. */
export const BODY_FILE = /^\d{4}-\d{2}\.[a-z]+$/;

/** A file of an issued report, and what it is called in the backup: a hash of its content. */
export const REPORT_FILE = /^[0-9A-Za-z][0-9A-Za-z._-]{0,127}$/;
const REPORT_COPY = /^[0-9a-f]{64}$/;

/** The head of a log in a copy. */
export interface CopiedLog {
  readonly origin: string;
  readonly size: number;
  /** Base64. */
  readonly root: string;
}

/** A file of bodies; `gone`: the store deleted it by its retention, the backup still has it. */
export interface CopiedBodies extends CopiedFile {
  readonly gone: boolean;
}

/** A file of a report; `file` is its name in the backup. `gone` as with bodies. */
export interface CopiedReport extends CopiedBodies {
  readonly id: string;
  readonly name: string;
}

/** What an unfinished backup knows. */
export interface Progress {
  readonly v: 1;
  /** Oldest first. */
  readonly logs: readonly CopiedLog[];
  /** In the order of their names. */
  readonly bodies: readonly CopiedBodies[];
}

/** What a finished backup holds. Files may be longer than it says: the rest does not count. */
export interface Manifest extends Progress {
  /** UTC epoch ms. */
  readonly made_ms: number;
  readonly software: string;
  /** Migrations of the database. */
  readonly schema: number;
  readonly database: CopiedFile;
  /** By id and name; backups of earlier versions have none. */
  readonly reports: readonly CopiedReport[];
}

/** Null where there is none. Throws BACKUP_DAMAGED. */
export function readManifest(folder: string, name: string = MANIFEST_FILE): Manifest | null {
  const value = readJson(join(folder, name));
  if (value === null) return null;
  const { made_ms, software, schema, database, reports = [] } = value;
  const sound =
    isProgress(value) &&
    Number.isSafeInteger(made_ms) &&
    typeof software === 'string' &&
    Number.isSafeInteger(schema) &&
    isFile(database, DATABASE_COPY) &&
    Array.isArray(reports) &&
    reports.every(isReport);
  if (!sound) throw damaged(join(folder, name));
  return { ...value, reports } as unknown as Manifest;
}

/** Null where there is none, or none that can be read: then everything is copied again. */
export function readProgress(folder: string): Progress | null {
  try {
    const value = readJson(join(folder, PROGRESS_FILE));
    return value !== null && isProgress(value) ? (value as unknown as Progress) : null;
  } catch {
    return null;
  }
}

/** Puts a file in the place of the former one, so that either of them is there, whole. */
export async function writeJson(folder: string, name: string, value: object): Promise<void> {
  const draft = join(folder, `${name}.new`);
  const handle = await open(draft, 'w', 0o600);
  try {
    await handle.writeFile(`${JSON.stringify(value, null, 1)}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(draft, join(folder, name));
  syncDirectory(folder);
}

function readJson(path: string): Record<string, unknown> | null {
  if (!existsSync(path)) return null;
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (typeof value === 'object' && value !== null) return { ...value };
  } catch (cause) {
    throw damaged(path, cause);
  }
  throw damaged(path);
}

function isProgress({ v, logs, bodies }: Record<string, unknown>): boolean {
  return (
    v === 1 &&
    Array.isArray(logs) &&
    logs.every(isLog) &&
    Array.isArray(bodies) &&
    bodies.every((one) => isFile(one, BODY_FILE) && typeof Object(one).gone === 'boolean')
  );
}

function isLog(value: unknown): boolean {
  const { origin, size, root } = Object(value);
  return typeof origin === 'string' && Number.isSafeInteger(size) && typeof root === 'string';
}

function isReport(value: unknown): boolean {
  const { id, name, gone } = Object(value);
  return (
    isFile(value, REPORT_COPY) &&
    typeof id === 'string' &&
    REPORT_ID.test(id) &&
    typeof name === 'string' &&
    REPORT_FILE.test(name) &&
    typeof gone === 'boolean'
  );
}

function isFile(value: unknown, name: RegExp): boolean {
  const { file, bytes, parts } = Object(value);
  return (
    typeof file === 'string' &&
    name.test(file) &&
    Number.isSafeInteger(bytes) &&
    bytes >= 0 &&
    Array.isArray(parts) &&
    parts.every((part) => typeof part === 'string')
  );
}

function damaged(place: string, cause?: unknown): LanProofError {
  return new LanProofError('BACKUP_DAMAGED', 'the list of the backup cannot be read', {
    hint: 'restore with --former, or make a new backup in another folder; keep this one as it is',
    place,
    ...(cause === undefined ? {} : { cause }),
  });
}
