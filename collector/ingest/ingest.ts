/**
 * The collector's walk: verify → append → commit → acknowledge → judge → publish. A batch is
 * acknowledged only when it, its leaf and the head over it are on disk; the judge follows on its
 * own, so that nothing it stumbles over holds the chain up.
 */
import type { Crypto, Signer } from '../../shared/evidence/crypto.ts';
import type { BatchHeader } from '../../shared/measure/batch.ts';
import type { FindList } from '../judge/batch-parts.ts';
import type { Handover } from '../judge/handover.ts';
import type { Ledger } from '../ledger/types.ts';
import type { Store } from '../store/store.ts';
import { type Admitted, admitBatch, conflictRefusal, historyOf } from './admit.ts';
import { createCounts } from './counts.ts';
import { createGroupCommit, type GroupResult } from './group-commit.ts';
import { admitHole, verifyHole } from './hole.ts';
import { createLanes, type Lane } from './lanes.ts';
import { later, refusedFor } from './refusals.ts';
import type { Ingest, RequestFacts, SubmitResult } from './types.ts';
import { type Framed, readFramed, verifyBatch } from './verify.ts';

/** Sealed so long before it came, a batch is backlog: live views no longer wait for it. */
export const BACKLOG_AGE_MS = 5 * 60_000;

export interface IngestOptions {
  readonly store: Store;
  readonly ledger: Ledger;
  readonly crypto: Crypto;
  readonly documentSigner: Signer;
  /** Where the judge looks for what was parsed already. */
  readonly handover: Handover;
  /** The judge's too: a list in memory twice would be 60 MB of a country. */
  readonly findList: FindList;
  readonly now_ms: () => number;
  /** In [0, 1): spreads the agents that are told to come later. */
  readonly random: () => number;
  readonly wait: (ms: number) => Promise<void>;
  /** Hears of what nobody else does: an agent's head that proves lost history, our own faults. */
  readonly log: { warn(fields: object, message: string): void };
}

export function createIngest(options: IngestOptions): Ingest {
  const { store, ledger, crypto, now_ms, random } = options;
  const verifying = { crypto, store, findList: options.findList, keys: new Map() };
  const group = createGroupCommit(ledger, options.wait);
  const lanes = createLanes(options.wait);
  const counts = createCounts();
  const running = new Set<Promise<SubmitResult>>();
  let closed = false;

  const walk = async (lane: Lane, framed: Framed, facts: RequestFacts): Promise<SubmitResult> => {
    const batch = await verifyBatch(verifying, framed);
    const { log, size = 0, checkpoint: note } = batch.parts.header?.seen ?? {};
    const head = ledger.checkpoint();
    // If it proves that this log lost its end, its leaf belongs into the next one.
    const beyond = log === head.origin && size > head.size;
    if (note !== undefined && beyond) await reportSeen(options, note);
    const committed = await group.submit(lane, (unit) => admitBatch(options, unit, batch, facts));
    tellFault(options, framed, committed.value);
    if (committed.value.outcome === 'new') tellHistory(options, framed, batch.parts.header);
    if (note !== undefined && !beyond) await reportSeen(options, note);
    return acknowledge(committed);
  };

  const guarded = async (work: () => Promise<SubmitResult>): Promise<SubmitResult> => {
    if (closed) return counts.result(stopping(random));
    const done = work();
    running.add(done);
    try {
      return counts.result(await done);
    } catch (error) {
      const answer = refusedFor(error, random);
      if (answer !== undefined) return counts.result(answer);
      options.log.warn({ err: error }, 'ingest failed');
      throw error;
    } finally {
      running.delete(done);
    }
  };

  const acknowledge = ({ value, checkpoint }: GroupResult<Admitted>): SubmitResult => {
    counts.admitted(value);
    if (value.outcome === 'conflict') throw conflictRefusal();
    const { leaf, renew, list_version } = value;
    const duplicate = value.outcome === 'duplicate';
    return { kind: 'accepted', duplicate, leaf, checkpoint: checkpoint.note, renew, list_version };
  };

  return {
    submitBatch: (body, facts) =>
      guarded(async () => {
        const framed = readFramed(body);
        const lane = isBacklog(framed, facts.recv_ms ?? now_ms()) ? 'backlog' : 'live';
        const turn = lanes.enter(lane, framed.identity.site, () => walk(lane, framed, facts));
        return turn ?? overloaded(random);
      }),
    submitHole: (text, facts) =>
      guarded(async () => {
        const hole = await verifyHole(verifying, text);
        const work = (): Promise<GroupResult<Admitted>> =>
          group.submit('live', (unit) => admitHole(options, unit, hole, facts));
        const turn = lanes.enter('live', hole.hole.site, work);
        if (turn === undefined) return overloaded(random);
        const committed = await turn;
        counts.hole();
        return acknowledge(committed);
      }),
    stats: () => counts.read(lanes.underWay, group.groups),
    async close() {
      closed = true;
      // What is still being verified would be submitted behind a group that looked idle.
      await Promise.allSettled(running);
      await group.idle();
    },
  };
}

/** The claimed sealing time only chooses the lane; nothing is believed for it. */
function isBacklog({ sealed_ms }: Framed, now_ms: number): boolean {
  return sealed_ms !== null && now_ms - sealed_ms > BACKLOG_AGE_MS;
}

/** An accepted batch is not answered with its fault: the people of the collector read it here. */
function tellFault({ log }: IngestOptions, { identity }: Framed, { problem }: Admitted): void {
  if (problem === undefined) return;
  const { site, agent, epoch, seq } = identity;
  const { code, place, hint, message } = problem;
  log.warn({ site, agent, epoch, seq, code, place, hint }, `unreadable batch: ${message}`);
}

/** An agent's alarm about this collector's log is for the people of the collector, too. */
function tellHistory(
  { log }: IngestOptions,
  { identity }: Framed,
  header: BatchHeader | null,
): void {
  const told = header === null ? {} : historyOf(header, 0);
  if (Object.keys(told).length === 0) return;
  const { site, agent, epoch, seq } = identity;
  const rewritten = told.history_rewritten_ms !== undefined;
  const code = rewritten ? 'AGENT_SAW_REWRITTEN' : 'AGENT_SAW_LOSS';
  const what = rewritten
    ? 'an agent holds a checkpoint that contradicts this log: keep its folder alarms'
    : 'an agent saw more of the log than this collector has';
  log.warn({ code, site, agent, epoch, seq, seen: header?.seen }, what);
}

/** A head that an agent saw may prove that our history was lost. */
async function reportSeen(options: IngestOptions, note: string): Promise<void> {
  try {
    if ((await options.ledger.reportSeen(note)) !== 'history_lost') return;
    options.log.warn({ note }, 'an agent saw a head that this ledger does not continue');
  } catch (error) {
    options.log.warn({ err: error }, 'a seen checkpoint could not be judged');
  }
}

function overloaded(random: () => number): SubmitResult {
  return later('OVERLOADED', 'too many batches wait', 'keep the batch and send it later', random);
}

function stopping(random: () => number): SubmitResult {
  return later('STOPPING', 'the collector is stopping', 'send the batch again later', random);
}
