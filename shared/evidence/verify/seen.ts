/**
 * Check 10: every head that an agent saw must be one that the final head continues. What the log
 * key signed is a contradiction; a note that it did not sign may be the agent's own invention.
 */

import type { Policy } from '../bundle/policy.ts';
import { openCheckpoint, parseCheckpoint } from '../checkpoint.ts';
import type { Crypto } from '../crypto.ts';
import type { LogOpens } from './log-opens.ts';
import type { VerifiedLog } from './logs.ts';
import { problemOf } from './problem.ts';
import type { Recorder } from './recorder.ts';
import type { Detail } from './types.ts';
import { batchPlace, type WalkedBatch } from './walked-batch.ts';

/** What is said of a note that is none. */
const UNREADABLE = 'CHECKPOINT_FORMAT';

export interface SeenOptions {
  readonly crypto: Crypto;
  readonly policy: Policy;
  /** The auditor's own policy; null: its keys are those of the bundle. */
  readonly trust: string | null;
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
  /** Says of the heads that the log did not sign whose fault they are. */
  end(): void;
}

/** A head without the log's signature. */
interface Unsigned {
  readonly agent: string;
  readonly place: string;
  readonly told: Detail;
}

export function createSeen(options: SeenOptions): SeenChecker {
  const { logs, said, trust } = options;
  const newest = new Map<string, ProvedHead>();
  const known = new Map<string, ProvedHead | null>();
  const unsigned: Unsigned[] = [];
  /** Agents that carry a head under the log's key as it is here. */
  const honoured = new Set<string>();
  return {
    batch(batch) {
      const { header, leaf } = batch;
      const agent = leaf.agent ?? '';
      const before = newest.get(agent) ?? null;
      if (header === null) return before;
      const { log: origin, size, checkpoint } = header.seen;
      const own = logs.find(({ log }) => log === leaf.log);
      if (origin === own?.head.origin && size > leaf.leaf) {
        const place = batchPlace(batch);
        // Leaves are missing only if the log itself said that it had them.
        if (checkpoint !== undefined && isHead(options, checkpoint, origin, size)) {
          said.say('SEEN_AHEAD', place, { agent, size, leaf: leaf.leaf });
        } else unsigned.push({ agent, place, told: { agent, problem: 'SIZE' } });
      }
      if (checkpoint === undefined) return before;
      const note = `${agent}\n${checkpoint}`;
      let head = known.get(note);
      if (head === undefined) {
        const named = checkpoint.slice(0, checkpoint.indexOf('\n'));
        if (!honoured.has(agent) && isSigned(options, checkpoint, named)) honoured.add(agent);
        head = judge(options, batch, checkpoint, unsigned);
        known.set(note, head);
      }
      if (head === null || head.size !== size) return before;
      const older = (than: ProvedHead): boolean =>
        head.log < than.log || (head.log === than.log && head.size < than.size);
      if (before !== null && older(before)) return before;
      newest.set(agent, head);
      return head;
    },
    end() {
      for (const { agent, place, told } of unsigned) {
        // If nothing that it carries is under this key, the log's key may have been exchanged.
        const own = trust !== null || honoured.has(agent) || told.problem === UNREADABLE;
        said.say(own ? 'SEEN_UNSIGNED' : 'SEEN_FALSE', place, told);
      }
    },
  };
}

/** Null: it is no former head of a log that is here, which was said. */
function judge(
  options: SeenOptions,
  batch: WalkedBatch,
  note: string,
  unsigned: Unsigned[],
): ProvedHead | null {
  const { logs, said } = options;
  said.count('seen', 'heads');
  const place = batchPlace(batch);
  const agent = batch.leaf.agent ?? '';
  let checkpoint: ReturnType<typeof parseCheckpoint>;
  try {
    checkpoint = parseCheckpoint(note.slice(0, note.indexOf('\n\n') + 1));
  } catch (error) {
    problemOf(error);
    unsigned.push({ agent, place, told: { agent, problem: UNREADABLE } });
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
  const beyond = log === undefined || size > log.head.size;
  if (beyond && isLost(options, origin, log)) said.say('SEEN_LOST', place, told);
  else if (!isSigned(options, note, origin)) {
    unsigned.push({ agent, place, told: { ...told, agent, problem: 'SIGNATURE' } });
  } else said.say(log === undefined ? 'SEEN_LOG' : 'SEEN_INCONSISTENT', place, told);
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

/** Whether a log said that it had so many leaves. */
function isHead(
  { crypto, policy }: SeenOptions,
  note: string,
  origin: string,
  size: number,
): boolean {
  const key = policy.logs.find(({ name }) => name === origin)?.publicKey;
  try {
    return key !== undefined && openCheckpoint(crypto, note, origin, key).size === size;
  } catch (error) {
    problemOf(error);
    return false;
  }
}

/** Under the key of its log; where that log is not here, of any: keys outlive logs. */
function isSigned({ crypto, policy }: SeenOptions, note: string, origin: string): boolean {
  const named = policy.logs.filter(({ name }) => name === origin);
  return (named.length > 0 ? named : policy.logs).some(({ publicKey }) => {
    try {
      openCheckpoint(crypto, note, origin, publicKey);
      return true;
    } catch (error) {
      problemOf(error);
      return false;
    }
  });
}
