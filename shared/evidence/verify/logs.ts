/** Check 3, second part: what the files of each log say is proved under the log's head. */
import { equalBytes } from '../../bytes.ts';
import { logFileName } from '../bundle/names.ts';
import { inclusionBytesMax, parseInclusion } from '../bundle/proofs.ts';
import type { BundleDay, BundleDocument, BundleLeaf, BundleManifest } from '../bundle/types.ts';
import type { Checkpoint } from '../checkpoint.ts';
import type { Crypto } from '../crypto.ts';
import { hashLeaf } from '../leaf.ts';
import { rootOfProof } from '../multiproof.ts';
import { closingHead, continuity, type Proved } from './closing-head.ts';
import type { Container } from './container.ts';
import { type Opening, readOpening } from './opening.ts';
import type { Recorder } from './recorder.ts';
import type { SignedLog } from './signed-logs.ts';

/** A log whose head is known. */
export interface VerifiedLog {
  /** Its number in the deployment. */
  readonly log: number;
  /** What all is proved under: signed by the log's key, or, its key lost, named by the next log. */
  readonly head: Checkpoint;
  /** Size of the newest head that the log's own key signed: that of `head`, or less. */
  readonly signed_size: number;
  readonly opening: Opening;
  readonly leaves: readonly BundleLeaf[];
  readonly days: readonly BundleDay[];
  /** Whether all leaves are proved to stand at their places under the head. */
  readonly proved: boolean;
  /** Whether the head continues an older one. */
  continues(older: Pick<Checkpoint, 'size' | 'root'>): Proved;
}

/** Proves the leaves of all logs, and says which are not; oldest first. */
export async function proveLogs(
  crypto: Crypto,
  container: Container,
  signed: readonly SignedLog[],
  documents: readonly BundleDocument[],
  said: Recorder,
): Promise<VerifiedLog[]> {
  const logs: VerifiedLog[] = [];
  // The newest first: where a log's key was lost, its head stands in the proved opening of the next.
  for (const one of signed.toReversed()) {
    const { log, leaves, days, proofs } = one;
    const [next] = logs;
    const open = next?.log === log + 1 && next.proved ? next.opening.open : null;
    const head = (open === null ? null : closingHead(crypto, one, open)) ?? one.signed;
    const opening = readOpening(crypto, one, documents);
    const proved = await proveLeaves(crypto, container, head, one);
    const continues = continuity(crypto, head, proofs);
    const signed_size = one.signed.size;
    logs.unshift({ log, head, signed_size, opening, leaves, days, proved, continues });
  }
  for (const [at, { told }] of signed.entries()) {
    const log = logs[at];
    if (log !== undefined) sayProved(log, told, said);
  }
  return logs;
}

function sayProved(
  { log, head, leaves, proved }: VerifiedLog,
  told: SignedLog['told'],
  said: Recorder,
): void {
  for (const name of ['leaves', 'consistency', 'daily'] as const) {
    const { origin, size } = told[name];
    if (origin === head.origin && size === head.size) continue;
    said.say('FILE_HEAD', logFileName(log, name), { log: origin, size, head: head.size });
  }
  said.count('checkpoint', 'logs');
  if (proved) said.count('inclusion', 'leaves', leaves.length);
  else said.say('INCLUSION_FALSE', logFileName(log, 'inclusion'), { log: head.origin });
}

/** Root of the listed leaves and the hashes of all others against the head. */
async function proveLeaves(
  crypto: Crypto,
  container: Container,
  { size, root }: Checkpoint,
  { log, leaves }: SignedLog,
): Promise<boolean> {
  const file = logFileName(log, 'inclusion');
  // A proof that is too long for its leaves is not even read.
  if (container.size(file) > inclusionBytesMax(leaves.length)) return false;
  const bytes = await container.bytes(file);
  if (bytes.length % root.length !== 0) return false;
  const placed = leaves.map((leaf) => ({ index: leaf.leaf, hash: hashLeaf(crypto, leaf) }));
  const found = rootOfProof(crypto, size, placed, parseInclusion(bytes, file));
  return found !== null && equalBytes(found, root);
}

/** The manifest must speak of the head of the last log that is here. */
export function checkAsOf(
  { as_of }: BundleManifest,
  logs: readonly VerifiedLog[],
  said: Recorder,
): void {
  const head = logs.at(-1)?.head;
  if (head?.origin === as_of.log && head.size === as_of.size) return;
  said.say('AS_OF_OTHER', 'manifest', { log: as_of.log, size: as_of.size, head: head?.size ?? 0 });
}
