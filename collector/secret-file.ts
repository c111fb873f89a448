import { existsSync, readFileSync, statSync } from 'node:fs';
import { LanProofError } from '../shared/errors.ts';
import { createAtomically, writeAtomically } from '../shared/node/whole-file.ts';

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
  createAtomically(path, text, SECRET_MODE);
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
      hint: `start the program as the file's owner, or give it back: sudo chown USER ${path}`,
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
  writeAtomically(path, text, PUBLIC_MODE);
}
