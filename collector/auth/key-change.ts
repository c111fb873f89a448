import { equalBytes, toBase64 } from '../../shared/bytes.ts';
import { documentHash, type Hole } from '../../shared/evidence/documents.ts';
import { type Envelope, serializeEnvelope } from '../../shared/evidence/dsse.ts';
import { shortCode } from '../../shared/evidence/keys.ts';
import { type CheckedRotation, openRotate } from '../../shared/evidence/rotations.ts';
import type { AppContext } from '../deps.ts';
import { HttpError } from '../http-error.ts';
import { leafHole } from '../ingest/hole.ts';
import type { LedgerUnit } from '../ledger/types.ts';
import type { AgentRow } from '../store/rows.ts';

/** How an agent came from its enrolled key to the one that it has. */
export interface ShownKeys {
  /** The enrolled one, then one for each rotation. */
  readonly keys: readonly Uint8Array[];
  readonly rotations: readonly CheckedRotation[];
  /** Signed by the last key, for batches of an older one that are gone. */
  readonly hole?: { readonly hole: Hole; readonly text: string };
}

/** Leafs a rotation, unless it came before. */
export async function leafRotation(
  { crypto }: AppContext,
  unit: LedgerUnit,
  { site, agent, epoch }: AgentRow,
  envelope: Envelope,
  now_ms: number,
): Promise<void> {
  const text = serializeEnvelope(envelope);
  const known = await unit.tx.documentByHash(site, documentHash(crypto, text));
  if (known?.kind === 'rotate') return;
  await unit.appendDocument({ kind: 'rotate', site, agent, epoch, seq: 0, text }, now_ms);
}

/** From now on only this key signs for the agent; its rotation is a leaf. */
export async function putKey(
  { crypto }: AppContext,
  { tx }: LedgerUnit,
  row: AgentRow,
  { key, after_seq }: Pick<CheckedRotation, 'key' | 'after_seq'>,
  now_ms: number,
): Promise<AgentRow> {
  const { site, agent, epoch } = row;
  const short_code = shortCode(crypto, key);
  const after = { ...row, key, short_code };
  await tx.putAgent(after);
  const detail = JSON.stringify({ agent, epoch, after_seq, short_code });
  const actor = `key:${row.short_code}`;
  await tx.addAudit({ at_ms: now_ms, actor, action: 'agent.rotate', site, detail });
  return after;
}

/**
 * Puts each rotation in force that the chain has reached. The key before a rotation is gone, so a
 * hole before it is the newest key's word: it is taken in one commit with the rotations that prove
 * whose key that is. Throws HttpError EXPECT, HOLE_UNFIT, ROTATE_FOREIGN.
 */
export async function followKeys(
  context: AppContext,
  unit: LedgerUnit,
  row: AgentRow,
  { keys, rotations, hole }: ShownKeys,
  now_ms: number,
): Promise<AgentRow> {
  const at = keys.findIndex((key) => equalBytes(key, row.key));
  const ahead = rotations.slice(at);
  let after = row;
  if (hole !== undefined) {
    checkHole(row, ahead, hole.hole);
    await checkNewest(context, unit, row, keys.at(-1) ?? row.key);
    for (const { envelope } of ahead) await leafRotation(context, unit, row, envelope, now_ms);
    after = (await leafHole(unit, row, hole, now_ms)).head;
    await unit.tx.putAgent(after);
  }
  for (const rotation of ahead) {
    if (rotation.after_seq !== after.seq) break;
    await leafRotation(context, unit, row, rotation.envelope, now_ms);
    after = await putKey(context, unit, after, rotation, now_ms);
  }
  return after;
}

/** It begins where the chain stands, and ends at the latest with the key that is in force there. */
function checkHole(row: AgentRow, [next]: readonly CheckedRotation[], hole: Hole): void {
  const { site, agent, epoch, seq } = row;
  const mine = hole.site === site && hole.agent === agent && hole.epoch === epoch;
  if (mine && hole.from_seq !== seq + 1) {
    throw new HttpError(409, 'EXPECT', `seq ${seq + 1} is expected`, {
      hint: 'the hole begins where the chain stands',
      extra: { expect: { epoch, seq: seq + 1 } },
    });
  }
  if (mine && next !== undefined && hole.to_seq <= next.after_seq) return;
  throw new HttpError(422, 'HOLE_UNFIT', 'the hole does not lie before a rotation of its agent', {
    hint: 'a hole ends with the key that it begins under; what follows is another hole',
  });
}

/** A key that was given up before may not speak for the agent again. */
async function checkNewest(
  { crypto }: AppContext,
  { tx }: LedgerUnit,
  { site, agent, epoch }: AgentRow,
  key: Uint8Array,
): Promise<void> {
  const by = toBase64(key);
  for (const { text } of await tx.documents(site, 'rotate', agent)) {
    const told = openRotate(crypto, text);
    if (told.epoch !== epoch || told.old_key !== by) continue;
    throw new HttpError(401, 'ROTATE_FOREIGN', 'the agent went on from this key to another one', {
      hint: 'show all rotations of the agent, and sign with its newest key',
    });
  }
}
