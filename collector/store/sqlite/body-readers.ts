import { readSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { LanProofError } from '../../../shared/errors.ts';
import type { BodyRef } from '../rows.ts';

/** Files held open for reading; a report reads a month of three sections at a time. */
const READ_FILES_MAX = 12;
/** A body file: UTC month of receipt and section. */
const BODY_FILE = /^\d{4}-\d{2}\.[a-z]+$/;

interface Reader {
  readonly handle: Promise<FileHandle>;
  /** Reads under way; a reader is closed only at 0. */
  users: number;
}

/** Reads bodies by their place, with a few files held open. BODY_MISSING if there is none. */
export function createReaders(folder: string): {
  read(ref: BodyRef): Promise<Uint8Array>;
  close(): Promise<void>;
} {
  const readers = new Map<string, Reader>();

  const reader = (file: string): Reader => {
    const known = readers.get(file);
    if (known !== undefined) return known;
    for (const [name, { users, handle }] of readers) {
      if (readers.size < READ_FILES_MAX) break;
      if (users > 0) continue;
      readers.delete(name);
      handle.then((open) => open.close()).catch(() => undefined);
    }
    const fresh = { handle: open(join(folder, file), 'r'), users: 0 };
    readers.set(file, fresh);
    return fresh;
  };

  return {
    async read(ref) {
      if (!BODY_FILE.test(ref.file)) throw missing(ref, folder);
      const from = reader(ref.file);
      from.users += 1;
      try {
        const handle = await from.handle.catch((cause: unknown) => {
          readers.delete(ref.file);
          throw missing(ref, folder, cause);
        });
        const bytes = new Uint8Array(ref.length);
        // A few hundred bytes, as SQLite reads its pages: a thread for them costs ten times as much.
        const bytesRead = readSync(handle.fd, bytes, 0, ref.length, ref.offset);
        if (bytesRead !== ref.length) throw missing(ref, folder);
        return bytes;
      } finally {
        from.users -= 1;
      }
    },
    async close() {
      const all = [...readers.values()];
      readers.clear();
      await Promise.all(all.map(async ({ handle }) => (await handle).close()));
    },
  };
}

function missing(ref: BodyRef, folder: string, cause?: unknown): LanProofError {
  return new LanProofError('BODY_MISSING', `no body at ${ref.file}:${ref.offset}+${ref.length}`, {
    hint: 'put bodies/ back from the backup that belongs to the database',
    place: join(folder, ref.file),
    ...(cause === undefined ? {} : { cause }),
  });
}
