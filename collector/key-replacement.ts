import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { equalBytes, fromBase64, toBase64 } from '../shared/bytes.ts';
import { LanProofError } from '../shared/errors.ts';
import { generateSigner } from '../shared/node/crypto.ts';
import { DOCUMENT_KEY_FILE, LOG_KEY_FILE } from './keys.ts';
import { createSecretFile } from './secret-file.ts';

/** Beside a key: its owner said that the one before is lost, and why. */
export const NOTE_ENDING = '.replaced';
/** Fits into the reason of a log-open document beside what the collector says itself. */
export const REPLACE_REASON_CHARS_MAX = 300;

const FILES = { log: LOG_KEY_FILE, document: DOCUMENT_KEY_FILE } as const;
export type KeyName = keyof typeof FILES;

/** Which keys of a data directory are missing. */
export function missingKeys(data_dir: string): KeyName[] {
  const names: readonly KeyName[] = ['log', 'document'];
  return names.filter((name) => !existsSync(join(data_dir, FILES[name])));
}

/**
 * Makes a new key where the one of an existing log is missing, with a note that it was meant: the
 * next start then opens the next log. Returns the raw public key. Throws LanProofError
 * KEY_NOT_MISSING.
 */
export function replaceKey(data_dir: string, name: KeyName, reason: string): Uint8Array {
  const path = join(data_dir, FILES[name]);
  if (existsSync(path)) {
    throw new LanProofError('KEY_NOT_MISSING', `${FILES[name]} is there`, {
      hint: 'only a lost key is replaced: nothing is wrong with a log whose key is there',
      place: path,
    });
  }
  const { signer, pem } = generateSigner();
  const note = { v: 1, key: toBase64(signer.publicKey), reason };
  // The note comes first: a key without it would be refused as another collector's.
  rmSync(path + NOTE_ENDING, { force: true });
  createSecretFile(path + NOTE_ENDING, `${JSON.stringify(note)}\n`);
  createSecretFile(path, pem);
  return signer.publicKey;
}

/** Why that very key was put in the place of a lost one; null: nobody said so. */
export function replacedReason(data_dir: string, name: KeyName, key: Uint8Array): string | null {
  try {
    const value: unknown = JSON.parse(
      readFileSync(join(data_dir, FILES[name] + NOTE_ENDING), 'utf8'),
    );
    const said = Object.assign({ key: '', reason: '' }, value);
    return equalBytes(fromBase64(said.key), key) ? said.reason : null;
  } catch {
    return null;
  }
}
