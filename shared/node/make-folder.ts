import { mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { giveToOwner } from './folder-owner.ts';

/**
 * Makes a folder and the parents that are missing, each with `mode` (less the umask); one that is
 * there stays as it is. What root makes belongs to the owner of the folder around it. Throws the
 * error of the system (ENOENT, EACCES, ENOTDIR, EROFS, …).
 * Node's own `recursive: true` is not used: where a parent exists and refuses new entries with
 * ENOENT, as /proc does, it tries again for ever, in one call that no signal ends.
 */
export function makeFolder(path: string, mode: number): void {
  makeOne(resolve(path), mode);
}

function makeOne(path: string, mode: number): void {
  try {
    makeEntry(path, mode);
    return;
  } catch (error) {
    if (isFolder(path)) return;
    const parent = dirname(path);
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || parent === path) throw error;
    makeOne(parent, mode);
  }
  try {
    makeEntry(path, mode);
  } catch (error) {
    // Another process may have been quicker.
    if (!isFolder(path)) throw error;
  }
}

function makeEntry(path: string, mode: number): void {
  mkdirSync(path, { mode });
  giveToOwner(path);
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
