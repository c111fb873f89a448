import type { FastifyRequest } from 'fastify';
import { equalBytes, fromBase64 } from '../../shared/bytes.ts';
import { LanProofError } from '../../shared/errors.ts';
import { openDocument } from '../../shared/evidence/document-reading.ts';
import { documentHash, documentType, type Enrol } from '../../shared/evidence/documents.ts';
import { type Envelope, openEnvelope, serializeEnvelope } from '../../shared/evidence/dsse.ts';
import { shortCode } from '../../shared/evidence/keys.ts';
import { checkRotations } from '../../shared/evidence/rotations.ts';
import type { ReintroduceAnswer } from '../../shared/measure/protocol.ts';
import { parseTargetList } from '../../shared/measure/target-list.ts';
import type { PrivateTargets, TargetList } from '../../shared/measure/targets.ts';
import type { AppContext } from '../deps.ts';
import { HttpError } from '../http-error.ts';
import type { LedgerUnit } from '../ledger/types.ts';
import type { AgentRow } from '../store/rows.ts';
import type { ReadUnit } from '../store/store.ts';
import { takeNonce, verifySigned } from './agent-auth.ts';
import { followKeys, type ShownKeys } from './key-change.ts';
import { isInsecure } from './transport.ts';

/** The documents that an agent shows: both were signed by this deployment before. */
export interface Shown {
  readonly enrol: Envelope;
  /** Null: it never had a list. */
  readonly targets: Envelope | null;
  /** From the key of `enrol` to the one that signed the request. */
  readonly rotations?: readonly Envelope[];
  /** Of batches under a key before the last rotation, signed by the key that it begins. */
  readonly hole?: Envelope;
}

interface Checked extends ShownKeys {
  readonly enrol: Enrol;
  readonly key: Uint8Array;
  readonly text: string;
  readonly targets: { readonly list: TargetList; readonly text: string } | undefined;
  readonly insecure: boolean;
}

/**
 * Takes an agent in again that this collector forgot because it was restored from an older copy.
 * Nothing is believed but our own document key's signatures, and the agent's over the request.
 * Throws HttpError ENROL_FOREIGN, NONCE_INVALID, SIGNATURE_INVALID, SITE_UNKNOWN, KEY_IN_USE,
 * KEY_REVOKED, EPOCH_OLDER, EPOCH_TAKEN, LIST_FOREIGN, ROTATE_FOREIGN, HOLE_FOREIGN, HOLE_UNFIT,
 * EXPECT or LanProofError AUTH_FORMAT.
 */
export async function reintroduce(
  context: AppContext,
  request: FastifyRequest,
  shown: Shown,
): Promise<ReintroduceAnswer> {
  const authorization = takeNonce(context, request);
  const text = serializeEnvelope(shown.enrol);
  const { crypto, document_key } = context;
  const enrol = ours('ENROL_FOREIGN', () =>
    openDocument(crypto, text, 'enrol', document_key.publicKey),
  );
  const key = fromBase64(enrol.agent_key);
  const rotated = ours('ROTATE_FOREIGN', () =>
    checkRotations(crypto, enrol, shown.rotations ?? []),
  );
  verifySigned(context, request, rotated.key, authorization);
  const targets = readList(context, enrol, shown.targets);
  await checkLogs(context, enrol, targets?.list);
  const keys = [key, ...rotated.rotations.map((one) => one.key)];
  const hole = readHole(context, shown.hole, rotated.key);
  const { rotations } = rotated;
  const insecure = isInsecure(request);
  const checked = { enrol, key, keys, rotations, ...hole, text, targets, insecure };
  const { value } = await context.ledger.commit((unit) => takeIn(context, unit, checked));
  context.agents.changed();
  const { epoch, seq } = value;
  return { expect: { epoch, seq: seq + 1 }, time_ms: context.now_ms() };
}

async function takeIn(context: AppContext, unit: LedgerUnit, checked: Checked): Promise<AgentRow> {
  const { tx } = unit;
  const { enrol, key, keys, text, targets, insecure } = checked;
  const { site, agent, epoch } = enrol;
  const now = context.now_ms();
  const before = await checkPlace(tx, enrol, keys);
  const known = before?.epoch === epoch ? before : undefined;
  const item = { kind: 'enrol', site, agent, epoch, seq: 0, text } as const;
  const leafed = known === undefined ? await unit.appendDocument(item, now) : undefined;
  const listed = targets !== undefined && (await leafList(unit, targets, now));
  const row: AgentRow = known ?? {
    ...{ site, agent, epoch, key, seq: 0, insecure, enrolled_ms: enrol.issued_ms },
    short_code: shortCode(context.crypto, key),
    hash: documentHash(context.crypto, text),
    ...{ revoked_ms: null, quarantined_ms: null, seen_size: 0, seen_at_ms: null },
    last_seen_ms: before?.last_seen_ms ?? null,
    closed_to_ms: before?.closed_to_ms ?? null,
    list_version: 0,
    ...{ history_lost_ms: null, history_rewritten_ms: null },
    // The next batch header says it.
    software: before?.software ?? 'unknown',
  };
  // What the agent holds, also where it is not kept here: the next import goes past it.
  const list_version = Math.max(row.list_version, targets?.list.version ?? 0);
  const changed = leafed !== undefined || listed || list_version !== row.list_version;
  const after = { ...row, list_version };
  if (!changed) return followKeys(context, unit, after, checked, now);
  await tx.putAgent(after);
  const detail = { agent, epoch, short_code: row.short_code, list_version, listed };
  const actor = `key:${row.short_code}`;
  const action = 'agent.reintroduce';
  await tx.addAudit({ at_ms: now, actor, action, site, detail: JSON.stringify(detail) });
  return followKeys(context, unit, after, checked, now);
}

/** The row of the agent that the document may replace or agrees with. Throws HttpError. */
async function checkPlace(
  tx: ReadUnit,
  enrol: Enrol,
  keys: readonly Uint8Array[],
): Promise<AgentRow | null> {
  const { site, agent, epoch } = enrol;
  if ((await tx.site(site)) === null) {
    throw new HttpError(404, 'SITE_UNKNOWN', `this collector has no site ${site}`, {
      hint: `import its inventory again (lanproof import); the agent ${agent} then comes by itself`,
      place: site,
    });
  }
  for (const key of keys) checkKeyFree(await tx.agentByKey(key), enrol);
  const row = await tx.agent(site, agent);
  if (row === null || row.epoch < epoch) return row;
  if (row.epoch > epoch) {
    throw new HttpError(409, 'EPOCH_OLDER', `epoch ${row.epoch} of this agent is in force`, {
      hint: 'a later enrolment replaced this one: stop this copy of the agent',
    });
  }
  // A key that was rotated meanwhile is the same agent's.
  if (keys.some((mine) => equalBytes(row.key, mine))) return row;
  throw new HttpError(409, 'EPOCH_TAKEN', `epoch ${epoch} belongs to another key here`, {
    hint: 'the agent was enrolled anew after the restore: stop one, or enrol this one again',
  });
}

function checkKeyFree(same: AgentRow | null, { site, agent }: Enrol): void {
  if (same === null) return;
  if (same.site !== site || same.agent !== agent) {
    throw new HttpError(409, 'KEY_IN_USE', 'another agent is enrolled with this key', {
      hint: 'was the machine cloned? delete the state folder on this copy and enrol it anew',
    });
  }
  if (same.revoked_ms === null) return;
  throw new HttpError(403, 'KEY_REVOKED', 'the key of this agent was revoked', {
    hint: 'enrol the agent again',
  });
}

/**
 * Leafs the list, so that batches which name it can be read. Its private part stays unknown: a
 * row without records stands for that, and the next import gives out a list behind it.
 */
async function leafList(
  unit: LedgerUnit,
  { list, text }: { list: TargetList; text: string },
  now_ms: number,
): Promise<boolean> {
  const { tx, log } = unit;
  const { site, agent, version } = list;
  if (version <= (await tx.targetsVersion(site, agent))) return false;
  const item = { kind: 'targets', site, agent, epoch: 0, seq: 0, text } as const;
  const { leaf, hash } = await unit.appendDocument(item, now_ms);
  const unknown: PrivateTargets = { v: 1, version, records: [] };
  const bound = { envelope: text, private: JSON.stringify(unknown), log, leaf };
  await tx.addTargets({ site, agent, version, hash, ...bound });
  return true;
}

function readList(
  { crypto, document_key }: AppContext,
  { site, agent }: Enrol,
  envelope: Envelope | null,
): Checked['targets'] {
  if (envelope === null) return undefined;
  const text = serializeEnvelope(envelope);
  const type = documentType('targets');
  const list = ours('LIST_FOREIGN', () =>
    parseTargetList(openEnvelope(crypto, text, type, document_key.publicKey)),
  );
  if (list.site === site && list.agent === agent) return { list, text };
  throw foreign('LIST_FOREIGN', 'the target list belongs to another agent');
}

function readHole(
  { crypto }: AppContext,
  envelope: Envelope | undefined,
  key: Uint8Array,
): Pick<ShownKeys, 'hole'> {
  if (envelope === undefined) return {};
  const hole = ours('HOLE_FOREIGN', () => openDocument(crypto, envelope, 'hole', key));
  return { hole: { hole, text: serializeEnvelope(envelope) } };
}

/** The key alone could also have signed for a log of another name; those are not ours. */
async function checkLogs(
  { store }: AppContext,
  enrol: Enrol,
  list: TargetList | undefined,
): Promise<void> {
  const first = (await store.logs())[0];
  // A log that this copy lost is not listed any more; its name begins as all of ours do.
  const prefix = first?.origin.replace(/\/log-\d+.*$/, '/log-');
  const known = (origin: string): boolean => prefix !== undefined && origin.startsWith(prefix);
  if (!known(enrol.log)) throw foreign('ENROL_FOREIGN', `${enrol.log} is no log of this collector`);
  if (list === undefined || known(list.log)) return;
  throw foreign('LIST_FOREIGN', `${list.log} is no log of this collector`);
}

/** What cannot be opened was not signed here, whatever is wrong with it. */
function ours<T>(code: string, open: () => T): T {
  try {
    return open();
  } catch (cause) {
    if (!(cause instanceof LanProofError)) throw cause;
    throw foreign(code, `${cause.code}: ${cause.message}`, cause);
  }
}

function foreign(code: string, message: string, cause?: LanProofError): HttpError {
  return new HttpError(401, code, message, {
    hint: 'restore the keys of this collector with its database, or enrol the agent again',
    ...(cause === undefined ? {} : { cause }),
  });
}
