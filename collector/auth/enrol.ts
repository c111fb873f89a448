import { toBase64 } from '../../shared/bytes.ts';
import { parseEnvelope } from '../../shared/evidence/dsse.ts';
import { shortCode } from '../../shared/evidence/keys.ts';
import { readEnrolToken } from '../../shared/measure/enrol-token.ts';
import type { EnrolAnswer } from '../../shared/measure/protocol.ts';
import type { AppContext } from '../deps.ts';
import { HttpError } from '../http-error.ts';
import type { SignedCheckpoint } from '../ledger/types.ts';
import type { EnrolmentRow, EnrolTokenRow } from '../store/rows.ts';
import type { ReadUnit, WriteUnit } from '../store/store.ts';
import { acceptKey, auditEnrolment } from './accept-key.ts';
import { checkNotEnded } from './ended-keys.ts';
import { hashSecret, sameHash } from './secrets.ts';

export interface EnrolAsk {
  readonly token: string;
  /** Raw Ed25519 public key, 32 bytes. */
  readonly key: Uint8Array;
  readonly software: string;
  readonly insecure: boolean;
}

/**
 * An agent shows its token and its new key. The key is accepted at once if the token says so,
 * else it waits for a person; the same key may ask again with the same token. Throws HttpError
 * TOKEN_*, KEY_IN_USE, KEY_REVOKED, ENROLMENT_REFUSED or LanProofError TOKEN_MALFORMED.
 */
export async function enrol(context: AppContext, ask: EnrolAsk): Promise<EnrolAnswer> {
  const { id, secret } = readEnrolToken(ask.token);
  const { value, checkpoint } = await context.ledger.commit(async (unit) => {
    const token = await usableToken(context, unit.tx, id, secret, ask.key);
    await checkKey(unit.tx, token, ask.key);
    await checkNotEnded(unit.tx, token.site, ask.key);
    const row = await requestEnrolment(context, unit.tx, token, ask);
    if (row.state === 'refused') throw refused();
    if (row.state === 'pending' && !token.approve) return row;
    if (row.state === 'pending') {
      const how = { by: token.created_by, insecure: ask.insecure, compared: false };
      return acceptKey(context, unit, row, how);
    }
    await noteTransport(unit.tx, row, ask.insecure);
    return row;
  });
  if (value.state !== 'approved') return { status: 'pending', short_code: value.short_code };
  context.agents.changed();
  return approvedAnswer(context, value, checkpoint);
}

/**
 * A person may have approved while the machine asked over plain http: the machine that fetches the
 * answer says so. From the first batch on the batches say it.
 */
async function noteTransport(tx: WriteUnit, row: EnrolmentRow, insecure: boolean): Promise<void> {
  const agent = await tx.agent(row.site, row.agent);
  if (agent === null || agent.seq > 0 || !sameHash(agent.key, row.key)) return;
  if (agent.insecure !== insecure) await tx.putAgent({ ...agent, insecure });
}

/** A person accepts the newest waiting key of an agent. Throws HttpError 403, 404 or 409. */
export async function approveEnrolment(
  context: AppContext,
  site: string,
  agent: string,
  short_code: string | undefined,
  by: string,
): Promise<EnrolmentRow> {
  const { value } = await context.ledger.commit(async (unit) => {
    const rows = await unit.tx.enrolments(site);
    const waiting = rows.filter((found) => found.agent === agent && found.state === 'pending');
    const [newest] = waiting;
    if (newest === undefined) {
      throw new HttpError(404, 'NOTHING_TO_APPROVE', 'no key of this agent waits for approval', {
        hint: 'run lanproof enrol on the machine first, with its token',
      });
    }
    // Where two keys wait (a second try with another token), the code says which one is meant.
    const compared = short_code?.toUpperCase();
    const row = waiting.find((found) => compared === undefined || found.short_code === compared);
    if (row === undefined) {
      throw new HttpError(
        409,
        'SHORT_CODE_DIFFERS',
        'another key waits than the one you compared',
        {
          hint: 'compare again what the machine shows with what stands here; if it differs, refuse',
        },
      );
    }
    // It may have been revoked while it waited.
    await checkNotEnded(unit.tx, site, row.key);
    return acceptKey(context, unit, row, { by, insecure: false, compared: compared !== undefined });
  });
  context.agents.changed();
  return value;
}

/** A person turns a waiting key of an agent down: the one of the code, else the newest. */
export async function refuseEnrolment(
  context: AppContext,
  site: string,
  agent: string,
  short_code: string | undefined,
  by: string,
): Promise<EnrolmentRow> {
  return context.store.write(async (tx) => {
    const rows = await tx.enrolments(site);
    const compared = short_code?.toUpperCase();
    const row = rows
      .filter((found) => found.agent === agent && found.state === 'pending')
      .find((found) => compared === undefined || found.short_code === compared);
    if (row === undefined) {
      throw new HttpError(404, 'NOTHING_TO_REFUSE', 'no key of this agent waits for approval', {
        hint: 'look at GET /api/v1/sites/:site',
      });
    }
    const decided = {
      ...row,
      state: 'refused',
      decided_ms: context.now_ms(),
      decided_by: by,
    } as const;
    await tx.putEnrolment(decided);
    await auditEnrolment(context, tx, by, 'enrolment.refuse', row);
    return decided;
  });
}

async function usableToken(
  context: AppContext,
  tx: WriteUnit,
  id: string,
  secret: string,
  key: Uint8Array,
): Promise<EnrolTokenRow> {
  const token = await tx.enrolToken(id);
  if (token === null || !sameHash(token.secret_hash, hashSecret(secret))) {
    throw new HttpError(401, 'TOKEN_UNKNOWN', 'this collector did not issue the token', {
      hint: 'make one here: lanproof token create --site CODE',
    });
  }
  // The key that used it may come back: to fetch its approval, or because an answer was lost.
  if (token.used_by_key !== null) {
    if (sameHash(token.used_by_key, key)) return token;
    throw new HttpError(409, 'TOKEN_USED', 'the token was already used by another key', {
      hint: 'make a new token; if nobody of yours used this one, look at the audit trail',
    });
  }
  const now = context.now_ms();
  if (token.expires_ms <= now) {
    throw new HttpError(410, 'TOKEN_EXPIRED', 'the token has expired', {
      hint: 'make a new one: lanproof token create --site CODE [--valid 24h]',
    });
  }
  const used = { ...token, used_ms: now, used_by_key: key };
  await tx.putEnrolToken(used);
  return used;
}

/** One key is one agent: two with the same key could not be told apart. */
async function checkKey(tx: ReadUnit, token: EnrolTokenRow, key: Uint8Array): Promise<void> {
  const other = (row: { site: string; agent: string } | null | undefined) =>
    row !== null && row !== undefined && (row.site !== token.site || row.agent !== token.agent);
  const waiting = (await tx.enrolments()).filter((row) => row.state !== 'refused');
  const clash = waiting.find((row) => sameHash(row.key, key) && other(row));
  if (!other(await tx.agentByKey(key)) && clash === undefined) return;
  throw new HttpError(409, 'KEY_IN_USE', 'another agent is enrolled with this key', {
    hint: 'was the machine cloned? delete the state folder on this copy and enrol it anew',
  });
}

async function requestEnrolment(
  context: AppContext,
  tx: WriteUnit,
  token: EnrolTokenRow,
  ask: EnrolAsk,
): Promise<EnrolmentRow> {
  const known = await tx.enrolment(token.id, ask.key);
  if (known !== null) return known;
  const row: EnrolmentRow = {
    site: token.site,
    agent: token.agent,
    token_id: token.id,
    key: ask.key,
    short_code: shortCode(context.crypto, ask.key),
    software: ask.software,
    state: 'pending',
    requested_ms: context.now_ms(),
    decided_ms: null,
    decided_by: null,
  };
  await tx.putEnrolment(row);
  await auditEnrolment(context, tx, `key:${row.short_code}`, 'enrolment.request', row);
  return row;
}

async function approvedAnswer(
  context: AppContext,
  row: EnrolmentRow,
  checkpoint: SignedCheckpoint,
): Promise<EnrolAnswer> {
  const documents = await context.store.documents(row.site, 'enrol', row.agent);
  const key = toBase64(row.key);
  const mine = documents.findLast(({ text }) => agentKeyOf(text) === key);
  if (mine === undefined) throw new TypeError('an approved key has no enrol document');
  return {
    status: 'approved',
    enrol: parseEnvelope(mine.text),
    log_open: (await context.ledger.logOpens()).map(parseEnvelope),
    checkpoint: checkpoint.note,
    time_ms: context.now_ms(),
  };
}

function agentKeyOf(text: string): unknown {
  const payload = Buffer.from(parseEnvelope(text).payload, 'base64').toString('utf8');
  return (JSON.parse(payload) as { agent_key?: unknown }).agent_key;
}

function refused(): HttpError {
  return new HttpError(403, 'ENROLMENT_REFUSED', 'a person refused this key', {
    hint: 'ask the people who run the collector for a new token',
  });
}
