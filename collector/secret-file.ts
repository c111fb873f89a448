import {
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { LanProofError } from '../shared/errors.ts';

/** Only the owner may read or write a secret. */
const SECRET_MODE = 0o600;
const OTHERS_BITS = 0o077;
/** What everybody may have, such as a certificate. */
const PUBLIC_MODE = 0o644;

/**
 * Writes a new secret file of mode 0600 so that it is either absent or complete: a private key
 * that was cut off by a crash would lock its owner out. Throws EEXIST if the file exists.
 */
export function createSecretFile(path: string, text: string): void {
  const draft = `${path}.new`;
  rmSync(draft, { force: true });
  const flags = constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY;
  const file = openSync(draft, flags, SECRET_MODE);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  // link() refuses an existing name, rename() would replace it.
  linkSync(draft, path);
  rmSync(draft);
  syncDirectory(dirname(path));
}

/**
 * Reads a secret file; undefined if it does not exist. Throws LanProofError SECRET_RIGHTS where
 * other users could read it, SECRET_UNREADABLE where it cannot be read.
 */
export function readSecretFile(path: string): string | undefined {
  try {
    const { mode } = statSync(path);
    // Windows has no such bits; there the folder's rights protect the file.
    if (process.platform !== 'win32' && (mode & OTHERS_BITS) !== 0) {
      throw new LanProofError('SECRET_RIGHTS', 'other users of this machine can read the file', {
        hint: `chmod 600 ${path}`,
        place: path,
      });
    }
    return readFileSync(path, 'utf8');
  } catch (cause) {
    if (cause instanceof LanProofError) throw cause;
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown';
    if (code === 'ENOENT') return undefined;
    throw new LanProofError('SECRET_UNREADABLE', `cannot be read (${code})`, {
      hint: 'start the program as the owner of the file',
      place: path,
      cause,
    });
  }
}

/**
 * Writes a file of mode 0644 that everybody may read, or replaces it, so that it is complete at
 * any moment. A file that says the same already is left alone. Throws the errors of the disk.
 */
export function replacePublicFile(path: string, text: string): void {
  if (existsSync(path) && readFileSync(path, 'utf8') === text) return;
  const draft = `${path}.new`;
  rmSync(draft, { force: true });
  const file = openSync(draft, 'wx', PUBLIC_MODE);
  try {
    // The umask may have taken the right to read away.
    fchmodSync(file, PUBLIC_MODE);
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(draft, path);
  syncDirectory(dirname(path));
}

/** Makes a created or removed name survive a power cut; a no-op where directories cannot be. */
export function syncDirectory(path: string): void {
  if (process.platform === 'win32') return;
  const directory = openSync(path, constants.O_RDONLY);
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}
