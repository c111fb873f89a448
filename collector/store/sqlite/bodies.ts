import { fstatSync, writeSync } from 'node:fs';
import { type FileHandle, open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { LanProofError } from '../../../shared/errors.ts';
import { makeFolder } from '../../../shared/node/make-folder.ts';
import type { DataSync } from '../../data-sync.ts';
import type { BodyRef } from '../rows.ts';
import { createReaders } from './body-readers.ts';
import { toStoreError } from './errors.ts';
import { bodyKind } from './section-column.ts';

/** Files held open for writing: two months of three sections, at the turn of a month. */
const WRITTEN_FILES_MAX = 6;

/** Section bytes in one append-only file a month and section: closed months never change. */
export interface Bodies {
  /** Keeps the bytes for the running unit; nothing is on disk before {@link Bodies.flush}. */
  put(section: string, recv_ms: number, bytes: Uint8Array): Promise<BodyRef>;
  /** Writes and fsyncs what the unit kept: the rows that name it may commit afterwards. */
  flush(): Promise<void>;
  /** Forgets what the unit kept. Bytes that were written already stay as unnamed waste. */
  forget(): void;
  read(ref: BodyRef): Promise<Uint8Array>;
  usedBytes(): Promise<number>;
  files(): Promise<string[]>;
  /** Deletes files for good. */
  remove(files: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

interface Growing {
  readonly file: string;
  /** Where the unit's first byte goes: the end of the file when the unit began. */
  readonly start: number;
  length: number;
  readonly parts: Uint8Array[];
}

export function openBodies(folder: string, sync: DataSync): Bodies {
  makeFolder(folder, 0o700);
  const growing = new Map<string, Growing>();
  const written = new Map<string, FileHandle>();
  const readers = createReaders(folder);

  const writing = async (file: string): Promise<FileHandle> => {
    const known = written.get(file);
    if (known !== undefined) return known;
    const handle = await open(join(folder, file), 'a', 0o600);
    // A collector writes the newest month; files of older ones are closed again.
    for (const old of written.values()) if (written.size >= WRITTEN_FILES_MAX) await old.close();
    if (written.size >= WRITTEN_FILES_MAX) written.clear();
    written.set(file, handle);
    await syncFolder(folder);
    return handle;
  };

  const guard = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw toStoreError(error, folder);
    }
  };

  return {
    put: (section, recv_ms, bytes) =>
      guard(async () => {
        const file = `${new Date(recv_ms).toISOString().slice(0, 7)}.${bodyKind(section)}`;
        let body = growing.get(file);
        if (body === undefined) {
          // Asked anew in every unit: another process may have written in between.
          const { size } = fstatSync((await writing(file)).fd);
          body = { file, start: size, length: 0, parts: [] };
          growing.set(file, body);
        }
        const ref = { file, offset: body.start + body.length, length: bytes.length };
        body.parts.push(bytes);
        body.length += bytes.length;
        return ref;
      }),
    flush: () =>
      guard(async () => {
        const bodies = [...growing.values()];
        growing.clear();
        await Promise.all(
          bodies.map(async ({ file, start, length, parts }) => {
            const handle = await writing(file);
            // Into the page cache within microseconds; a thread for it costs ten times as much.
            appendAll(handle.fd, parts);
            const { size } = fstatSync(handle.fd);
            // The refs were given out before the bytes were written: they must have come true.
            if (size !== start + length) throw disturbed(join(folder, file));
            await sync(handle);
          }),
        );
      }),
    forget: () => growing.clear(),
    read: (ref) => guard(() => readers.read(ref)),
    async usedBytes() {
      const names = await readdir(folder);
      const sizes = await Promise.all(names.map((name) => stat(join(folder, name))));
      return sizes.reduce((sum, { size }) => sum + size, 0);
    },
    files: () => readdir(folder),
    remove: (files) =>
      guard(async () => {
        for (const file of files) {
          await written.get(file)?.close();
          written.delete(file);
          await readers.forget(file);
          await rm(join(folder, file), { force: true });
        }
        if (files.length > 0) await syncFolder(folder);
      }),
    async close() {
      const all = [...written.values()];
      written.clear();
      await Promise.all([readers.close(), ...all.map((handle) => handle.close())]);
    },
  };
}

/** Writes all of it at the end of the file: one call, unless the kernel takes a part only. */
function appendAll(fd: number, parts: readonly Uint8Array[]): void {
  const bytes = Buffer.concat(parts);
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
}

/** A new name must survive a loss of power as well as its content. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function disturbed(place: string): LanProofError {
  return new LanProofError('DISK_IO', 'another process wrote into the bodies', {
    hint: 'stop the other process; one collector owns one data directory',
    place,
    fatal: false,
  });
}
