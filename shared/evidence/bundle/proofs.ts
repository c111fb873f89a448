/** logs/<n>/inclusion.bin, one proof of all leaves, and consistency.txt, one proof a line. */
import { concat, toBase64 } from '../../bytes.ts';
import { HASH_BYTES } from '../merkle.ts';
import type { ProofHashes } from '../multiproof.ts';
import { PROOF_HASHES_MAX } from '../tlog-proof.ts';
import { bundleFormat } from './format-error.ts';
import {
  headLine,
  type Line,
  type LogHead,
  linesOf,
  readHash,
  readHead,
  wholeNumber,
} from './lines.ts';
import type { BundleProof } from './types.ts';

const CONSISTENCY = 'lanproof-consistency/v1';
/** A consistency proof may have one hash more than an audit path. */
export const HASHES_MAX = PROOF_HASHES_MAX + 1;

interface Proofs {
  readonly origin: string;
  readonly size: number;
  readonly proofs: BundleProof[];
}

/** Hashes one behind the other, as missingRanges orders them (multiproof.ts). */
export function formatInclusion(hashes: readonly Uint8Array[]): Uint8Array {
  return concat(...hashes);
}

/** Bytes of the longest proof of so many leaves: each has one hash a level, none: the root. */
export function inclusionBytesMax(leaves: number): number {
  return HASH_BYTES * Math.max(1, leaves * PROOF_HASHES_MAX);
}

/** Reads {@link formatInclusion}; views into `bytes`. Throws LanProofError BUNDLE_FORMAT. */
export function parseInclusion(bytes: Uint8Array, file = 'inclusion.bin'): ProofHashes {
  if (bytes.length % HASH_BYTES !== 0) {
    throw bundleFormat(`${file}: byte ${bytes.length}`, 'ends inside a hash');
  }
  const length = bytes.length / HASH_BYTES;
  const hash = (at: number): Uint8Array => bytes.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES);
  return { length, at: (index) => (index < length ? hash(index) : undefined) };
}

/** Proofs by ascending older size, from 1 to the size. Throws BUNDLE_FORMAT. */
export function formatConsistency(head: LogHead, proofs: readonly BundleProof[]): string {
  const lines = proofs.map(({ at, hashes }) => `${[at, ...hashes.map(toBase64)].join(' ')}\n`);
  return headLine(CONSISTENCY, head) + lines.join('');
}

/** Reads {@link formatConsistency}. Throws LanProofError BUNDLE_FORMAT with file and line. */
export function parseConsistency(text: string, file = 'consistency.txt'): Proofs {
  return parse(text, file);
}

function parse(text: string, file: string): Proofs {
  const proofs: BundleProof[] = [];
  let head: LogHead | null = null;
  let last = 0;
  for (const line of linesOf(text, file)) {
    if (head === null) {
      head = readHead(CONSISTENCY, line);
      continue;
    }
    const proof = readProof(line);
    if (proof.at <= last || proof.at > head.size) {
      throw bundleFormat(line.place, 'the first number does not ascend inside the size');
    }
    last = proof.at;
    proofs.push(proof);
  }
  if (head === null) throw bundleFormat(`${file}:1`, 'no first line');
  return { ...head, proofs };
}

function readProof({ text, place }: Line): BundleProof {
  const [at, ...hashes] = text.split(' ');
  if (hashes.length > HASHES_MAX) throw bundleFormat(place, 'too many hashes');
  return {
    at: wholeNumber(at ?? '', place),
    hashes: hashes.map((hash) => readHash(hash, place)),
  };
}
