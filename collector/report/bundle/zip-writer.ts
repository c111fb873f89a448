import { createHash } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import {
  centralEntry,
  endRecord,
  layOut,
  localHeader,
} from '../../../shared/evidence/bundle/zip-format.ts';
import type { StagedFile } from './staged-file.ts';

/** Read and written at once. */
const PIECE_BYTES = 1024 * 1024;

/**
 * Puts staged files into one zip file at `path`, in the order of their names, and syncs it. Each
 * staged file is removed once it was copied, so that the disk holds little twice. Throws
 * BUNDLE_FORMAT where they do not fit into one, and the errors of the disk.
 */
export async function writeZip(
  path: string,
  staged: readonly StagedFile[],
  breathe: (done_bytes: number, all_bytes: number) => Promise<void>,
): Promise<{ readonly bytes: number; readonly sha256: string }> {
  const files = [...staged].sort((a, b) => (a.name < b.name ? -1 : 1));
  const { records, end } = layOut(files);
  const paths = new Map(files.map(({ name, path: from }) => [name, from]));
  const hash = createHash('sha256');
  const target = await open(path, 'wx', 0o600);
  let bytes = 0;
  const put = async (piece: Uint8Array): Promise<void> => {
    hash.update(piece);
    bytes += piece.length;
    await target.writeFile(piece);
  };
  try {
    for (const record of records) {
      await put(localHeader(record));
      const from = paths.get(record.name) ?? '';
      const source = await open(from, 'r');
      try {
        for (let at = 0; at < record.size; ) {
          const want = Math.min(PIECE_BYTES, record.size - at);
          const { bytesRead, buffer } = await source.read(Buffer.alloc(want), 0, want, at);
          if (bytesRead === 0) throw new RangeError(`${record.name} became shorter`);
          await put(buffer.subarray(0, bytesRead));
          at += bytesRead;
          await breathe(bytes, end.central);
        }
      } finally {
        await source.close();
      }
      await rm(from);
    }
    for (const record of records) await put(centralEntry(record));
    await put(endRecord(end));
    await target.sync();
  } finally {
    await target.close();
  }
  return { bytes, sha256: hash.digest('hex') };
}
