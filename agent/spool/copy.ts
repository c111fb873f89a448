import { closeSync, copyFileSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import { LanProofError } from '../../shared/errors.ts';

/**
 * A running agent holds its spool alone, so it is copied as a file. That is sound while the main
 * file does not change: SQLite then only appends to the log beside it, whose frames carry
 * checksums. It changes only in a checkpoint, every thousand pages.
 */
const TRIES_MAX = 20;
const WAIT_MS = 100;
/** Changes nearer than this to each other may carry the same time in the file system, ms. */
const TIME_STEP_MS = 20;
/** Magic, format, sizes, sequence and salts of a WAL: a log begun anew has other salts. */
const WAL_HEAD_BYTES = 32;

export interface CopyClock {
  /** Wall clock, UTC epoch ms, as the file system stamps. */
  readonly now_ms: () => number;
  readonly wait: (ms: number) => Promise<void>;
}

/** Copies `path` and its `-wal` to `to`. Throws SPOOL_MISSING, SPOOL_BUSY, errors of the disk. */
export async function copySpool(path: string, to: string, clock: CopyClock): Promise<void> {
  if (!existsSync(path)) {
    throw new LanProofError('SPOOL_MISSING', 'there is no spool in this state directory', {
      hint: "name the agent's state_dir with --state DIR",
      place: path,
    });
  }
  for (let tried = 0; tried < TRIES_MAX; tried++) {
    const before = marksOf(path);
    const settled = clock.now_ms() - before.changed_ms > TIME_STEP_MS;
    if (settled) {
      copyFileSync(path, to);
      if (existsSync(`${path}-wal`)) copyFileSync(`${path}-wal`, `${to}-wal`);
      const after = marksOf(path);
      if (after.changed_ms === before.changed_ms && after.wal === before.wal) return;
    }
    await clock.wait(WAIT_MS);
  }
  throw new LanProofError('SPOOL_BUSY', 'the spool changed all the time while it was copied', {
    hint: 'run the command again, or stop the agent for a minute',
    place: path,
  });
}

function marksOf(path: string): { changed_ms: number; wal: string } {
  const { mtimeMs, size } = statSync(path);
  return { changed_ms: mtimeMs, wal: `${size} ${walHead(`${path}-wal`)}` };
}

function walHead(path: string): string {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch {
    return '';
  }
  try {
    const head = Buffer.alloc(WAL_HEAD_BYTES);
    return head.subarray(0, readSync(fd, head, 0, WAL_HEAD_BYTES, 0)).toString('hex');
  } finally {
    closeSync(fd);
  }
}
