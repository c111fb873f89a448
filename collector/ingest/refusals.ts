import { LanProofError } from '../../shared/errors.ts';
import type { AgentRow } from '../store/rows.ts';
import type { Refused, RefusedStatus } from './types.ts';

/** Agents told to come back later spread over this time, s. */
const RETRY_AFTER_MIN_S = 5;
const RETRY_AFTER_SPREAD_S = 25;

/** What refuses a batch or hole inside the walk; it becomes the answer. */
export class Refusal extends Error {
  readonly answer: Refused;

  constructor(answer: Refused) {
    super(answer.message);
    this.answer = answer;
  }
}

export function refuse(
  status: RefusedStatus,
  code: string,
  message: string,
  hint: string,
  expect?: { epoch: number; seq: number },
): Refusal {
  const answer = { kind: 'refused', status, code, message, hint } as const;
  return new Refusal(expect === undefined ? answer : { ...answer, expect });
}

export function unknownAgent(): Refusal {
  return refuse(
    401,
    'unknown_agent',
    'no agent of this code is enrolled at this site',
    'show the enrol document, or enrol again: lanproof token create --site CODE',
  );
}

export function checkAgent(row: AgentRow | null): AgentRow {
  if (row === null) throw unknownAgent();
  if (row.revoked_ms === null) return row;
  throw refuse(403, 'KEY_REVOKED', 'the key of this agent was revoked', 'enrol the agent again');
}

/** The batch that the chain goes on with. */
export function expected(agent: AgentRow): { epoch: number; seq: number } {
  return { epoch: agent.epoch, seq: agent.seq + 1 };
}

export function gap(agent: AgentRow): Refusal {
  return refuse(
    409,
    'EXPECT',
    `seq ${agent.seq + 1} is expected`,
    'send from there; if those batches are gone, send a signed hole for them first',
    expected(agent),
  );
}

export function wrongEpoch(agent: AgentRow): Refusal {
  return refuse(
    403,
    'WRONG_EPOCH',
    `epoch ${agent.epoch} of this agent is in force`,
    'a later enrolment replaced this one: stop the older copy of the agent',
  );
}

/** Why it is put off: queues are full, the disk is full, the collector stops. */
export function later(code: string, message: string, hint: string, random: () => number): Refused {
  const retry_after_s = RETRY_AFTER_MIN_S + Math.floor(random() * RETRY_AFTER_SPREAD_S);
  return { kind: 'refused', status: 503, code, message, hint, retry_after_s };
}

/** What any error of the walk says to the sender; undefined: a fault of ours, not of anybody. */
export function refusedFor(error: unknown, random: () => number): Refused | undefined {
  if (error instanceof Refusal) return error.answer;
  if (!(error instanceof LanProofError)) return undefined;
  if (error.fatal) return undefined;
  return later(error.code, error.message, error.hint, random);
}

const STATUS: Readonly<Record<string, RefusedStatus>> = { WIRE_TOO_LARGE: 413 };

/** Runs a reading of what was sent; its LanProofError becomes a refusal with `status`. */
export function refusing<T>(status: RefusedStatus, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof LanProofError)) throw error;
    const place = error.place === undefined ? '' : ` (${error.place})`;
    throw refuse(STATUS[error.code] ?? status, error.code, error.message + place, error.hint);
  }
}
