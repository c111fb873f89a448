import { join } from 'node:path';
import { LanProofError } from '../shared/errors.ts';
import type { Signer } from '../shared/evidence/crypto.ts';
import { generateSigner, signerFromPem } from '../shared/node/crypto.ts';
import { createSecretFile, readSecretFile } from './secret-file.ts';

/** The two keys of a collector (design: evidence §4, §7): they never sign for one another. */
export interface CollectorKeys {
  /** Signs checkpoints only. */
  readonly log: Signer;
  /** Signs every control document, target list and enrol answer. */
  readonly document: Signer;
}

export const LOG_KEY_FILE = 'log.key';
export const DOCUMENT_KEY_FILE = 'document.key';

/**
 * Reads the keys of a data directory, PKCS #8 PEM of mode 0600. With `may_create` a missing one
 * is made; without it (a log exists already) a missing key is an error: a new key would silently
 * break with everything that agents pinned. Throws LanProofError KEY_MISSING, KEY_INVALID,
 * SECRET_RIGHTS or SECRET_UNREADABLE.
 */
export function loadKeys(data_dir: string, options: { may_create: boolean }): CollectorKeys {
  return {
    log: loadKey(join(data_dir, LOG_KEY_FILE), options.may_create),
    document: loadKey(join(data_dir, DOCUMENT_KEY_FILE), options.may_create),
  };
}

function loadKey(path: string, may_create: boolean): Signer {
  const pem = readSecretFile(path);
  if (pem !== undefined) {
    try {
      return signerFromPem(pem);
    } catch (cause) {
      throw new LanProofError('KEY_INVALID', 'the file holds no Ed25519 private key', {
        hint: 'put the key back from its backup; do not edit the file',
        place: path,
        cause,
      });
    }
  }
  if (!may_create) {
    throw new LanProofError('KEY_MISSING', 'the key of an existing log is missing', {
      hint: 'put it back: lanproof key import; only if it is lost for ever: lanproof key replace',
      place: path,
    });
  }
  const made = generateSigner();
  createSecretFile(path, made.pem);
  return made.signer;
}
