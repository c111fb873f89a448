import { toBase64 } from '../../shared/bytes.ts';
import { signDocument } from '../../shared/evidence/documents.ts';
import type { AppContext } from '../deps.ts';
import { HttpError } from '../http-error.ts';
import type { AgentRow } from '../store/rows.ts';

/** Longest text in a document, in UTF-16 units: a schema of the API counts code points instead. */
export const REASON_CHARS_MAX = 500;

export interface RevokeAsk {
  readonly site: string;
  readonly agent: string;
  readonly reason: string;
  /** Index in the open log; undefined: the next leaf. */
  readonly from_leaf: number | undefined;
  /** Who revokes, as audit rows name people. */
  readonly by: string;
}

export interface Revoked {
  readonly row: AgentRow;
  readonly log: string;
  readonly from_leaf: number;
}

/**
 * Ends an agent's key: it is refused from now on, and what it signed at `from_leaf` and behind is
 * not the agent's word. The judge hears of it by the document's leaf. Throws HttpError
 * REASON_LENGTH, AGENT_UNKNOWN, KEY_REVOKED or LEAF_BEYOND.
 */
export async function revokeKey(context: AppContext, ask: RevokeAsk): Promise<Revoked> {
  checkReason(ask.reason);
  const { value } = await context.ledger.commit(async (unit) => {
    const { tx } = unit;
    const { site, agent, reason, by } = ask;
    const row = await tx.agent(site, agent);
    if (row === null) {
      throw new HttpError(404, 'AGENT_UNKNOWN', `no agent ${agent} is enrolled at this site`, {
        hint: 'GET /api/v1/sites/:site/agents lists them; a key that waits is refused, not revoked',
      });
    }
    if (row.revoked_ms !== null) {
      throw new HttpError(409, 'KEY_REVOKED', 'the key of this agent was revoked before', {
        hint: 'a revocation stands; enrol the agent again for a new epoch',
      });
    }
    const size = (await tx.logs()).find(({ log }) => log === unit.log)?.size ?? 0;
    const from_leaf = ask.from_leaf ?? size;
    if (from_leaf > size) {
      throw new HttpError(400, 'LEAF_BEYOND', `the log ${unit.origin} has ${size} leaves`, {
        hint: 'name a leaf of the open log, or leave it out: from now on',
        place: 'from_leaf',
      });
    }
    const now = context.now_ms();
    const text = signDocument(context.crypto, context.document_key, 'revoke', {
      ...{ v: 1, log: unit.origin, site, agent, epoch: row.epoch },
      ...{ agent_key: toBase64(row.key), from_leaf, reason, issued_ms: now, author: by },
    });
    const item = { kind: 'revoke', site, agent, epoch: row.epoch, seq: 0, text } as const;
    await unit.appendDocument(item, now);
    const revoked = { ...row, revoked_ms: now };
    await tx.putAgent(revoked);
    const detail = JSON.stringify({ agent, short_code: row.short_code, from_leaf, reason });
    await tx.addAudit({ at_ms: now, actor: by, action: 'agent.revoke', site, detail });
    return { row: revoked, log: unit.origin, from_leaf };
  });
  return value;
}

/** A longer one would be leafed for ever in a document that no reader opens. */
function checkReason({ length }: string): void {
  if (length >= 1 && length <= REASON_CHARS_MAX) return;
  throw new HttpError(400, 'REASON_LENGTH', `a reason has 1 to ${REASON_CHARS_MAX} characters`, {
    hint: 'say it shorter; characters outside the common planes count as two',
    place: 'reason',
  });
}
