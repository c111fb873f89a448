import { readSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { LanProofError } from '../../../shared/errors.ts';
import type { BodyRef } from '../rows.ts';

/** Files held open for reading; a report reads a month of three sections at a time. */
const READ_FILES_MAX = 12;
/** A body file: UTC month of receipt and section. */
const BODY_FILE = /^\d{4}-\d{2}\.[a-z]+$/;

/**
 * Where bodies of one site lie this near to each other, the next ones are read along: a rebuild
 * reads all of them in turn. Those of thousands of sites lie further apart and are read alone.
 */
const NEAR_BYTES = 16 * 1024;
const AHEAD_BYTES = 64 * 1024;

interface Reader {
  readonly handle: Promise<FileHandle>;
  /** Reads under way; a reader is closed only at 0. */
  users: number;
  /** What was read last, with what stood behind it, and where it begins in the file. */
  held: Uint8Array;
  held_at: number;
  /** Where the newest body that was asked for ends. */
  ended: number;
}

/** Reads bodies by their place, with a few files held open. BODY_MISSING if there is none. */
export function createReaders(folder: string): {
  read(ref: BodyRef): Promise<Uint8Array>;
  /** The file is deleted. */
  forget(file: string): Promise<void>;
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
    const fresh = { handle: open(join(folder, file), 'r'), users: 0, ...NOTHING };
    readers.set(file, fresh);
    return fresh;
  };

  const fail = (ref: BodyRef): never => {
    throw missing(ref, folder);
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
        return bytesOf(from, handle.fd, ref) ?? fail(ref);
      } finally {
        from.users -= 1;
      }
    },
    async forget(file) {
      const from = readers.get(file);
      readers.delete(file);
      await from?.handle.then(
        (handle) => handle.close(),
        () => undefined,
      );
    },
    async close() {
      const all = [...readers.values()];
      readers.clear();
      await Promise.all(all.map(async ({ handle }) => (await handle).close()));
    },
  };
}

const NOTHING = { held: new Uint8Array(0), held_at: 0, ended: Number.POSITIVE_INFINITY } as const;

/**
 * Bodies are appended and never changed, so what is held stays true. Null: the file ends before.
 * Read in place, as SQLite reads its pages: a thread for so few bytes costs ten times as much.
 */
function bytesOf(from: Reader, fd: number, { offset, length }: BodyRef): Uint8Array | null {
  const isHeld = offset >= from.held_at && offset + length <= from.held_at + from.held.length;
  if (!isHeld) {
    const near = offset >= from.ended && offset - from.ended <= NEAR_BYTES;
    const bytes = new Uint8Array(near ? Math.max(length, AHEAD_BYTES) : length);
    const bytesRead = readSync(fd, bytes, 0, bytes.length, offset);
    if (bytesRead < length) return null;
    from.held = bytes.subarray(0, bytesRead);
    from.held_at = offset;
  }
  from.ended = offset + length;
  const at = offset - from.held_at;
  return from.held.slice(at, at + length);
}

function missing(ref: BodyRef, folder: string, cause?: unknown): LanProofError {
  return new LanProofError('BODY_MISSING', `no body at ${ref.file}:${ref.offset}+${ref.length}`, {
    hint: 'put bodies/ back from the backup that belongs to the database',
    place: join(folder, ref.file),
    ...(cause === undefined ? {} : { cause }),
  });
}
