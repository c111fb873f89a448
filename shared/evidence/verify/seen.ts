/** Check 10: every head that an agent saw must be one that the final head continues. */

import type { Policy } from '../bundle/policy.ts';
import { openCheckpoint, parseCheckpoint } from '../checkpoint.ts';
import type { Crypto } from '../crypto.ts';
import type { LogOpens } from './log-opens.ts';
import type { VerifiedLog } from './logs.ts';
import { problemOf } from './problem.ts';
import type { Recorder } from './recorder.ts';
import { batchPlace, type WalkedBatch } from './walked-batch.ts';

export interface SeenOptions {
  readonly crypto: Crypto;
  readonly policy: Policy;
  readonly logs: readonly VerifiedLog[];
  readonly opens: LogOpens;
  readonly said: Recorder;
}

/** A head that an agent carries and that is proved to be a former one. */
export interface ProvedHead {
  readonly log: number;
  readonly size: number;
}

export interface SeenChecker {
  /** The newest proved head that the agent carried up to this batch; null: none. */
  batch(batch: WalkedBatch): ProvedHead | null;
}

export function createSeen(options: SeenOptions): SeenChecker {
  const { logs, said } = options;
  const newest = new Map<string, ProvedHead>();
  const known = new Map<string, ProvedHead | null>();
  return {
    batch(batch) {
      const { header, leaf } = batch;
      const agent = leaf.agent ?? '';
      const before = newest.get(agent) ?? null;
      if (header === null) return before;
      const { log: origin, size, checkpoint } = header.seen;
      const own = logs.find(({ log }) => log === leaf.log);
      if (origin === own?.head.origin && size > leaf.leaf) {
        said.say('SEEN_AHEAD', batchPlace(batch), { agent, size, leaf: leaf.leaf });
      }
      if (checkpoint === undefined) return before;
      const text = checkpoint.slice(0, checkpoint.indexOf('\n\n') + 1);
      let head = known.get(text);
      if (head === undefined) {
        head = judge(options, batch, checkpoint, text);
        known.set(text, head);
      }
      if (head === null || head.size !== size) return before;
      if (before !== null && (head.log < before.log || head.size < before.size)) {
        if (head.log <= before.log) return before;
      }
      newest.set(agent, head);
      return head;
    },
  };
}

/** Null: it is no former head of a log that is here, which was said. */
function judge(
  options: SeenOptions,
  batch: WalkedBatch,
  note: string,
  text: string,
): ProvedHead | null {
  const { logs, said } = options;
  said.count('seen', 'heads');
  const place = batchPlace(batch);
  let checkpoint: ReturnType<typeof parseCheckpoint>;
  try {
    checkpoint = parseCheckpoint(text);
  } catch (error) {
    said.say('SEEN_FALSE', place, { problem: problemOf(error).problem });
    return null;
  }
  const { origin, size } = checkpoint;
  const log = logs.find(({ head }) => head.origin === origin);
  const told = { log: origin, size, head: log?.head.size ?? 0 };
  if (log !== undefined && size <= log.head.size) {
    const proved = log.continues(checkpoint);
    if (proved === 'proved') return { log: log.log, size };
    if (proved === 'missing') {
      said.say('SEEN_UNPROVED', place, told);
      return null;
    }
  }
  // Only the log's own signature makes it a contradiction.
  const signed = isSigned(options, note, origin);
  const beyond = log === undefined || size > log.head.size;
  if (beyond && isLost(options, origin, log)) said.say('SEEN_LOST', place, told);
  else if (!signed) said.say('SEEN_FALSE', place, { ...told, problem: 'SIGNATURE' });
  else said.say(log === undefined ? 'SEEN_LOG' : 'SEEN_INCONSISTENT', place, told);
  return null;
}

/** A later log says that this one, or its end, was lost: history that is known to be missing. */
function isLost({ opens }: SeenOptions, origin: string, log: VerifiedLog | undefined): boolean {
  const later = [...opens].filter(([number]) => log === undefined || number > log.log);
  return later.some(
    ([, { previous }]) =>
      previous !== null &&
      (previous.log === origin ? log !== undefined : previous.reason.includes(` ${origin} `)),
  );
}

function isSigned({ crypto, policy }: SeenOptions, note: string, origin: string): boolean {
  const key = policy.logs.find(({ name }) => name === origin)?.publicKey;
  if (key === undefined) return true;
  try {
    openCheckpoint(crypto, note, origin, key);
    return true;
  } catch (error) {
    problemOf(error);
    return false;
  }
}
