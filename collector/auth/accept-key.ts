import { toBase64 } from '../../shared/bytes.ts';
import { signDocument } from '../../shared/evidence/documents.ts';
import type { AppContext } from '../deps.ts';
import { ensureAgent } from '../inventory/apply.ts';
import type { LedgerUnit } from '../ledger/types.ts';
import type { EnrolmentRow } from '../store/rows.ts';
import type { WriteUnit } from '../store/store.ts';

/** Leafs the enrol document and begins the agent's next epoch; a quarantine ends with it. */
export async function acceptKey(
  context: AppContext,
  unit: LedgerUnit,
  row: EnrolmentRow,
  how: {
    readonly by: string;
    readonly insecure: boolean;
    /** A person gave the short code that the machine shows. */
    readonly compared: boolean;
  },
): Promise<EnrolmentRow> {
  const { tx } = unit;
  const { site, agent, key } = row;
  const now = context.now_ms();
  const before = await tx.agent(site, agent);
  const epoch = (before?.epoch ?? 0) + 1;
  await ensureAgent(context, unit, site, agent, how.by);
  const text = signDocument(context.crypto, context.document_key, 'enrol', {
    v: 1,
    log: unit.origin,
    site,
    agent,
    epoch,
    agent_key: toBase64(key),
    issued_ms: now,
    approved_by: how.by,
  });
  const item = { kind: 'enrol', site, agent, epoch, seq: 0, text } as const;
  const { hash } = await unit.appendDocument(item, now);
  await tx.putAgent({
    site,
    agent,
    epoch,
    key,
    short_code: row.short_code,
    seq: 0,
    hash,
    revoked_ms: null,
    quarantined_ms: null,
    last_seen_ms: before?.last_seen_ms ?? null,
    closed_to_ms: before?.closed_to_ms ?? null,
    list_version: 0,
    seen_size: 0,
    seen_at_ms: null,
    software: row.software,
    insecure: how.insecure,
    enrolled_ms: now,
    history_lost_ms: null,
    history_rewritten_ms: null,
  });
  const decided = { ...row, state: 'approved', decided_ms: now, decided_by: how.by } as const;
  await tx.putEnrolment(decided);
  const { compared } = how;
  await auditEnrolment(context, tx, how.by, 'enrolment.approve', row, { compared });
  return decided;
}

/** Notes a step of an enrolment; never the token or the whole key. */
export async function auditEnrolment(
  context: AppContext,
  tx: WriteUnit,
  actor: string,
  action: string,
  row: EnrolmentRow,
  more: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  const { agent, short_code, token_id } = row;
  const detail = JSON.stringify({ agent, short_code, token_id, ...more });
  await tx.addAudit({ at_ms: context.now_ms(), actor, action, site: row.site, detail });
}
