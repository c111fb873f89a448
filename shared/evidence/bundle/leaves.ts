/** logs/<n>/leaves.txt: every leaf that the bundle speaks of. */
import { toBase64 } from '../../bytes.ts';
import { encodeLeaf, LEAF_KINDS, type Leaf } from '../leaf.ts';
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
import type { BundleLeaf } from './types.ts';

const TITLE = 'lanproof-leaves/v1';

/** The first line of the file. */
export function leavesHead(head: LogHead): string {
  return headLine(TITLE, head);
}

/** One line, newline included. Throws LEAF_FORMAT on what a leaf cannot carry. */
export function leafLine(leaf: Leaf & { readonly leaf: number }): string {
  encodeLeaf(leaf);
  const { kind, site, agent, epoch, seq, hash, recv_ms } = leaf;
  const fields = [leaf.leaf, kind, site ?? '-', agent ?? '-', epoch, seq, toBase64(hash), recv_ms];
  return `${fields.join(' ')}\n`;
}

/** The whole file; leaves ascend. Throws BUNDLE_FORMAT or LEAF_FORMAT. */
export function formatLeaves(head: LogHead, leaves: Iterable<BundleLeaf>): string {
  let text = leavesHead(head);
  for (const leaf of leaves) text += leafLine(leaf);
  return text;
}

/**
 * Reads the file of log number `log`; indexes ascend below the size. Throws LanProofError
 * BUNDLE_FORMAT with file and line.
 */
export function parseLeaves(
  text: string,
  log: number,
  file = `logs/${log}/leaves.txt`,
): { origin: string; size: number; leaves: BundleLeaf[] } {
  const leaves: BundleLeaf[] = [];
  let head: LogHead | null = null;
  let last = -1;
  for (const line of linesOf(text, file)) {
    if (head === null) {
      head = readHead(TITLE, line);
      continue;
    }
    const leaf = readLeaf(line, log);
    if (leaf.leaf <= last || leaf.leaf >= head.size) {
      throw bundleFormat(line.place, 'the index does not ascend below the size');
    }
    last = leaf.leaf;
    leaves.push(leaf);
  }
  if (head === null) throw bundleFormat(`${file}:1`, 'no first line');
  return { ...head, leaves };
}

function readLeaf({ text, place }: Line, log: number): BundleLeaf {
  const [index, kind, site, agent, epoch, seq, hash, recv_ms, ...more] = text.split(' ');
  const known = LEAF_KINDS.find((candidate) => candidate === kind);
  if (known === undefined) throw bundleFormat(place, 'unknown kind of leaf');
  if (recv_ms === undefined || more.length > 0) throw bundleFormat(place, 'not eight fields');
  const leaf: BundleLeaf = {
    log,
    leaf: wholeNumber(index ?? '', place),
    kind: known,
    site: site === undefined || site === '-' ? null : site,
    agent: agent === undefined || agent === '-' ? null : agent,
    epoch: wholeNumber(epoch ?? '', place),
    seq: wholeNumber(seq ?? '', place),
    hash: readHash(hash ?? '', place),
    recv_ms: wholeNumber(recv_ms, place),
  };
  try {
    encodeLeaf(leaf);
  } catch (cause) {
    throw bundleFormat(place, 'not a leaf', cause);
  }
  return leaf;
}
