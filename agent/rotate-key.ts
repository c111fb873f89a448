import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { equalBytes, toBase64 } from '../shared/bytes.ts';
import { LanProofError } from '../shared/errors.ts';
import type { ChainHead } from '../shared/evidence/chain.ts';
import type { Crypto } from '../shared/evidence/crypto.ts';
import { shortCode } from '../shared/evidence/keys.ts';
import { ROTATIONS_MAX, signRotate } from '../shared/evidence/rotations.ts';
import { generateSigner } from '../shared/node/crypto.ts';
import { writeAtomically } from '../shared/node/whole-file.ts';
import { KEY_FILE, loadIdentity, loadKey, NEXT_KEY_FILE, saveEnrolment } from './identity.ts';
import { isCorrupt, SpoolDb } from './spool/db.ts';
import { readHeadHint, spoolExists, unusable } from './spool/loss.ts';
import { readHead, readMarks } from './spool/state.ts';

const KEY_MODE = 0o600;

export interface RotateDeps {
  readonly crypto: Crypto;
  /** UTC ms of the settable clock: declared in the document, nothing rests on it. */
  readonly wall_ms: () => number;
}

export interface Rotated {
  readonly old_code: string;
  readonly new_code: string;
  readonly after_seq: number;
}

/**
 * Gives a stopped agent a new key inside its epoch: all batches behind the newest one are signed by
 * it, and the next start tells the collector before it sends one of them. Killed anywhere, the
 * folder has the old key or the new one, whole. Throws LanProofError ROTATE_*, SPOOL_IN_USE,
 * SPOOL_UNUSABLE and what loading the identity throws; then nothing was changed.
 */
export function rotateKey(state_dir: string, deps: RotateDeps): Rotated {
  const spool = lockSpool(state_dir, deps.crypto);
  try {
    return rotateLocked(state_dir, spool, deps);
  } finally {
    spool.close();
  }
}

/** With the spool open, so that no agent runs: it would go on with the key that it has read. */
function rotateLocked(state_dir: string, spool: SpoolDb, { crypto, wall_ms }: RotateDeps): Rotated {
  const identity = loadIdentity(state_dir, crypto);
  settleKey(state_dir, identity.signer.publicKey);
  const { site, agent, epoch, enrolment, origin } = identity;
  if (identity.rotations.length >= ROTATIONS_MAX) {
    throw refused('ROTATE_LIMIT', `this epoch has had ${ROTATIONS_MAX} keys`, 'enrol it again');
  }
  const after_seq = deliveredHead(state_dir, spool, origin);
  const { signer, pem } = generateSigner();
  const envelope = signRotate(crypto, identity.signer, signer, {
    ...{ v: 1, site, agent, epoch, after_seq },
    old_key: toBase64(identity.signer.publicKey),
    new_key: toBase64(signer.publicKey),
    at_ms: Math.max(0, Math.round(wall_ms())),
  });
  writeAtomically(join(state_dir, NEXT_KEY_FILE), pem, KEY_MODE);
  // From this rename on the new key is the one in use: see keyInUse.
  saveEnrolment(state_dir, {
    ...enrolment,
    rotations: [...(enrolment.rotations ?? []), envelope],
  });
  settleKey(state_dir, signer.publicKey);
  const old_code = shortCode(crypto, identity.signer.publicKey);
  return { old_code, new_code: shortCode(crypto, signer.publicKey), after_seq };
}

/** Ends a rotation that was cut off: the key in use stands in the usual file, and alone. */
function settleKey(state_dir: string, key: Uint8Array): void {
  const next = join(state_dir, NEXT_KEY_FILE);
  if (!existsSync(next)) return;
  if (!equalBytes(loadKey(state_dir, NEXT_KEY_FILE).publicKey, key)) return;
  renameSync(next, join(state_dir, KEY_FILE));
}

/**
 * Opens the spool for this process alone. It is never repaired here: the agent does that at its
 * start, and tells what was lost.
 */
function lockSpool(state_dir: string, crypto: Crypto): SpoolDb {
  const path = join(state_dir, 'spool.db');
  if (!spoolExists(path)) {
    loadIdentity(state_dir, crypto);
    // Beside a note of batches it was not always missing.
    if ((readHeadHint(state_dir)?.seq ?? 0) > 0) throw spoolLost('it is missing', path);
    throw early();
  }
  try {
    return new SpoolDb(path);
  } catch (error) {
    if (isCorrupt(error)) throw spoolLost(error.message, path);
    throw unusable(error, path);
  }
}

/** The newest seq, all of which the collector has: nothing is left for the old key to sign. */
function deliveredHead(state_dir: string, spool: SpoolDb, origin: ChainHead): number {
  const path = join(state_dir, 'spool.db');
  try {
    spool.check();
  } catch (error) {
    if (isCorrupt(error)) throw spoolLost(error.message, path);
    throw unusable(error, path);
  }
  const { epoch } = origin;
  const head = readHead(spool, origin);
  const hint = readHeadHint(state_dir);
  if (hint?.epoch === epoch && head.seq < hint.seq) {
    throw spoolLost(`batches up to ${hint.seq} were noted, it ends with ${head.seq}`, path);
  }
  // Behind a loss the chain begins at a place that no batch has reached yet.
  if (head.seq === 0 || spool.last(epoch)?.seq !== head.seq) throw early();
  const { sent_to } = readMarks(spool, head);
  if (sent_to === head.seq) return head.seq;
  throw refused(
    'ROTATE_UNDELIVERED',
    `the collector has not acknowledged ${head.seq - sent_to} batches that the old key signed`,
    'start the agent until `lanproof agent status` says that nothing waits, stop it, and repeat',
  );
}

function early(): LanProofError {
  const message = 'this agent has not measured with its key yet';
  return refused('ROTATE_EARLY', message, 'let it measure and deliver for some minutes first');
}

function spoolLost(what: string, place: string): LanProofError {
  return new LanProofError('ROTATE_SPOOL_LOST', `the spool lost batches: ${what}`, {
    hint:
      'start the agent: it goes on behind the loss and tells the collector of it; when `lanproof ' +
      'agent status` says that nothing waits, stop it, and repeat',
    place,
  });
}

function refused(code: string, message: string, hint: string): LanProofError {
  return new LanProofError(code, message, { hint });
}
