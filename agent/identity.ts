import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { equalBytes, fromBase64, toBase64 } from '../shared/bytes.ts';
import { LanProofError } from '../shared/errors.ts';
import type { ChainHead } from '../shared/evidence/chain.ts';
import type { Crypto, Signer } from '../shared/evidence/crypto.ts';
import { openDocument } from '../shared/evidence/document-reading.ts';
import { documentHash, type Enrol, type LogOpen } from '../shared/evidence/documents.ts';
import { type Envelope, serializeEnvelope } from '../shared/evidence/dsse.ts';
import { checkRotations, rotatedTo } from '../shared/evidence/rotations.ts';
import { signerFromPem } from '../shared/node/crypto.ts';
import { writeAtomically } from '../shared/node/whole-file.ts';
import type { TlsTrust } from './connect.ts';

export const KEY_FILE = 'agent.key';
/** The key of a rotation that enrolment.json may name already; see rotate-key.ts. */
export const NEXT_KEY_FILE = 'agent.key.next';
export const ENROLMENT_FILE = 'enrolment.json';
const PRIVATE_MODE = 0o600;

/** enrolment.json: what the agent was given and pinned when it was enrolled. */
export interface Enrolment {
  readonly v: 1;
  /** Null where the collector speaks plain http. */
  readonly tls: TlsTrust | null;
  /** Base64 raw Ed25519 key; everything else is believed only through it. */
  readonly document_key: string;
  readonly enrol: Envelope;
  /** Every log-open document known, oldest first. */
  readonly log_open: readonly Envelope[];
  /** The first verified checkpoint. */
  readonly checkpoint: string;
  /** Rotate documents from the key of `enrol` to the one in use, oldest first; absent: none. */
  readonly rotations?: readonly Envelope[];
}

/** A rotation of this epoch, checked. */
export interface KeyRotation {
  readonly envelope: Envelope;
  /** The last batch under the key before. */
  readonly after_seq: number;
}

/** Who this agent is. */
export interface Identity {
  readonly site: string;
  readonly agent: string;
  readonly epoch: number;
  /** Origin of the log that the agent was enrolled in. */
  readonly log: string;
  /** When the enrolment was signed, UTC ms by the collector's clock. */
  readonly issued_ms: number;
  readonly signer: Signer;
  readonly document_key: Uint8Array;
  readonly tls: TlsTrust | null;
  /** Seq 0 with the hash of the enrol document: where the chain begins. */
  readonly origin: ChainHead;
  /** Log keys by origin, in the order in which the logs were opened. */
  readonly logs: ReadonlyMap<string, LogOpen>;
  readonly enrolment: Enrolment;
  /** Oldest first; the newest one begins the key in use. */
  readonly rotations: readonly KeyRotation[];
}

/**
 * Reads key and enrolment and checks them again. @throws LanProofError AGENT_NOT_ENROLLED,
 * STATE_DIR_UNREADABLE, AGENT_KEY_MODE, AGENT_KEY_DAMAGED, ENROLMENT_DAMAGED.
 */
export function loadIdentity(state_dir: string, crypto: Crypto): Identity {
  const kept = loadKey(state_dir);
  const path = join(state_dir, ENROLMENT_FILE);
  let enrolment: Enrolment;
  try {
    enrolment = JSON.parse(readFileSync(path, 'utf8')) as Enrolment;
  } catch (cause) {
    if (isRefused(cause)) throw unreadable(path, cause);
    throw (cause as NodeJS.ErrnoException).code === 'ENOENT'
      ? notEnrolled(path)
      : damaged(path, cause);
  }
  try {
    return identityOf(enrolment, keyInUse(state_dir, enrolment, kept), crypto);
  } catch (cause) {
    throw damaged(path, cause);
  }
}

/** Builds the identity from an enrolment, verifying every document under the pinned key. */
export function identityOf(enrolment: Enrolment, signer: Signer, crypto: Crypto): Identity {
  const document_key = fromBase64(enrolment.document_key);
  const text = serializeEnvelope(enrolment.enrol);
  const enrol: Enrol = openDocument(crypto, text, 'enrol', document_key);
  const rotations = enrolment.rotations ?? [];
  const rotated = checkRotations(crypto, enrol, rotations);
  if (!equalBytes(rotated.key, signer.publicKey)) {
    throw new LanProofError('ENROL_KEY', 'the enrol document names another key', {
      hint: 'agent.key and enrolment.json do not belong together; enrol again',
    });
  }
  const logs = new Map<string, LogOpen>();
  for (const envelope of enrolment.log_open) {
    const opened = openDocument(crypto, serializeEnvelope(envelope), 'log-open', document_key);
    logs.set(opened.log, opened);
  }
  if (!logs.has(enrol.log)) {
    throw new LanProofError('ENROL_LOG', `no log-open document of ${enrol.log}`, {
      hint: 'the collector must send it with the enrol answer; update the collector',
    });
  }
  const { site, agent, epoch, log, issued_ms } = enrol;
  const origin: ChainHead = { epoch, seq: 0, hash: documentHash(crypto, text) };
  const { tls } = enrolment;
  const place = { site, agent, epoch, log, issued_ms };
  const keys = { signer, document_key, tls, rotations: rotated.rotations };
  return { ...place, ...keys, origin, logs, enrolment };
}

/** A rotation that was cut off behind its document has its key in the file beside. */
function keyInUse(state_dir: string, { rotations }: Enrolment, kept: Signer): Signer {
  const last = rotations?.at(-1);
  if (last === undefined || !existsSync(join(state_dir, NEXT_KEY_FILE))) return kept;
  const next = loadKey(state_dir, NEXT_KEY_FILE);
  return rotatedTo(last) === toBase64(next.publicKey) ? next : kept;
}

export function loadKey(state_dir: string, name: string = KEY_FILE): Signer {
  const path = join(state_dir, name);
  let pem: string;
  try {
    const mode = statSync(path).mode & 0o777;
    if (process.platform !== 'win32' && mode !== PRIVATE_MODE) {
      throw new LanProofError('AGENT_KEY_MODE', `the key has mode ${mode.toString(8)}, not 600`, {
        hint: `chmod 600 ${path}; if others could read it, enrol again with a new key`,
        place: path,
      });
    }
    pem = readFileSync(path, 'utf8');
  } catch (cause) {
    if (cause instanceof LanProofError) throw cause;
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') throw notEnrolled(path);
    if (isRefused(cause)) throw unreadable(path, cause);
    throw damagedKey(path, cause);
  }
  try {
    return signerFromPem(pem);
  } catch (cause) {
    throw damagedKey(path, cause);
  }
}

export function saveEnrolment(state_dir: string, enrolment: Enrolment): void {
  const text = `${JSON.stringify(enrolment, null, 2)}\n`;
  writeAtomically(join(state_dir, ENROLMENT_FILE), text, PRIVATE_MODE);
}

/** Whether the system refused a file to the user who asked for it. */
export function isRefused(cause: unknown): boolean {
  const { code } = cause as NodeJS.ErrnoException;
  return code === 'EACCES' || code === 'EPERM';
}

/** The file may be as it should be: only this user may not see it. */
export function unreadable(place: string, cause: unknown): LanProofError {
  const message = 'this user may not read the state of the agent';
  return new LanProofError('STATE_DIR_UNREADABLE', message, {
    hint: `run as the user of the agent (sudo -u USER); if that is you: sudo chown USER ${place}`,
    place,
    cause,
  });
}

function notEnrolled(place: string): LanProofError {
  return new LanProofError('AGENT_NOT_ENROLLED', 'this agent is not enrolled yet', {
    hint: 'run `lanproof enrol --collector URL --token T --state DIR` with this state directory',
    place,
  });
}

function damaged(place: string, cause: unknown): LanProofError {
  const said = cause instanceof Error ? cause.message : String(cause);
  return new LanProofError('ENROLMENT_DAMAGED', `the enrolment cannot be used: ${said}`, {
    hint: 'restore it from a backup, or move the state directory away and enrol again',
    place,
    cause,
  });
}

function damagedKey(place: string, cause: unknown): LanProofError {
  return new LanProofError('AGENT_KEY_DAMAGED', 'the key of this agent cannot be read', {
    hint: 'restore it from a backup, or move the state directory away and enrol again',
    place,
    cause,
  });
}
