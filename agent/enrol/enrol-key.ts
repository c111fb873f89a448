import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { LanProofError } from '../../shared/errors.ts';
import type { Signer } from '../../shared/evidence/crypto.ts';
import { generateSigner } from '../../shared/node/crypto.ts';
import { makeFolder } from '../../shared/node/make-folder.ts';
import { writeAtomically } from '../../shared/node/whole-file.ts';
import { KEY_FILE, loadKey } from '../identity.ts';

const KEY_MODE = 0o600;
const DIR_MODE = 0o700;

/**
 * The key of this machine in its state directory, made where there is none. Throws LanProofError
 * STATE_DIR_UNUSABLE, or what `loadKey` throws.
 */
export function keyOf(state_dir: string): Signer {
  try {
    makeFolder(state_dir, DIR_MODE);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown';
    throw new LanProofError('STATE_DIR_UNUSABLE', `the folder cannot be made (${code})`, {
      hint: 'name another folder with --state, or run as a user who may write there',
      place: state_dir,
      cause,
    });
  }
  const path = join(state_dir, KEY_FILE);
  // An earlier try may wait for approval with this key.
  if (existsSync(path)) return loadKey(state_dir);
  const { signer, pem } = generateSigner();
  writeAtomically(path, pem, KEY_MODE);
  return signer;
}
