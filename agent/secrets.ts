import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { LanProofError } from '../shared/errors.ts';
import { isSecretName, SECRET_NAME_FORM } from '../shared/measure/secret-name.ts';

/** Communities and pass phrases are short; a larger file is not a secret. */
export const SECRET_BYTES_MAX = 4_096;
const SECRET_MODE = 0o600;
/** Where agent.yml puts secrets unless it says otherwise. */
export const SECRETS_DIR_DEFAULT = '/etc/lanproof/secrets';

/**
 * The value of a secret by its name: the file `dir/name` of mode 0600, without its last line end.
 * The collector sends names only, so a name is never a path. Throws LanProofError SECRET_NAME,
 * SECRET_MISSING, SECRET_MODE, SECRET_SYMLINK, SECRET_FILE, SECRET_EMPTY, SECRET_TOO_LARGE or
 * SECRET_UNREADABLE; no error repeats the value, and SECRET_NAME not even the name.
 */
export function readSecret(dir: string, name: string): string {
  if (isSecretName(name)) return readSecretFile(join(dir, name));
  throw new LanProofError('SECRET_NAME', 'this is no name of a secret', {
    hint: `write ${SECRET_NAME_FORM}`,
    place: dir,
  });
}

/** The same for a path that a person wrote into agent.yml or into the environment. */
export function readSecretFile(path: string): string {
  const file = open(path);
  try {
    const stats = fstatSync(file);
    checkFile(stats, path);
    const bytes = Buffer.alloc(SECRET_BYTES_MAX + 1);
    const length = readAll(file, bytes);
    if (length > SECRET_BYTES_MAX) {
      throw secretError('SECRET_TOO_LARGE', path, `holds more than ${SECRET_BYTES_MAX} bytes`);
    }
    const value = bytes.toString('utf8', 0, length).replace(/\r?\n$/, '');
    if (value === '') throw secretError('SECRET_EMPTY', path, 'is empty');
    return value;
  } finally {
    closeSync(file);
  }
}

function open(path: string): number {
  // NOFOLLOW: a link could lead to another user's file; NONBLOCK: a pipe would hang the agent.
  const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
  try {
    return openSync(path, flags);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === 'ELOOP') throw secretError('SECRET_SYMLINK', path, 'is a symbolic link', cause);
    if (code === 'ENOENT') throw secretError('SECRET_MISSING', path, 'does not exist', cause);
    throw secretError('SECRET_UNREADABLE', path, `cannot be opened (${code})`, cause);
  }
}

function checkFile(stats: Stats, path: string): void {
  if (!stats.isFile()) throw secretError('SECRET_FILE', path, 'is not a plain file');
  // Windows has no such bits; there the folder's rights protect the file.
  if (process.platform === 'win32') return;
  const mode = stats.mode & 0o777;
  if (mode === SECRET_MODE) return;
  const shown = mode.toString(8).padStart(4, '0');
  throw secretError('SECRET_MODE', path, `has mode ${shown}, not 0600`);
}

function readAll(file: number, bytes: Buffer): number {
  let length = 0;
  while (length < bytes.length) {
    const read = readSync(file, bytes, length, bytes.length - length, null);
    if (read === 0) break;
    length += read;
  }
  return length;
}

/** A command that can be copied as it stands, and writes where the agent reads. */
function writeHint(path: string): string {
  const name = basename(path);
  if (!isSecretName(name)) return 'write the value into this file, mode 0600';
  const dir = dirname(path);
  const plain = /^[\w./:@+-]+$/.test(dir) ? dir : `'${dir.replaceAll("'", "'\\''")}'`;
  const where = dir === SECRETS_DIR_DEFAULT ? '' : ` --secrets-dir ${plain}`;
  return `write it with \`lanproof agent secret set ${name}${where}\``;
}

function secretError(code: string, path: string, message: string, cause?: unknown) {
  const name = basename(path);
  const hints: Readonly<Record<string, string>> = {
    SECRET_MODE: `chmod 600 ${path}`,
    SECRET_UNREADABLE: `run as the owner of ${path}`,
    SECRET_TOO_LARGE: 'check that this is the right file',
  };
  return new LanProofError(code, `secret ${name} ${message}`, {
    hint: hints[code] ?? writeHint(path),
    place: path,
    ...(cause === undefined ? {} : { cause }),
  });
}
