import { join } from 'node:path';
import { LanProofError } from '../shared/errors.ts';
import { isSecretName, SECRET_NAME_FORM } from '../shared/measure/secret-name.ts';
import { makeFolder } from '../shared/node/make-folder.ts';
import { writeAtomically } from '../shared/node/whole-file.ts';
import { SECRET_BYTES_MAX } from './secrets.ts';

const FILE_MODE = 0o600;
const DIR_MODE = 0o700;

/**
 * Writes the secret `dir/name` with mode 0600: whole or not at all, so that a running agent reads
 * the old value or the new one. Root gives the file to the owner of `dir`, who runs the agent.
 * Throws LanProofError SECRET_NAME, SECRET_EMPTY, SECRET_TOO_LARGE, SECRET_CHARACTERS or
 * SECRET_UNWRITABLE; no error repeats the value.
 */
export function writeSecret(dir: string, name: string, value: string): string {
  if (!isSecretName(name)) {
    throw new LanProofError('SECRET_NAME', 'this is no name of a secret', {
      hint: `write ${SECRET_NAME_FORM}`,
      place: dir,
    });
  }
  const path = join(dir, name);
  checkValue(value, path);
  // No secret name begins with a dot, so a leftover can never be read as one.
  const draft = join(dir, `.${name}.${process.pid}.new`);
  try {
    makeFolder(dir, DIR_MODE);
    writeAtomically(path, value, FILE_MODE, draft);
    return path;
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'error';
    throw new LanProofError('SECRET_UNWRITABLE', `secret ${name} cannot be written (${code})`, {
      hint: 'run as root or as the user of the agent, and look for room on the disk',
      place: path,
      cause,
    });
  }
}

function checkValue(value: string, place: string): void {
  const refuse = (code: string, message: string, hint: string) =>
    new LanProofError(code, message, { hint, place });
  if (value === '') throw refuse('SECRET_EMPTY', 'the value is empty', 'give it on stdin');
  if (Buffer.byteLength(value) > SECRET_BYTES_MAX) {
    const hint = 'check that this is the right text';
    throw refuse('SECRET_TOO_LARGE', `the value has more than ${SECRET_BYTES_MAX} bytes`, hint);
  }
  if (/\p{Cc}/u.test(value)) {
    const hint = 'give one line without tabs or other control characters';
    throw refuse('SECRET_CHARACTERS', 'the value has control characters or several lines', hint);
  }
}
