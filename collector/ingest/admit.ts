import { equalBytes, toBase64 } from '../../shared/bytes.ts';
import { LanProofError } from '../../shared/errors.ts';
import { checkLink } from '../../shared/evidence/chain.ts';
import { DEMO_ORIGIN } from '../../shared/evidence/checkpoint.ts';
import type { Crypto, Signer } from '../../shared/evidence/crypto.ts';
import type { BatchHeader } from '../../shared/measure/batch.ts';
import type { Handover } from '../judge/handover.ts';
import type { LedgerUnit } from '../ledger/types.ts';
import type { AgentRow, SectionRow } from '../store/rows.ts';
import { recordConflict } from './conflict.ts';
import { checkAgent, gap, refuse, wrongEpoch } from './refusals.ts';
import type { RequestFacts } from './types.ts';
import type { VerifiedBatch } from './verify.ts';

/** A newer `seen` is asked for when the newest is older: evidence §5, hourly. */
export const SEEN_AGE_MAX_MS = 3_600_000;

export interface AdmitOptions {
  readonly crypto: Crypto;
  readonly documentSigner: Signer;
  readonly handover: Handover;
  readonly now_ms: () => number;
}

/** What an accepted batch or hole comes to; the checkpoint follows after the commit. */
export interface Admitted {
  readonly outcome: 'new' | 'duplicate' | 'conflict';
  readonly leaf: number | null;
  readonly renew: boolean;
  readonly list_version: number;
  readonly faulty: boolean;
  /** Why it is faulty: code, place and fix for the log. */
  readonly problem?: LanProofError;
}

/**
 * Takes a verified batch into the unit of work: its place in the chain is checked against the
 * agent's head, then bodies, leaf, batch and head are written together. Throws Refusal.
 */
export async function admitBatch(
  options: AdmitOptions,
  unit: LedgerUnit,
  batch: VerifiedBatch,
  facts: RequestFacts,
): Promise<Admitted> {
  const { identity } = batch;
  const agent = checkAgent(await unit.tx.agent(identity.site, identity.agent));
  if (!equalBytes(agent.key, batch.key)) throw wrongEpoch(agent);
  switch (checkLink(agent, identity)) {
    case 'wrong_epoch':
      throw wrongEpoch(agent);
    case 'gap':
      throw gap(agent);
    case 'replay':
      return admitReplay(options, unit, agent, batch);
    case 'broken_prev':
      return admitNext(options, unit, agent, batch, facts, prevBroken());
    case 'ok':
      return admitNext(options, unit, agent, batch, facts, batch.parts.problem);
  }
}

async function admitNext(
  options: AdmitOptions,
  unit: LedgerUnit,
  agent: AgentRow,
  batch: VerifiedBatch,
  facts: RequestFacts,
  problem: LanProofError | undefined,
): Promise<Admitted> {
  const fault = problem?.code ?? null;
  const { site, agent: code, epoch, seq } = batch.identity;
  const { hash, wire } = batch;
  const { tx, log } = unit;
  const recv_ms = receivedAt(options, unit, facts);
  const sections: SectionRow[] = [];
  for (const [at, { name }] of batch.identity.sections.entries()) {
    const bytes = wire.sections[at] ?? new Uint8Array();
    sections.push({ name, ...(await tx.putBody(name, recv_ms, bytes)) });
  }
  const key = { site, agent: code, epoch, seq };
  const leaf = await unit.append({ kind: 'batch', ...key, hash, recv_ms });
  const { header, signature } = wire;
  await tx.addBatch({ ...key, hash, recv_ms, log, leaf, header, signature, fault, sections });
  const head = advance(agent, batch, unit.origin, recv_ms, facts);
  await tx.putAgent(head);
  const parts = fault === batch.parts.fault ? batch.parts : { ...batch.parts, sections: [], fault };
  options.handover.put(log, leaf, hash, parts);
  const rest = await standing(unit, head, recv_ms);
  const why = problem === undefined ? {} : { problem };
  return { outcome: 'new', leaf, faulty: fault !== null, ...why, ...rest };
}

function prevBroken(): LanProofError {
  return new LanProofError('PREV_BROKEN', 'the batch does not follow the one before it', {
    hint: 'the batch is kept as unreadable; if it happens again enrol this agent anew',
    place: 'prev',
    fatal: false,
  });
}

/** A receive time is the collector's own word; only the past of a demo is told one. */
function receivedAt(options: AdmitOptions, unit: LedgerUnit, { recv_ms }: RequestFacts): number {
  if (recv_ms === undefined) return options.now_ms();
  if (unit.origin.startsWith(DEMO_ORIGIN)) return recv_ms;
  throw new TypeError(`${unit.origin} takes no receive time from outside`);
}

/** The agent's row after this batch; what an unreadable header does not say stays as it was. */
function advance(
  agent: AgentRow,
  batch: VerifiedBatch,
  origin: string,
  recv_ms: number,
  facts: RequestFacts,
): AgentRow {
  const head = {
    ...agent,
    seq: batch.identity.seq,
    hash: batch.hash,
    last_seen_ms: recv_ms,
    insecure: facts.insecure,
  };
  const { header } = batch.parts;
  if (header === null) return head;
  const { seen, list, software } = header;
  const rose = seen.log === origin && seen.size > agent.seen_size;
  return {
    ...head,
    ...historyOf(header, recv_ms),
    // A clock that runs ahead must not make the agent look fresh for days.
    closed_to_ms: Math.min(header.closed_to_ms, recv_ms),
    list_version: list.version,
    ...(software === undefined ? {} : { software }),
    ...(rose ? { seen_size: seen.size, seen_at_ms: recv_ms } : {}),
  };
}

/** What the agent says of the log: evidence §4. A value of 0 stands for a rewritten one. */
export function historyOf(
  header: BatchHeader,
  recv_ms: number,
): Partial<Pick<AgentRow, 'history_lost_ms' | 'history_rewritten_ms'>> {
  const told = header.events.filter(({ code }) => code === 'history_lost');
  return {
    ...(told.some(({ value }) => value !== 0) ? { history_lost_ms: recv_ms } : {}),
    ...(told.some(({ value }) => value === 0) ? { history_rewritten_ms: recv_ms } : {}),
  };
}

/** The seq was passed: the same batch again is a success, another one is a conflict. */
async function admitReplay(
  options: AdmitOptions,
  unit: LedgerUnit,
  agent: AgentRow,
  batch: VerifiedBatch,
): Promise<Admitted> {
  const { site, agent: code, epoch, seq } = batch.identity;
  const kept = await unit.tx.batch(site, code, epoch, seq);
  // A seq that a hole passed over: the agent itself said that the batch is gone.
  if (kept === null) throw gap(agent);
  const now = options.now_ms();
  if (equalBytes(kept.hash, batch.hash)) {
    const rest = await standing(unit, agent, now);
    const leaf = kept.log === unit.log ? kept.leaf : null;
    return { outcome: 'duplicate', leaf, faulty: false, ...rest };
  }
  const at_ms = now;
  await recordConflict(options, unit, agent, {
    ...{ v: 1, site, agent: code, epoch, seq },
    kept_hash: toBase64(kept.hash),
    other_hash: toBase64(batch.hash),
    other_signature: toBase64(batch.wire.signature),
    at_ms,
  });
  return { outcome: 'conflict', leaf: null, faulty: false, renew: false, list_version: 0 };
}

/** What every answer tells the agent besides. */
export async function standing(
  unit: LedgerUnit,
  agent: AgentRow,
  now_ms: number,
): Promise<{ renew: boolean; list_version: number }> {
  const { seen_at_ms } = agent;
  const renew = seen_at_ms === null || now_ms - seen_at_ms > SEEN_AGE_MAX_MS;
  return { renew, list_version: await unit.tx.targetsVersion(agent.site, agent.agent) };
}

/** The answer to a batch that contradicts a kept one: it is on record, the batch is not kept. */
export function conflictRefusal(): Error {
  return refuse(
    409,
    'CONFLICT',
    'another batch with this number is already kept; both hashes are on record',
    'two machines share one key, or one was put back from an image: enrol this agent again',
  );
}
