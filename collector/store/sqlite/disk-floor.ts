import { statfs } from 'node:fs/promises';
import { LanProofError } from '../../../shared/errors.ts';

/**
 * Below this much free space writes are refused: a full SQLite can neither delete nor checkpoint,
 * so the last bytes are kept for the way out.
 */
export const DISK_FREE_MIN_BYTES = 256 * 1024 * 1024;
/** How long one look at the file system is believed; a busy collector fills 1 MB in this time. */
const LOOK_VALID_MS = 500;

export interface DiskFloor {
  /** Throws DISK_FULL (may be tried again) while the disk is below the floor. */
  check(): Promise<void>;
  freeBytes(): Promise<number>;
}

export function createDiskFloor(
  folder: string,
  options: { free_min_bytes: number; mono_ms: () => number },
): DiskFloor {
  let free = Number.POSITIVE_INFINITY;
  let looked_ms = Number.NEGATIVE_INFINITY;
  const freeBytes = async (): Promise<number> => {
    const now = options.mono_ms();
    if (now - looked_ms < LOOK_VALID_MS) return free;
    const { bavail, bsize } = await statfs(folder);
    free = bavail * bsize;
    looked_ms = now;
    return free;
  };
  return {
    freeBytes,
    async check() {
      if ((await freeBytes()) >= options.free_min_bytes) return;
      throw new LanProofError('DISK_FULL', 'the disk under the data directory is nearly full', {
        hint: 'make space; agents keep their batches and send them again',
        place: folder,
        fatal: false,
      });
    },
  };
}
