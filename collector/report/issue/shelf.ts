/** Reports on disk: a folder each, with files and `report.json`, bounded in number and bytes. */
import { existsSync } from 'node:fs';
import { open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeFolder } from '../../../shared/node/make-folder.ts';
import { syncDirectory } from '../../../shared/node/whole-file.ts';
import type { ReportRecord } from './types.ts';

/** Reports kept with their files: ten years of a month's report for 3,321 sites is no aim. */
export const REPORTS_MAX = 2_000;
/** Bytes of all files: a hundred quarters of a site. */
export const REPORTS_BYTES_MAX = 20 * 1024 ** 3;

/** In the data directory. */
export const REPORTS_FOLDER = 'reports';
/** In the folder of each report. */
export const RECORD_NAME = 'report.json';
/** Names of the folders. */
export const REPORT_ID = /^[0-9a-z-]{1,64}$/;

export interface ShelfLimits {
  readonly reports_max: number;
  readonly bytes_max: number;
}

/** A folder that is left as it is: whatever lies there is nobody's to delete at a start. */
export interface LeftAlone {
  readonly id: string;
  /** Why its record is none: a code of the system, or what is wrong with it. */
  readonly why: string;
}

export interface Shelf {
  /** Folders that are no reports of this version, by their name. */
  readonly left_alone: readonly LeftAlone[];
  /** Newest first. */
  list(): ReportRecord[];
  get(id: string): ReportRecord | null;
  /** Where the files of a report lie. */
  folder(id: string): string;
  /**
   * Makes the folder where there is none, and writes the record over the former one; it counts as
   * put here even if the disk refuses it.
   */
  put(record: ReportRecord): Promise<void>;
  /** Forgets a report with all of its files. */
  drop(id: string): Promise<void>;
  /** Deletes all files of a report but its record. */
  clear(id: string): Promise<void>;
  /** Deletes the files of the oldest reports, and the oldest records, beyond the limits. */
  trim(now_ms: number): Promise<void>;
}

/**
 * Opens the folder, made where there is none. A record that cannot be read is left alone with all
 * beside it: a bad sector or an older version of the program must never cost issued files.
 */
export async function openShelf(root: string, limits: ShelfLimits): Promise<Shelf> {
  makeFolder(root, 0o700);
  const records = new Map<string, ReportRecord>();
  const left_alone: LeftAlone[] = [];
  for (const id of (await readdir(root)).filter((name) => REPORT_ID.test(name)).sort()) {
    const found = await readRecord(join(root, id, RECORD_NAME));
    if (typeof found !== 'string' && found.id === id) records.set(id, found);
    else if (await wasNeverTold(join(root, id), found))
      await rm(join(root, id), { recursive: true });
    else left_alone.push({ id, why: typeof found === 'string' ? found : `it is of ${found.id}` });
  }
  const list = (): ReportRecord[] => [...records.values()].sort((a, b) => (a.id < b.id ? 1 : -1));
  const folder = (id: string): string => join(root, id);
  const put = async (record: ReportRecord): Promise<void> => {
    try {
      makeFolder(folder(record.id), 0o700);
      await writeWhole(join(folder(record.id), RECORD_NAME), JSON.stringify(record));
    } finally {
      // Told once it is on disk; what a full disk refused is the next start's to settle.
      records.set(record.id, record);
    }
  };
  const clear = async (id: string): Promise<void> => {
    for (const name of await readdir(folder(id))) {
      if (name !== RECORD_NAME) await rm(join(folder(id), name), { recursive: true, force: true });
    }
  };
  const drop = async (id: string): Promise<void> => {
    records.delete(id);
    if (!existsSync(folder(id))) return;
    // The record last: files without one would lie there for ever.
    await clear(id);
    await rm(folder(id), { recursive: true, force: true });
  };
  return {
    left_alone,
    list,
    get: (id) => records.get(id) ?? null,
    folder,
    put,
    drop,
    clear,
    async trim(now_ms) {
      let [count, bytes] = [0, 0];
      for (const record of list()) {
        count += 1;
        if (count > limits.reports_max && record.finished_ms !== null) {
          await drop(record.id);
          continue;
        }
        if (record.files_deleted_ms !== null) continue;
        bytes += record.files.reduce((sum, file) => sum + file.bytes, 0);
        // The newest one stays, however large: somebody is just going to fetch it.
        if (bytes <= limits.bytes_max || count === 1 || record.finished_ms === null) continue;
        await clear(record.id);
        await put({ ...record, files_deleted_ms: now_ms });
      }
    },
  };
}

/** The record, or why there is none: `ENOENT` and the like, or what is wrong with it. */
async function readRecord(path: string): Promise<ReportRecord | string> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    return String(Object(error).code);
  }
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : `its version is ${Number(Object(value).v)}, not 1`;
  } catch {
    return 'it is no JSON';
  }
}

/** What a start cut off leaves: a folder in which no record stood yet. */
async function wasNeverTold(folder: string, why: ReportRecord | string): Promise<boolean> {
  if (why !== 'ENOENT') return false;
  const names = await readdir(folder).catch(() => null);
  return names?.every((name) => name === `${RECORD_NAME}.part`) ?? false;
}

/** Our own file, written in one piece: its version says what is in it. */
function isRecord(value: unknown): value is ReportRecord {
  return typeof value === 'object' && value !== null && 'v' in value && value.v === 1;
}

/** Either the former content or the new one stands there after a loss of power. */
export async function writeWhole(path: string, content: string | Uint8Array): Promise<void> {
  const part = `${path}.part`;
  const handle = await open(part, 'w', 0o600);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(part, path);
  syncDirectory(dirname(path));
}
