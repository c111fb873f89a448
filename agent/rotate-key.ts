import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { equalBytes, toBase64 } from '../shared/bytes.ts';
import { LanProofError } from '../shared/errors.ts';
import type { Crypto } from '../shared/evidence/crypto.ts';
import { shortCode } from '../shared/evidence/keys.ts';
import { ROTATIONS_MAX, signRotate } from '../shared/evidence/rotations.ts';
import { generateSigner } from '../shared/node/crypto.ts';
import {
  KEY_FILE,
  loadIdentity,
  loadKey,
  NEXT_KEY_FILE,
  saveEnrolment,
  writeAtomically,
} from './identity.ts';
import { spoolExists } from './spool/loss.ts';
import { Spool } from './spool.ts';

const KEY_MODE = 0o600;
/** The spool is only read here; it is never made smaller. */
const NO_LIMIT_BYTES = Number.MAX_SAFE_INTEGER;

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
 * folder has the old key or the new one, whole. Throws LanProofError ROTATE_*, SPOOL_IN_USE and
 * what loading the identity throws.
 */
export function rotateKey(state_dir: string, { crypto, wall_ms }: RotateDeps): Rotated {
  const identity = loadIdentity(state_dir, crypto);
  settleKey(state_dir, identity.signer.publicKey);
  const { site, agent, epoch, enrolment } = identity;
  if (identity.rotations.length >= ROTATIONS_MAX) {
    throw refused('ROTATE_LIMIT', `this epoch has had ${ROTATIONS_MAX} keys`, 'enrol it again');
  }
  const after_seq = deliveredHead(state_dir, identity.origin, crypto);
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

/** The newest seq, all of which the collector has: nothing is left for the old key to sign. */
function deliveredHead(
  state_dir: string,
  origin: ConstructorParameters<typeof Spool>[0]['origin'],
  crypto: Crypto,
): number {
  const early = 'let it measure and deliver for some minutes first';
  if (!spoolExists(join(state_dir, 'spool.db'))) {
    throw refused('ROTATE_EARLY', 'this agent has not measured with its first key', early);
  }
  const ignore = (): void => undefined;
  const spool = new Spool({
    ...{ dir: state_dir, crypto, origin, bytes_max: NO_LIMIT_BYTES },
    ...{ wall_ms: () => 0, onDisk: ignore, onLost: ignore },
  });
  try {
    const { head, marks, waiting } = spool;
    if (head.seq === 0) {
      throw refused('ROTATE_EARLY', 'this agent has not measured with its first key', early);
    }
    if (waiting === 0 && marks.sent_to === head.seq) return head.seq;
    const undelivered = Math.max(waiting, head.seq - marks.sent_to);
    throw refused(
      'ROTATE_UNDELIVERED',
      `the collector has not acknowledged ${undelivered} batches that the old key signed`,
      'start the agent until `lanproof agent status` says that nothing waits, stop it, and repeat',
    );
  } finally {
    spool.close();
  }
}

function refused(code: string, message: string, hint: string): LanProofError {
  return new LanProofError(code, message, { hint });
}
