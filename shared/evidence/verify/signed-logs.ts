/** Check 3, first part: of each log the head that its key signed, and what its files say. */
import { parseDaily } from '../bundle/daily.ts';
import { parseLeaves } from '../bundle/leaves.ts';
import type { LogHead } from '../bundle/lines.ts';
import { type LogFile, logFileName } from '../bundle/names.ts';
import type { Policy } from '../bundle/policy.ts';
import { parseConsistency } from '../bundle/proofs.ts';
import type { BundleDay, BundleLeaf, BundleProof } from '../bundle/types.ts';
import { type Checkpoint, openCheckpoint } from '../checkpoint.ts';
import type { Crypto } from '../crypto.ts';
import { type Container, readFile } from './container.ts';
import { problemOf } from './problem.ts';
import type { Recorder } from './recorder.ts';

/** A log whose head is signed by a key of the policy; nothing else of it is proved yet. */
export interface SignedLog {
  /** Its number in the deployment. */
  readonly log: number;
  readonly signed: Checkpoint;
  /** The key that signed, raw. */
  readonly key: Uint8Array;
  readonly leaves: readonly BundleLeaf[];
  readonly days: readonly BundleDay[];
  /** By the older size that they lead from. */
  readonly proofs: ReadonlyMap<number, BundleProof['hashes']>;
  /** The first line of each text file. */
  readonly told: Readonly<Record<'leaves' | 'consistency' | 'daily', LogHead>>;
}

/** Reads all logs of the bundle, oldest first; halts where a head is not signed. */
export async function readSignedLogs(
  crypto: Crypto,
  container: Container,
  policy: Policy,
  said: Recorder,
): Promise<SignedLog[]> {
  const logs: SignedLog[] = [];
  for (const log of container.logs) {
    const head = await readHead(crypto, container, policy, said, log);
    const read = <T>(name: LogFile, parse: (text: string, place: string) => T): Promise<T> => {
      const file = logFileName(log, name);
      return readFile(container, said, file, (text) => parse(text, file));
    };
    const leaves = await read('leaves', (text, place) => parseLeaves(text, log, place));
    const consistency = await read('consistency', parseConsistency);
    const daily = await read('daily', parseDaily);
    const proofs = new Map(consistency.proofs.map(({ at, hashes }) => [at, hashes]));
    const told = { leaves, consistency, daily };
    logs.push({ log, ...head, leaves: leaves.leaves, days: daily.days, proofs, told });
  }
  return logs;
}

async function readHead(
  crypto: Crypto,
  container: Container,
  policy: Policy,
  said: Recorder,
  log: number,
): Promise<Pick<SignedLog, 'signed' | 'key'>> {
  const name = logFileName(log, 'checkpoint');
  const note = await container.text(name);
  const origin = note.slice(0, Math.max(0, note.indexOf('\n')));
  const known = policy.logs.find((one) => one.name === origin);
  if (known === undefined) return said.halt('POLICY_LOG', name, { log: origin.slice(0, 200) });
  const key = known.publicKey;
  try {
    return { signed: openCheckpoint(crypto, note, origin, key), key };
  } catch (error) {
    return said.halt('CHECKPOINT_FALSE', name, { log: origin, problem: problemOf(error).problem });
  }
}
