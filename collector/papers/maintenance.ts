import { toHex } from '../../shared/bytes.ts';
import type { Span } from '../../shared/judge/spans.ts';
import type { MaintenanceCancellation, MaintenancePlan } from '../../shared/papers/types.ts';
import { HttpError, notFound } from '../http-error.ts';
import { canonical } from '../inventory/changes.ts';
import type { LedgerUnit } from '../ledger/types.ts';
import type { EvidenceReads } from '../store/store-evidence.ts';
import { type PaperDeps, putPaper } from './put.ts';
import { papersOf } from './read.ts';

/** 2^64 ids: no two plans of a site meet by chance. */
const ID_BYTES = 8;

export interface Plan {
  readonly paper: MaintenancePlan;
  readonly hash: string;
  readonly leaf: number;
  /** The first cancellation; null: it stands. */
  readonly cancelled: MaintenanceCancellation | null;
}

/** What a person announces. */
export interface PlannedWork {
  readonly site: string;
  /** Ascending codes; null: the whole site. */
  readonly devices: readonly string[] | null;
  readonly windows: readonly Span[];
  readonly reason: string;
  readonly by: string;
}

/** Every plan of a site, cancelled ones too, in leaf order. */
export async function plansOf(
  reads: Pick<EvidenceReads, 'documents'>,
  site: string,
): Promise<Plan[]> {
  const papers = await papersOf(reads, site, 'maintenance');
  const cancelled = new Map<string, MaintenanceCancellation>();
  for (const { paper } of papers) {
    if (!('cancels' in paper)) continue;
    if (!cancelled.has(paper.cancels)) cancelled.set(paper.cancels, paper);
  }
  return papers.flatMap(({ paper, hash, leaf }): Plan[] =>
    'cancels' in paper ? [] : [{ paper, hash, leaf, cancelled: cancelled.get(paper.id) ?? null }],
  );
}

/**
 * Announces work. The same work that was announced already, and stands, is not announced again:
 * a request whose answer was lost may be sent twice. Throws as putPaper.
 */
export async function planMaintenance(
  deps: PaperDeps,
  work: PlannedWork,
): Promise<{ readonly changed: boolean; readonly plan: Plan }> {
  const { value } = await deps.ledger.commit(async (unit) => {
    const same = (await plansOf(unit.tx, work.site)).find((plan) => isSame(plan, work));
    if (same !== undefined) return { changed: false, plan: same };
    return { changed: true, plan: await announce(deps, unit, work) };
  });
  return value;
}

async function announce(deps: PaperDeps, unit: LedgerUnit, work: PlannedWork): Promise<Plan> {
  const { site, by, ...planned } = work;
  const id = `m-${toHex(deps.random(ID_BYTES))}`;
  const body = { id, devices: planned.devices, windows: planned.windows, reason: planned.reason };
  const action = 'maintenance.plan';
  const detail = { id, devices: planned.devices, windows: planned.windows.length };
  const place = await putPaper(deps, unit, {
    ...{ kind: 'maintenance', site, body, by, action, detail },
  } as const);
  const { log, issued_ms, hash, leaf } = place;
  await askToRenew(unit, site, leaf);
  const paper: MaintenancePlan = { v: 1, log, site, issued_ms, author: by, ...body };
  return { paper, hash, leaf, cancelled: null };
}

/**
 * A window counts for slots that were measured knowing its leaf (accounting §5): every answer asks
 * the site's agents for a newer checkpoint until one of their headers shows that it covers it.
 */
async function askToRenew({ tx }: LedgerUnit, site: string, leaf: number): Promise<void> {
  for (const agent of await tx.agents(site)) {
    await tx.putAgent({ ...agent, seen_size: leaf, seen_at_ms: null });
  }
}

/**
 * Takes back what has not begun and ends what runs, both from now on; what is past stays. Twice
 * is once. Throws HttpError 404 for an unknown plan, 409 MAINTENANCE_OVER where nothing is left.
 */
export async function cancelMaintenance(
  deps: PaperDeps,
  wanted: {
    readonly site: string;
    readonly id: string;
    readonly reason: string;
    readonly by: string;
  },
): Promise<{ readonly changed: boolean; readonly plan: Plan }> {
  const { site, id, reason, by } = wanted;
  const { value } = await deps.ledger.commit(async (unit) => {
    const plan = (await plansOf(unit.tx, site)).find(({ paper }) => paper.id === id);
    if (plan === undefined) throw notFound('maintenance', id);
    if (plan.cancelled !== null) return { changed: false, plan };
    const now_ms = deps.now_ms();
    if (plan.paper.windows.every(({ to_ms }) => to_ms <= now_ms)) throw over(id);
    const body = { cancels: id, reason };
    const action = 'maintenance.cancel';
    const { log, issued_ms } = await putPaper(deps, unit, {
      ...{ kind: 'maintenance', site, body, by, action, detail: { id } },
    } as const);
    const cancelled: MaintenanceCancellation = {
      ...{ v: 1, log, site, issued_ms, author: by },
      ...body,
    } as const;
    return { changed: true, plan: { ...plan, cancelled } };
  });
  return value;
}

function isSame({ paper, cancelled }: Plan, { devices, windows, reason }: PlannedWork): boolean {
  if (cancelled !== null || paper.reason !== reason) return false;
  return canonical([paper.devices, paper.windows]) === canonical([devices, windows]);
}

function over(id: string): HttpError {
  return new HttpError(409, 'MAINTENANCE_OVER', `every window of ${id} is over`, {
    hint: 'what is past is not changed; there is nothing left to cancel',
    place: 'id',
  });
}
