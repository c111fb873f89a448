import { type FileHandle, open } from 'node:fs/promises';
import { writeAll } from './parts.ts';

/** What one bad sector costs at most, bytes. */
const STEP_BYTES = 4096;

/**
 * Copies what can still be read of the first `bytes` of a file; what cannot is zeros, so that all
 * else keeps its place. Nothing is written where there is no file.
 */
export async function salvage(
  from: string,
  to: string,
  { bytes, signal }: { readonly bytes: number; readonly signal: AbortSignal },
): Promise<void> {
  const source = await open(from, 'r').catch(() => null);
  if (source === null) return;
  try {
    const target = await open(to, 'w', 0o600);
    try {
      for (let at = 0; at < bytes; at += STEP_BYTES) {
        signal.throwIfAborted();
        const piece = await readStep(source, at, Math.min(STEP_BYTES, bytes - at));
        if (piece === 'end') break;
        await writeAll(target, piece, at);
      }
      await target.sync();
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

async function readStep(
  source: FileHandle,
  at: number,
  length: number,
): Promise<Uint8Array | 'end'> {
  const buffer = new Uint8Array(length);
  try {
    const { bytesRead } = await source.read(buffer, 0, length, at);
    return bytesRead === 0 ? 'end' : buffer.subarray(0, bytesRead);
  } catch {
    return buffer;
  }
}
