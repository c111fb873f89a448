/** A log of made-up leaves, and requests for a witness about it. */
import { toBase64, utf8 } from '../../shared/bytes.ts';
import {
  type Checkpoint,
  formatCheckpoint,
  signCheckpoint,
} from '../../shared/evidence/checkpoint.ts';
import type { Crypto, Signer } from '../../shared/evidence/crypto.ts';
import {
  consistencyProof,
  leafHash,
  nodeHash,
  rootFromLeaves,
} from '../../shared/evidence/merkle.ts';

const LEAVES = 300;

export interface ModelLog {
  head(size: number): Checkpoint;
  root(size: number): Uint8Array;
  text(size: number): string;
  note(size: number): string;
  /** Base64 lines of the consistency proof. */
  proofLines(from: number, to: number): string;
  /** Body of add-checkpoint; `old` is what it says, by default `from`. */
  request(from: number, to: number, size?: number): Uint8Array;
}

/** Up to 300 leaves; from leaf `fork` on they are others than without it. */
export function createModelLog(
  crypto: Crypto,
  origin: string,
  signer: Signer,
  fork = LEAVES,
): ModelLog {
  const leaves = Array.from({ length: LEAVES }, (_, i) =>
    leafHash(crypto, utf8(i < fork ? `leaf ${i}` : `other ${i}`)),
  );
  const subtree = (level: number, index: number): Uint8Array => {
    if (level === 0) return leaves[index] ?? new Uint8Array(32);
    const [left, right] = [subtree(level - 1, 2 * index), subtree(level - 1, 2 * index + 1)];
    return nodeHash(crypto, left, right);
  };
  const root = (size: number) => rootFromLeaves(crypto, leaves.slice(0, size));
  const head = (size: number) => ({ origin, size, root: root(size) });
  const note = (size: number) => signCheckpoint(crypto, signer, head(size));
  const proofLines = (from: number, to: number) =>
    consistencyProof(crypto, from, to, subtree)
      .map((hash) => `${toBase64(hash)}\n`)
      .join('');
  return {
    ...{ head, root, note, proofLines },
    text: (size) => formatCheckpoint(head(size)),
    request(from, to, size = to) {
      const proof = size < from ? '' : proofLines(from, to);
      return utf8(`old ${from}\n${proof}\n${note(size)}`);
    },
  };
}
