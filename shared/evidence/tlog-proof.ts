/** C2SP tlog-proof@v1: one text that proves offline that a leaf stands in a signed log. */
import { fromBase64, toBase64 } from '../bytes.ts';
import { LanProofError } from '../errors.ts';
import { type Checkpoint, openCheckpoint } from './checkpoint.ts';
import type { Crypto } from './crypto.ts';
import { HASH_BYTES, verifyInclusion } from './merkle.ts';
import { NOTE_CHARS_MAX } from './note.ts';
import { isTreeSize } from './tree-math.ts';

const HEADER = 'c2sp.org/tlog-proof@v1';
/** Levels of the largest tree (2^53 − 1 leaves); a longer path proves nothing. */
export const PROOF_HASHES_MAX = 53;
/** Longest proof read, in characters: a note, the path and 64 KiB of extra data. */
export const PROOF_CHARS_MAX = NOTE_CHARS_MAX + 96 * 1024;

export interface TlogProof {
  /** Application data that nothing authenticates; null when the line is absent. */
  readonly extra: Uint8Array | null;
  /** Zero-based index of the leaf. */
  readonly index: number;
  /** Audit path from the leaf's sibling to the root's child, 32 bytes each. */
  readonly hashes: readonly Uint8Array[];
  /** The signed checkpoint, verbatim. */
  readonly checkpoint: string;
}

/** Throws LanProofError PROOF_FORMAT on an index or hash that cannot be written. */
export function formatTlogProof(proof: TlogProof): string {
  if (!isTreeSize(proof.index)) throw malformed('the index is not a whole number');
  if (proof.hashes.length > PROOF_HASHES_MAX) throw malformed('too many hashes');
  if (proof.hashes.some((hash) => hash.length !== HASH_BYTES)) throw malformed('hash length');
  const extra = proof.extra === null ? [] : [`extra ${toBase64(proof.extra)}`];
  const lines = [HEADER, ...extra, `index ${proof.index}`, ...proof.hashes.map(toBase64)];
  return `${lines.join('\n')}\n\n${proof.checkpoint}`;
}

/** Reads a proof strictly; the checkpoint is not looked into. Throws LanProofError PROOF_FORMAT. */
export function parseTlogProof(text: string): TlogProof {
  if (text.length > PROOF_CHARS_MAX) throw malformed('longer than PROOF_CHARS_MAX');
  const blank = text.indexOf('\n\n');
  if (blank < 0) throw malformed('no blank line before the checkpoint');
  const [header, ...lines] = text.slice(0, blank).split('\n');
  if (header !== HEADER) throw malformed(`the first line is not ${HEADER}`);
  const extra = lines[0]?.startsWith('extra ') ? decode(lines.shift()?.slice(6) ?? '') : null;
  const index = lines.shift();
  if (!index?.startsWith('index ')) throw malformed('no index line');
  const proof: TlogProof = {
    extra,
    index: Number(index.slice(6)),
    hashes: lines.map(decode),
    checkpoint: text.slice(blank + 2),
  };
  if (formatTlogProof(proof) !== text) throw malformed('the index has another spelling');
  return proof;
}

/**
 * Returns index and checkpoint if `leaf` (its leaf hash) stands in the log `origin` that
 * `publicKey` signs. Throws LanProofError PROOF_FORMAT, PROOF_INCLUSION or what
 * {@link openCheckpoint} throws.
 */
export function verifyTlogProof(
  crypto: Crypto,
  text: string,
  leaf: Uint8Array,
  origin: string,
  publicKey: Uint8Array,
): { index: number; checkpoint: Checkpoint } {
  const proof = parseTlogProof(text);
  const checkpoint = openCheckpoint(crypto, proof.checkpoint, origin, publicKey);
  const { size, root } = checkpoint;
  if (!verifyInclusion(crypto, leaf, proof.index, size, proof.hashes, root)) {
    throw new LanProofError('PROOF_INCLUSION', `leaf ${proof.index} is not proved to be in it`, {
      hint: 'the leaf or the proof is another one; fetch the proof again, then report a mismatch',
      place: `leaf ${proof.index}`,
    });
  }
  return { index: proof.index, checkpoint };
}

function decode(line: string): Uint8Array {
  try {
    return fromBase64(line);
  } catch {
    throw malformed('a line is not base64');
  }
}

function malformed(what: string): LanProofError {
  return new LanProofError('PROOF_FORMAT', `not a ${HEADER} text: ${what}`, {
    hint: 'give the .tlog-proof file unchanged, line ends included',
  });
}
