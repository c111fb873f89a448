import type { FastifyRequest } from 'fastify';
import { equalBytes, fromBase64 } from '../../shared/bytes.ts';
import { LanProofError } from '../../shared/errors.ts';
import { documentHash } from '../../shared/evidence/documents.ts';
import { type Envelope, serializeEnvelope } from '../../shared/evidence/dsse.ts';
import type { Rotate } from '../../shared/evidence/ledger-documents.ts';
import { openRotate } from '../../shared/evidence/rotations.ts';
import type { RotateAnswer } from '../../shared/measure/protocol.ts';
import type { AppContext } from '../deps.ts';
import { HttpError } from '../http-error.ts';
import type { LedgerUnit } from '../ledger/types.ts';
import type { AgentRow } from '../store/rows.ts';
import { takeNonce, verifySigned } from './agent-auth.ts';
import { leafRotation, putKey } from './key-change.ts';

/**
 * An agent goes on with another key in its epoch. Both keys signed the document, the new one signs
 * the request: so an agent that was cut off before it heard the answer may ask again. Throws
 * HttpError ROTATE_FOREIGN, NONCE_INVALID, SIGNATURE_INVALID, unknown_agent, KEY_REVOKED,
 * KEY_IN_USE, WRONG_EPOCH, EXPECT or LanProofError AUTH_FORMAT.
 */
export async function rotate(
  context: AppContext,
  request: FastifyRequest,
  envelope: Envelope,
): Promise<RotateAnswer> {
  const authorization = takeNonce(context, request);
  const document = open(context, envelope);
  verifySigned(context, request, fromBase64(document.new_key), authorization);
  await context.ledger.commit((unit) => replaceKey(context, unit, document, envelope));
  context.agents.changed();
  return { rotated: true, time_ms: context.now_ms() };
}

async function replaceKey(
  context: AppContext,
  unit: LedgerUnit,
  document: Rotate,
  envelope: Envelope,
): Promise<void> {
  const { tx } = unit;
  const { site, agent, epoch, after_seq } = document;
  const hash = documentHash(context.crypto, serializeEnvelope(envelope));
  const known = await tx.documentByHash(site, hash);
  const found = await tx.agent(site, agent);
  // It was told before; the answer may have been lost. With a hole it may also have come early.
  const early = found !== null && equalBytes(found.key, fromBase64(document.old_key));
  if (known?.kind === 'rotate' && !early) return;
  const row = checkRow(found, document);
  const key = fromBase64(document.new_key);
  if ((await tx.agentByKey(key)) !== null) {
    throw new HttpError(409, 'KEY_IN_USE', 'an agent is enrolled with this key', {
      hint: 'rotate again: the key of a rotation is a new one',
    });
  }
  if (row.seq !== after_seq) {
    throw new HttpError(409, 'EXPECT', `seq ${row.seq + 1} is expected`, {
      hint: 'send the batches that the old key signed first',
      extra: { expect: { epoch, seq: row.seq + 1 } },
    });
  }
  const now_ms = context.now_ms();
  await leafRotation(context, unit, row, envelope, now_ms);
  await putKey(context, unit, row, { key, after_seq }, now_ms);
}

function checkRow(row: AgentRow | null, { old_key, epoch }: Rotate): AgentRow {
  if (row === null) {
    throw new HttpError(401, 'unknown_agent', 'no agent of this code is enrolled at this site', {
      hint: 'show the enrol document, or enrol again: lanproof token create --site CODE',
    });
  }
  if (row.epoch !== epoch) {
    throw new HttpError(403, 'WRONG_EPOCH', `epoch ${row.epoch} of this agent is in force`, {
      hint: 'a later enrolment replaced this one: stop the older copy of the agent',
    });
  }
  if (!equalBytes(row.key, fromBase64(old_key))) {
    throw foreign('another key than the one it begins with is in force');
  }
  if (row.revoked_ms === null) return row;
  throw new HttpError(403, 'KEY_REVOKED', 'the key of this agent was revoked', {
    hint: 'enrol the agent again',
  });
}

function open({ crypto }: AppContext, envelope: Envelope): Rotate {
  try {
    return openRotate(crypto, envelope);
  } catch (cause) {
    if (!(cause instanceof LanProofError)) throw cause;
    throw foreign(`${cause.code}: ${cause.message}`, cause);
  }
}

function foreign(message: string, cause?: LanProofError): HttpError {
  return new HttpError(401, 'ROTATE_FOREIGN', message, {
    hint: 'a rotation is signed by the key in force and by the new one; else enrol the agent again',
    ...(cause === undefined ? {} : { cause }),
  });
}
