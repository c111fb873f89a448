/** A file that is written in pieces; its size, checksum and hash are counted on the way. */
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import type { ZipRecord } from '../../../shared/evidence/bundle/zip-format.ts';

/** Written at once: a write per batch would be a system call each. */
const FLUSH_BYTES = 256 * 1024;

/** A finished file on disk, as the zip will name it. */
export interface StagedFile extends ZipRecord {
  readonly path: string;
  /** Hex. */
  readonly sha256: string;
}

export interface FileWriter {
  write(piece: Uint8Array | string): Promise<void>;
  finish(): Promise<StagedFile>;
  /** Closes the file without an answer; nothing happens after finish. */
  close(): Promise<void>;
}

/** Opens a new file at `path`; it must not exist. */
export async function openWriter(path: string, name: string): Promise<FileWriter> {
  const handle = await open(path, 'wx', 0o600);
  const hash = createHash('sha256');
  let [size, checksum, waiting] = [0, 0, 0];
  let pieces: Uint8Array[] = [];
  let open_ = true;
  const flush = async (): Promise<void> => {
    if (waiting === 0) return;
    const bytes = Buffer.concat(pieces);
    pieces = [];
    waiting = 0;
    hash.update(bytes);
    checksum = crc32(bytes, checksum);
    size += bytes.length;
    await handle.writeFile(bytes);
  };
  return {
    async write(piece) {
      const bytes = typeof piece === 'string' ? Buffer.from(piece) : piece;
      pieces.push(bytes);
      waiting += bytes.length;
      if (waiting >= FLUSH_BYTES) await flush();
    },
    async finish() {
      await flush();
      await handle.close();
      open_ = false;
      return { name, path, size, crc32: checksum, sha256: hash.digest('hex') };
    },
    async close() {
      if (open_) await handle.close();
      open_ = false;
    },
  };
}

/** A whole file in one piece. */
export async function writeStaged(
  path: string,
  name: string,
  content: Uint8Array | string,
): Promise<StagedFile> {
  const writer = await openWriter(path, name);
  try {
    await writer.write(content);
    return await writer.finish();
  } finally {
    await writer.close();
  }
}
