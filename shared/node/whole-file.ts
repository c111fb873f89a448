import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  linkSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { giveFile } from './folder-owner.ts';

/** What a file is called while it is written: a crash may leave it behind, nothing reads it. */
export const DRAFT_ENDING = '.new';

/**
 * Writes a file, or replaces it, so that at any moment the old one or the new one is there, whole,
 * also after a power cut. `draft` must be a name of this process alone where two may write at once.
 * Throws the errors of the disk and leaves nothing behind.
 */
export function writeAtomically(
  path: string,
  text: string,
  mode: number,
  draft: string = path + DRAFT_ENDING,
): void {
  writeDraft(draft, text, mode);
  try {
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
  syncDirectory(dirname(path));
}

/** The same for a file that must be new: throws EEXIST, and what is there is never replaced. */
export function createAtomically(path: string, text: string, mode: number): void {
  const draft = path + DRAFT_ENDING;
  writeDraft(draft, text, mode);
  try {
    moveToNew(draft, path);
  } finally {
    rmSync(draft, { force: true });
  }
  syncDirectory(dirname(path));
}

/** rename() alone would replace an existing file; link() refuses it. */
function moveToNew(draft: string, path: string): void {
  try {
    linkSync(draft, path);
    return;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw error;
  }
  // No hard links here, as on most USB sticks: the name is taken first, empty, then filled at once.
  closeSync(openSync(path, 'wx'));
  try {
    renameSync(draft, path);
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  }
}

function writeDraft(draft: string, text: string, mode: number): void {
  rmSync(draft, { force: true });
  // Exclusive: a link that somebody put there is never followed.
  const file = openSync(draft, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY, mode);
  try {
    try {
      fill(file, text, mode, dirname(draft));
    } finally {
      closeSync(file);
    }
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

function fill(file: number, text: string, mode: number, folder: string): void {
  // The umask may have taken rights away. A USB stick gives all and refuses every change.
  if ((fstatSync(file).mode & mode) !== mode) fchmodSync(file, mode);
  giveFile(file, folder);
  const bytes = Buffer.from(text);
  // One call may write a part only, as on a disk that is about to be full.
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
  fsyncSync(file);
}

/** Makes a created or removed name survive a power cut; a no-op where directories cannot be. */
export function syncDirectory(path: string): void {
  if (process.platform === 'win32') return;
  const directory = openSync(path, constants.O_RDONLY);
  try {
    fsyncSync(directory);
  } catch (error) {
    // Some network shares know no such thing and keep names by themselves.
    if ((error as NodeJS.ErrnoException).code !== 'EINVAL') throw error;
  } finally {
    closeSync(directory);
  }
}
