/** Check 3, first half: the signed head of each log, and the files that are told at that head. */
import { equalBytes } from '../../bytes.ts';
import { parseDaily } from '../bundle/daily.ts';
import { parseLeaves } from '../bundle/leaves.ts';
import { type LogFile, logFileName } from '../bundle/names.ts';
import type { Policy } from '../bundle/policy.ts';
import { inclusionBytesMax, parseConsistency, parseInclusion } from '../bundle/proofs.ts';
import type { BundleDay, BundleLeaf, BundleManifest, BundleProof } from '../bundle/types.ts';
import { type Checkpoint, openCheckpoint } from '../checkpoint.ts';
import type { Crypto } from '../crypto.ts';
import { hashLeaf } from '../leaf.ts';
import { verifyConsistency } from '../merkle.ts';
import { rootOfProof } from '../multiproof.ts';
import { type Container, readFile } from './container.ts';
import { problemOf } from './problem.ts';
import type { Recorder } from './recorder.ts';

export type Proved = 'proved' | 'false' | 'missing';

/** A log whose head is signed by a key of the policy. */
export interface VerifiedLog {
  /** Its number in the deployment. */
  readonly log: number;
  readonly head: Checkpoint;
  readonly leaves: readonly BundleLeaf[];
  readonly days: readonly BundleDay[];
  /** Whether all leaves are proved to stand at their places under the head. */
  readonly proved: boolean;
  /** Whether the head continues an older one. */
  continues(older: Pick<Checkpoint, 'size' | 'root'>): Proved;
}

/** Reads all logs of the bundle, oldest first; halts where a head is not signed. */
export async function readLogs(
  crypto: Crypto,
  container: Container,
  policy: Policy,
  said: Recorder,
): Promise<VerifiedLog[]> {
  const logs: VerifiedLog[] = [];
  for (const log of container.logs) {
    const head = await readHead(crypto, container, policy, said, log);
    const file = (name: LogFile): string => logFileName(log, name);
    const read = <T>(name: LogFile, parse: (text: string, place: string) => T): Promise<T> =>
      readFile(container, said, file(name), (text) => parse(text, file(name)));
    const leaves = await read('leaves', (text, place) => parseLeaves(text, log, place));
    const consistency = await read('consistency', parseConsistency);
    const daily = await read('daily', parseDaily);
    const told = { leaves, consistency, daily };
    for (const name of ['leaves', 'consistency', 'daily'] as const) {
      const { origin, size } = told[name];
      if (origin === head.origin && size === head.size) continue;
      said.say('FILE_HEAD', file(name), { log: origin, size, head: head.size });
    }
    said.count('checkpoint', 'logs');
    const proved = await proveLeaves(crypto, container, head, file('inclusion'), leaves.leaves);
    if (proved) said.count('inclusion', 'leaves', leaves.leaves.length);
    else said.say('INCLUSION_FALSE', file('inclusion'), { log: head.origin });
    const known = { log, head, leaves: leaves.leaves, days: daily.days, proved };
    logs.push({ ...known, continues: continuity(crypto, head, consistency.proofs) });
  }
  return logs;
}

async function readHead(
  crypto: Crypto,
  container: Container,
  policy: Policy,
  said: Recorder,
  log: number,
): Promise<Checkpoint> {
  const name = logFileName(log, 'checkpoint');
  const note = await container.text(name);
  const origin = note.slice(0, Math.max(0, note.indexOf('\n')));
  const key = policy.logs.find((known) => known.name === origin);
  if (key === undefined) return said.halt('POLICY_LOG', name, { log: origin.slice(0, 200) });
  try {
    return openCheckpoint(crypto, note, origin, key.publicKey);
  } catch (error) {
    return said.halt('CHECKPOINT_FALSE', name, { log: origin, problem: problemOf(error).problem });
  }
}

/** Root of the listed leaves and the hashes of all others against the head. */
async function proveLeaves(
  crypto: Crypto,
  container: Container,
  { size, root }: Checkpoint,
  file: string,
  leaves: readonly BundleLeaf[],
): Promise<boolean> {
  // A proof that is too long for its leaves is not even read.
  if (container.size(file) > inclusionBytesMax(leaves.length)) return false;
  const bytes = await container.bytes(file);
  if (bytes.length % root.length !== 0) return false;
  const placed = leaves.map((leaf) => ({ index: leaf.leaf, hash: hashLeaf(crypto, leaf) }));
  const found = rootOfProof(crypto, size, placed, parseInclusion(bytes, file));
  return found !== null && equalBytes(found, root);
}

function continuity(
  crypto: Crypto,
  { size, root }: Checkpoint,
  proofs: readonly BundleProof[],
): VerifiedLog['continues'] {
  const older = new Map(proofs.map(({ at, hashes }) => [at, hashes]));
  return (from) => {
    // Nothing has to be proved of the head itself, and an empty tree proves nothing.
    const proof = from.size === size || from.size === 0 ? [] : older.get(from.size);
    if (proof === undefined) return 'missing';
    const same = verifyConsistency(crypto, from.size, from.root, size, root, proof);
    return same ? 'proved' : 'false';
  };
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
