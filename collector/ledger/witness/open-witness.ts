import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LanProofError } from '../../../shared/errors.ts';
import { encodeCosignerKey } from '../../../shared/evidence/cosignature.ts';
import type { Crypto, Signer } from '../../../shared/evidence/crypto.ts';
import { shortCode } from '../../../shared/evidence/keys.ts';
import { isKeyName } from '../../../shared/evidence/note.ts';
import { generateSigner, signerFromPem } from '../../../shared/node/crypto.ts';
import { makeFolder } from '../../../shared/node/make-folder.ts';
import { createSecretFile, readSecretFile, replacePublicFile } from '../../secret-file.ts';
import { createWitnessFolder, openWitnessState, type WitnessState } from './state.ts';

export const WITNESS_KEY_FILE = 'witness.key';
/** Name and key as given to others: a name that changed would make signatures of a stranger. */
const VERIFIER_KEY_FILE = 'witness.vkey';

export interface OpenWitness {
  readonly name: string;
  readonly signer: Signer;
  /** C2SP verifier key of type 0x04, for `anchors.witnesses[].key`. */
  readonly verifier_key: string;
  readonly state: WitnessState;
}

/**
 * Opens a witness's folder, owned by this process (lockDataDir); a new one gets a key of mode
 * 0600. `name` is only used then; default `lanproof-witness/<short code>`. Throws LanProofError
 * WITNESS_NAME, KEY_INVALID, KEY_MISSING, SECRET_*, WITNESS_STATE_*, or the errors of the disk.
 */
export function openWitness(folder: string, crypto: Crypto, name?: string): OpenWitness {
  makeFolder(folder, 0o700);
  const path = join(folder, WITNESS_KEY_FILE);
  const shown = join(folder, VERIFIER_KEY_FILE);
  const pem = readSecretFile(path);
  const kept = readShown(shown);
  if (pem === undefined && kept !== undefined) {
    throw new LanProofError('KEY_MISSING', 'the key of this witness is gone', {
      hint: 'put it back from its backup, or begin a new witness with a new --state',
      place: path,
    });
  }
  // Before the key: a key without the folder means that what was signed is lost.
  if (pem === undefined) createWitnessFolder(folder);
  const signer = pem === undefined ? makeKey(path) : readKey(path, pem);
  const { publicKey } = signer;
  const standard = `lanproof-witness/${shortCode(crypto, publicKey).toLowerCase()}`;
  const used = kept?.split('+', 1)[0] ?? name ?? standard;
  if (!isKeyName(used)) throw nameError('a name has no spaces and no plus sign');
  if (name !== undefined && name !== used) throw nameError(`this witness is ${used}`);
  const verifier_key = encodeCosignerKey(crypto, { name: used, publicKey });
  if (kept !== undefined && kept !== verifier_key) throw nameError('key and witness.vkey differ');
  replacePublicFile(shown, `${verifier_key}\n`);
  return { name: used, signer, verifier_key, state: openWitnessState(folder, crypto) };
}

function readShown(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8').trim() : undefined;
}

function makeKey(path: string): Signer {
  const made = generateSigner();
  createSecretFile(path, made.pem);
  return made.signer;
}

function readKey(path: string, pem: string): Signer {
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

function nameError(what: string): LanProofError {
  return new LanProofError('WITNESS_NAME', what, {
    hint: 'leave --name out, or begin another witness with a new --state',
    place: VERIFIER_KEY_FILE,
  });
}
