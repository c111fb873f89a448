/**
 * Leaf bytes: what the Merkle tree hashes for every batch and document. Lines of UTF-8 text, so
 * that a person can read them and a store can derive them from a row instead of keeping them.
 */
import { fromBase64, fromUtf8, toBase64, utf8 } from '../bytes.ts';
import { LanProofError } from '../errors.ts';
import { TIME_MS_MAX } from '../measure/strict.ts';
import type { Crypto } from './crypto.ts';
import { HASH_BYTES, leafHash } from './merkle.ts';

const HEADER = 'lanproof-leaf/v1';
/** Longest leaf read, in bytes; the widest possible one is shorter. */
export const LEAF_BYTES_MAX = 512;
/** A site or agent code in a leaf: 1 to 63 characters. */
const CODE = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** Everything that can stand in a log; docs/formats/log.md says what each hash covers. */
export const LEAF_KINDS = [
  'batch',
  'log-open',
  'enrol',
  'rotate',
  'revoke',
  'targets',
  'site',
  'topology',
  'calendar',
  'settings',
  'maintenance',
  'hole',
  'conflict',
  'note',
  'reclassify',
  'declaration',
  'anchor',
  'prune',
  'report',
  'signed-report',
  'day',
] as const;
export type LeafKind = (typeof LEAF_KINDS)[number];

export interface Leaf {
  readonly kind: LeafKind;
  /** Code of the site, or null for what concerns the whole log. */
  readonly site: string | null;
  /** Code of the agent inside the site, or null. */
  readonly agent: string | null;
  /** From 1; 0 where it has no meaning. */
  readonly epoch: number;
  /** From 1; 0 where it has no meaning. */
  readonly seq: number;
  /** SHA-256 of the batch or document (see chain.ts and documents.ts), 32 bytes. */
  readonly hash: Uint8Array;
  /** Receive time by the collector's clock, UTC epoch ms: declared, not proved. */
  readonly recv_ms: number;
}

/** Throws LanProofError LEAF_FORMAT on a field that a leaf cannot carry. */
export function encodeLeaf(leaf: Leaf): Uint8Array {
  checkLeaf(leaf);
  const { kind, site, agent, epoch, seq, hash, recv_ms } = leaf;
  const lines = [HEADER, kind, site ?? '-', agent ?? '-', epoch, seq, toBase64(hash), recv_ms];
  return utf8(`${lines.join('\n')}\n`);
}

/** Reads leaf bytes; accepts only what {@link encodeLeaf} writes. LanProofError LEAF_FORMAT. */
export function decodeLeaf(bytes: Uint8Array): Leaf {
  if (bytes.length > LEAF_BYTES_MAX) throw malformed('longer than LEAF_BYTES_MAX', 1);
  const text = decodeText(bytes);
  const lines = text.split('\n');
  const [header, kind, site, agent, epoch, seq, hash, recv] = lines;
  if (header !== HEADER || lines.length !== 9) throw malformed('header or number of lines', 1);
  const known = LEAF_KINDS.find((candidate) => candidate === kind);
  if (known === undefined) throw malformed('unknown kind', 2);
  const leaf: Leaf = {
    kind: known,
    site: site === undefined || site === '-' ? null : site,
    agent: agent === undefined || agent === '-' ? null : agent,
    epoch: Number(epoch),
    seq: Number(seq),
    hash: decodeHash(hash ?? ''),
    recv_ms: Number(recv),
  };
  // One text for one leaf: a second spelling of a number would be a second hash of the same fact.
  if (fromUtf8(encodeLeaf(leaf)) !== text) throw malformed('another spelling of a value', 5);
  return leaf;
}

/** RFC 6962 leaf hash of the leaf's bytes. */
export function hashLeaf(crypto: Crypto, leaf: Leaf): Uint8Array {
  return leafHash(crypto, encodeLeaf(leaf));
}

function checkLeaf(leaf: Leaf): void {
  if (!LEAF_KINDS.includes(leaf.kind)) throw malformed('unknown kind', 2);
  if (leaf.site !== null && !CODE.test(leaf.site)) throw malformed('unfit site code', 3);
  if (leaf.agent !== null && !CODE.test(leaf.agent)) throw malformed('unfit agent code', 4);
  if (leaf.agent !== null && leaf.site === null) throw malformed('an agent without its site', 3);
  if (!isCount(leaf.epoch)) throw malformed('unfit epoch', 5);
  if (!isCount(leaf.seq)) throw malformed('unfit seq', 6);
  if (leaf.hash.length !== HASH_BYTES) throw malformed('unfit hash', 7);
  if (!isCount(leaf.recv_ms) || leaf.recv_ms > TIME_MS_MAX)
    throw malformed('unfit receive time', 8);
  if (leaf.kind === 'batch' && (leaf.agent === null || leaf.epoch === 0 || leaf.seq === 0)) {
    throw malformed('a batch needs site, agent, epoch and seq', 2);
  }
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function decodeText(bytes: Uint8Array): string {
  try {
    return fromUtf8(bytes);
  } catch {
    throw malformed('not UTF-8', 1);
  }
}

function decodeHash(text: string): Uint8Array {
  try {
    return fromBase64(text);
  } catch {
    throw malformed('the hash is not base64', 7);
  }
}

function malformed(what: string, line: number): LanProofError {
  return new LanProofError('LEAF_FORMAT', `not a ${HEADER}: ${what}`, {
    hint: 'give the leaf bytes unchanged; docs/formats/log.md describes them',
    place: `line ${line}`,
  });
}
