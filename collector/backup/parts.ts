import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { LanProofError } from '../../shared/errors.ts';

/**
 * Files are hashed in parts of this size, bytes: where a file has grown, only the part that it
 * ended in is read again.
 */
const PART_BYTES = 64 * 1024 * 1024;
/** Bytes that are copied at a time. */
const STEP_BYTES = 1024 * 1024;

/** The first `bytes` of a file, and base64 SHA-256 of each part of them. */
export interface CopiedFile {
  readonly file: string;
  readonly bytes: number;
  readonly parts: readonly string[];
}

export interface CopyOptions {
  readonly from: string;
  readonly to: string;
  /** Up to here, exclusive. */
  readonly bytes: number;
  /** What `to` holds of it already; null: nothing. */
  readonly kept: Pick<CopiedFile, 'bytes' | 'parts'> | null;
  /** Size of a part; default PART_BYTES, which all lists are made with. */
  readonly part_bytes?: number;
  /** Called with the bytes done so far. */
  readonly onBytes: (done: number) => void;
  readonly signal: AbortSignal;
}

/**
 * Copies what is new of a file that only grows, cuts the copy to `bytes` and syncs it. Returns the
 * hashes of all parts. Throws FILE_SHORT (the source ends before), FILE_DIFFERS (its beginning is
 * not what was copied before) and the errors of the disk.
 */
export async function copyParts(options: CopyOptions): Promise<string[]> {
  const { bytes, to, part_bytes = PART_BYTES } = options;
  const size = await stat(to)
    .then((found) => found.size)
    .catch(() => 0);
  const kept = options.kept !== null && options.kept.bytes <= size ? options.kept : null;
  const known = Math.floor((kept?.bytes ?? 0) / part_bytes);
  const parts = (kept?.parts ?? []).slice(0, known);
  const source = await open(options.from, 'r');
  try {
    const target = await open(to, size > 0 ? 'r+' : 'w', 0o600);
    try {
      for (let part = known; part * part_bytes < bytes; part++) {
        const [begin, end] = [part * part_bytes, Math.min((part + 1) * part_bytes, bytes)];
        const check = part === known && kept !== null ? kept : null;
        const was = check === null ? null : { end: check.bytes, hash: check.parts[part] };
        parts.push(await copyPart(options, source, target, { begin, end, was }));
      }
      await target.truncate(bytes);
      await target.sync();
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
  return parts;
}

interface Part {
  readonly begin: number;
  /** Exclusive. */
  readonly end: number;
  /** What was copied of it before. */
  readonly was: { readonly end: number; readonly hash: string | undefined } | null;
}

async function copyPart(
  { from, onBytes, signal }: CopyOptions,
  source: FileHandle,
  target: FileHandle,
  { begin, end, was }: Part,
): Promise<string> {
  const hash = createHash('sha256');
  const stop = was === null ? end : Math.min(end, was.end);
  const at = await copySteps(source, target, hash, begin, stop, { from, onBytes, signal });
  if (was !== null && at > begin && at === was.end) {
    if (hash.copy().digest('base64') !== was.hash) throw differs(from);
  }
  await copySteps(source, target, hash, at, end, { from, onBytes, signal });
  return hash.digest('base64');
}

async function copySteps(
  source: FileHandle,
  target: FileHandle,
  hash: Hash,
  begin: number,
  end: number,
  { from, onBytes, signal }: Pick<CopyOptions, 'from' | 'onBytes' | 'signal'>,
): Promise<number> {
  let at = begin;
  const buffer = new Uint8Array(Math.min(STEP_BYTES, Math.max(end - begin, 0)));
  while (at < end) {
    signal.throwIfAborted();
    const { bytesRead } = await source.read(buffer, 0, Math.min(buffer.length, end - at), at);
    if (bytesRead === 0) throw short(from, at, end);
    const bytes = buffer.subarray(0, bytesRead);
    hash.update(bytes);
    await writeAll(target, bytes, at);
    at += bytesRead;
    onBytes(at);
  }
  return at;
}

export async function writeAll(target: FileHandle, bytes: Uint8Array, at: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await target.write(bytes, done, bytes.length - done, at + done);
    done += bytesWritten;
  }
}

/** Hashes the first `bytes` of a file. Throws FILE_SHORT and the errors of the disk. */
export async function hashParts(
  path: string,
  bytes: number,
  options: Pick<CopyOptions, 'part_bytes' | 'onBytes' | 'signal'>,
): Promise<string[]> {
  const { part_bytes = PART_BYTES } = options;
  const parts: string[] = [];
  const source = await open(path, 'r');
  const buffer = new Uint8Array(STEP_BYTES);
  try {
    let hash = createHash('sha256');
    for (let at = 0; at < bytes; ) {
      options.signal.throwIfAborted();
      const end = Math.min((Math.floor(at / part_bytes) + 1) * part_bytes, bytes);
      const { bytesRead } = await source.read(buffer, 0, Math.min(STEP_BYTES, end - at), at);
      if (bytesRead === 0) throw short(path, at, bytes);
      hash.update(buffer.subarray(0, bytesRead));
      at += bytesRead;
      options.onBytes(at);
      if (at < end) continue;
      parts.push(hash.digest('base64'));
      hash = createHash('sha256');
    }
  } finally {
    await source.close();
  }
  return parts;
}

function short(place: string, at: number, end: number): LanProofError {
  return new LanProofError('FILE_SHORT', `the file ends at ${at}, not at ${end} bytes`, {
    hint: 'run lanproof ledger verify on the store; take another backup',
    place,
  });
}

export function differs(place: string): LanProofError {
  return new LanProofError('FILE_DIFFERS', 'the file no longer begins as it was backed up', {
    hint: 'keep this backup; run lanproof ledger verify, and back up into a new folder',
    place,
  });
}
