import { fdatasyncSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';

/**
 * A disk whose last sync took no longer, ms, is waited for on this thread: to wake another one
 * and to be woken by it costs 0.2 ms CPU, and a commit of SQLite holds this thread up as well.
 */
const QUICK_MS = 3;

/** Ends when the bytes of the file are on disk. */
export type DataSync = (handle: Pick<FileHandle, 'fd' | 'datasync'>) => Promise<void>;

/**
 * fdatasync by the shorter way: beside this thread only where the disk is slow, so that requests
 * are read meanwhile. Both are the same promise about the bytes. `mono_ms` is a monotonic clock.
 */
export function createDataSync(mono_ms: () => number): DataSync {
  let took_ms = Number.POSITIVE_INFINITY;
  return async (handle) => {
    const from_ms = mono_ms();
    if (took_ms <= QUICK_MS) fdatasyncSync(handle.fd);
    else await handle.datasync();
    took_ms = mono_ms() - from_ms;
  };
}
