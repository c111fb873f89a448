/**
 * C2SP tlog-checkpoint: a signed note of exactly three lines, origin, size and root. Extension
 * lines are refused: our logs write none, and what nobody checks should not be carried.
 */
import { fromBase64, toBase64 } from '../bytes.ts';
import { LanProofError } from '../errors.ts';
import type { Crypto, Signer } from './crypto.ts';
import { HASH_BYTES } from './merkle.ts';
import { isKeyName, openNote, signNote } from './note.ts';
import { isTreeSize } from './tree-math.ts';

/** Longest origin, in characters: it stands in every checkpoint that an agent carries. */
export const ORIGIN_CHARS_MAX = 200;
/** Logs whose origin begins so hold simulated data, never evidence (docs/formats/log.md). */
export const DEMO_ORIGIN = 'demo/';

/** The head of a log: `size` leaves (0 to 2^53 − 1) with the RFC 6962 `root` (32 bytes). */
export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  readonly root: Uint8Array;
}

/** The three lines that are signed. Throws LanProofError CHECKPOINT_FORMAT. */
export function formatCheckpoint(checkpoint: Checkpoint): string {
  const { origin, size, root } = checkpoint;
  if (!isKeyName(origin) || origin.length > ORIGIN_CHARS_MAX) throw malformed('origin', 1);
  if (!isTreeSize(size)) throw malformed('size', 2);
  if (root.length !== HASH_BYTES) throw malformed('root hash', 3);
  return `${origin}\n${size}\n${toBase64(root)}\n`;
}

/** Reads the text of a checkpoint (without signatures). Throws LanProofError CHECKPOINT_FORMAT. */
export function parseCheckpoint(text: string): Checkpoint {
  const [origin, size, root, end, ...more] = text.split('\n');
  if (origin === undefined || size === undefined || root === undefined || end !== '') {
    throw malformed('number of lines', 1);
  }
  if (more.length > 0) throw malformed('number of lines', 4);
  let decoded: Uint8Array;
  try {
    decoded = fromBase64(root);
  } catch {
    throw malformed('root hash', 3);
  }
  const checkpoint = { origin, size: Number(size), root: decoded };
  // Writing it again catches leading zeros, signs, exponents and sizes beyond 2^53 − 1 at once.
  if (formatCheckpoint(checkpoint) !== text) throw malformed('size', 2);
  return checkpoint;
}

/** Signs with the log key; the note's key name is the origin. */
export function signCheckpoint(crypto: Crypto, signer: Signer, checkpoint: Checkpoint): string {
  return signNote(crypto, checkpoint.origin, signer, formatCheckpoint(checkpoint));
}

/**
 * Returns the checkpoint if the log `origin` signed it with `publicKey`. Throws LanProofError
 * NOTE_FORMAT, NOTE_SIGNATURE, CHECKPOINT_FORMAT or CHECKPOINT_ORIGIN.
 */
export function openCheckpoint(
  crypto: Crypto,
  note: string,
  origin: string,
  publicKey: Uint8Array,
): Checkpoint {
  const checkpoint = parseCheckpoint(openNote(crypto, note, origin, publicKey));
  if (checkpoint.origin !== origin) {
    throw new LanProofError('CHECKPOINT_ORIGIN', `a checkpoint of ${checkpoint.origin}`, {
      hint: `give a checkpoint of the log ${origin}`,
      place: 'line 1',
    });
  }
  return checkpoint;
}

function malformed(what: string, line: number): LanProofError {
  return new LanProofError('CHECKPOINT_FORMAT', `not a checkpoint: unfit ${what}`, {
    hint: 'give the three lines unchanged: origin, size, root hash in base64, each with a newline',
    place: `line ${line}`,
  });
}
