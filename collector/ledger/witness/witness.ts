import { equalBytes, fromBase64, fromUtf8, utf8 } from '../../../shared/bytes.ts';
import { LanProofError } from '../../../shared/errors.ts';
import {
  type Checkpoint,
  formatCheckpoint,
  openCheckpoint,
} from '../../../shared/evidence/checkpoint.ts';
import { signCosignature } from '../../../shared/evidence/cosignature.ts';
import type { Crypto, Signer } from '../../../shared/evidence/crypto.ts';
import { verifyConsistency } from '../../../shared/evidence/merkle.ts';
import { NOTE_CHARS_MAX, type VerifierKey } from '../../../shared/evidence/note.ts';
import type { WitnessState } from './state.ts';

/** Proof lines of a request, as C2SP tlog-witness limits them. */
const PROOF_LINES_MAX = 63;
/** Longest request, in bytes: a note of ASCII, and the proof before it. */
export const REQUEST_BYTES_MAX = NOTE_CHARS_MAX + 8 * 1024;

export interface WitnessOptions {
  readonly crypto: Crypto;
  /** Name in its signature lines. */
  readonly name: string;
  readonly signer: Signer;
  /** Keys of the logs that it signs for; the name of a key is the origin. */
  readonly logs: readonly VerifierKey[];
  readonly state: WitnessState;
  readonly now_ms: () => number;
}

export interface WitnessAnswer {
  readonly status: 200 | 400 | 403 | 404 | 409 | 422;
  readonly type: 'text/plain; charset=utf-8' | 'text/x.tlog.size';
  readonly body: string;
}

/**
 * C2SP tlog-witness, `add-checkpoint`: signs a checkpoint that a known log signed and that is
 * proved to continue the newest one signed before. Synchronous from the check to the disk, so that
 * no second request comes between. Throws the errors of the disk; then nothing was signed.
 */
export function createWitness(options: WitnessOptions): (body: Uint8Array) => WitnessAnswer {
  const { crypto, name, signer, logs, state, now_ms } = options;
  const empty = crypto.sha256(new Uint8Array());

  const open = (note: string): Checkpoint | WitnessAnswer => {
    const origin = note.slice(0, note.indexOf('\n'));
    const keys = logs.filter((key) => key.name === origin);
    if (keys.length === 0) return refused(404, 'this witness does not know the log');
    for (const { publicKey } of keys) {
      try {
        return openCheckpoint(crypto, note, origin, publicKey);
      } catch (error) {
        const code = error instanceof LanProofError ? error.code : '';
        if (code !== 'NOTE_SIGNATURE') return refused(400, 'this is no checkpoint');
      }
    }
    return refused(403, 'no key of the log that this witness knows signed it');
  };

  return (body) => {
    const request = readRequest(body);
    if (request === null) return refused(400, 'not an add-checkpoint request');
    const next = open(request.note);
    if ('status' in next) return next;
    const { old, proof } = request;
    if (old > next.size) return refused(400, 'old is larger than the checkpoint');
    const known = state.newest(next.origin) ?? { ...next, size: 0, root: empty };
    if (old !== known.size) return conflict(known);
    if (old === next.size && !equalBytes(known.root, next.root)) return conflict(known);
    if (!verifyConsistency(crypto, old, known.root, next.size, next.root, proof)) {
      return refused(422, 'the proof does not lead from the older to the newer checkpoint');
    }
    if (next.size > known.size) state.keep(next);
    const line = signCosignature(crypto, name, signer, formatCheckpoint(next), now_ms());
    return { status: 200, type: 'text/plain; charset=utf-8', body: line };
  };
}

interface AddCheckpoint {
  readonly old: number;
  readonly proof: readonly Uint8Array[];
  readonly note: string;
}

/** Null for anything that is not `old <size>`, hashes, an empty line and a note. */
function readRequest(body: Uint8Array): AddCheckpoint | null {
  if (body.length > REQUEST_BYTES_MAX) return null;
  try {
    const text = fromUtf8(body);
    const blank = text.indexOf('\n\n');
    const [first = '', ...hashes] = text.slice(0, Math.max(0, blank)).split('\n');
    const old = Number(/^old (0|[1-9]\d{0,15})$/.exec(first)?.[1] ?? Number.NaN);
    if (blank < 0 || !Number.isSafeInteger(old) || hashes.length > PROOF_LINES_MAX) return null;
    // A decoder that takes a byte order mark away would read another text than was signed.
    if (utf8(text).length !== body.length) return null;
    return { old, proof: hashes.map(fromBase64), note: text.slice(blank + 2) };
  } catch {
    return null;
  }
}

function conflict({ size }: Checkpoint): WitnessAnswer {
  return { status: 409, type: 'text/x.tlog.size', body: `${size}\n` };
}

function refused(status: 400 | 403 | 404 | 422, what: string): WitnessAnswer {
  return { status, type: 'text/plain; charset=utf-8', body: `${what}\n` };
}
