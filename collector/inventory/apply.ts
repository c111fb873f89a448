import { toBase64, utf8 } from '../../shared/bytes.ts';
import { documentType } from '../../shared/evidence/documents.ts';
import { openEnvelope, serializeEnvelope, signEnvelope } from '../../shared/evidence/dsse.ts';
import type { LeafKind } from '../../shared/evidence/leaf.ts';
import { parseHeader } from '../../shared/measure/header.ts';
import type { Inventory } from '../../shared/measure/inventory-types.ts';
import type { PrivateTargets, TargetList } from '../../shared/measure/targets.ts';
import type { LoadedInventory } from '../../shared/node/inventory-file.ts';
import type { CollectorDeps } from '../deps.ts';
import type { LedgerUnit } from '../ledger/types.ts';
import type { AgentRow, TargetsRow, UnitRow } from '../store/rows.ts';
import type { ReadUnit } from '../store/store.ts';
import { canonical, compareInventories, type ImportResult } from './changes.ts';
import { siteDocument } from './site-document.ts';
import { draftTargets, isPrivateKnown, listOf, type TargetDraft } from './target-lists.ts';
import { planUnit } from './units.ts';

/** docs/formats/targets.md: the last version that a list can have. */
const LIST_VERSION_MAX = 2 ** 31 - 1;

export type ImportDeps = Pick<
  CollectorDeps,
  'store' | 'ledger' | 'crypto' | 'document_key' | 'now_ms' | 'random'
>;

export interface ImportOptions {
  /** Only says what would change. */
  readonly dry_run: boolean;
  /** Subtree of units that the person may change; null: all. */
  readonly scope: string | null;
  /** Who imports. */
  readonly by: string;
}

interface Plan {
  readonly inventory: Inventory;
  readonly version: number;
  readonly created: boolean;
  readonly site_changed: boolean;
  readonly units: readonly UnitRow[];
  readonly lists: readonly ListPlan[];
  readonly changes: ReturnType<typeof compareInventories>;
}

interface ListPlan {
  readonly agent: string;
  readonly version: number;
  readonly draft: TargetDraft;
}

/**
 * Makes the store agree with an inventory: units, site document, target lists and their leaves in
 * one unit of work, or nothing. Writes nothing where all is the same already. Throws LanProofError
 * INVENTORY_UNIT_CYCLE, HttpError OUTSIDE_UNIT, or the store's errors.
 */
export async function applyInventory(
  deps: ImportDeps,
  { inventory, warnings }: LoadedInventory,
  options: ImportOptions,
): Promise<ImportResult> {
  const first = await makePlan(deps, deps.store, inventory, options.scope);
  if (options.dry_run || !isChange(first)) return resultOf(first, warnings);
  const { value } = await deps.ledger.commit((unit) =>
    applyIn(deps, unit, inventory, options.scope, options.by),
  );
  return resultOf(value, warnings);
}

/** The same inside a running unit of work; what others changed since is taken in. */
export async function applyIn(
  deps: ImportDeps,
  unit: LedgerUnit,
  inventory: Inventory,
  scope: string | null,
  by: string,
): Promise<Plan> {
  const plan = await makePlan(deps, unit.tx, inventory, scope);
  if (isChange(plan)) await writePlan(deps, unit, plan, by);
  return plan;
}

/** Adds an agent that the inventory does not name, and gives every agent a target list. */
export async function ensureAgent(
  deps: ImportDeps,
  unit: LedgerUnit,
  site: string,
  agent: string,
  by: string,
): Promise<void> {
  const row = await unit.tx.site(site);
  if (row === null) throw new TypeError(`site ${site} vanished`);
  const inventory: Inventory = JSON.parse(row.inventory);
  const known = inventory.agents.some(({ code }) => code === agent);
  const agents = known ? inventory.agents : [...inventory.agents, { code: agent }];
  await applyIn(deps, unit, { ...inventory, agents }, null, by);
}

/** After the loss of the document key a list under the former one is believed by nobody. */
function isOurs({ crypto, document_key }: ImportDeps, { envelope }: TargetsRow): boolean {
  try {
    openEnvelope(crypto, envelope, documentType('targets'), document_key.publicKey);
    return true;
  } catch {
    return false;
  }
}

async function makePlan(
  deps: ImportDeps,
  reads: ReadUnit,
  inventory: Inventory,
  scope: string | null,
): Promise<Plan> {
  const site = inventory.site.code;
  const row = await reads.site(site);
  const before: Inventory | undefined = row === null ? undefined : JSON.parse(row.inventory);
  const units = await planUnit(reads, inventory.unit, scope);
  // Taking a site out of another unit is a change of that unit, too.
  if (before !== undefined) await planUnit(reads, before.unit, scope);
  const changes = compareInventories(before, inventory);
  const enrolled = new Map((await reads.agents(site)).map((known) => [known.agent, known]));
  const agents = new Set([
    ...inventory.agents.map(({ code }) => code),
    ...(before?.agents ?? []).map(({ code }) => code),
    ...enrolled.keys(),
  ]);
  const lists: ListPlan[] = [];
  for (const agent of agents) {
    const draft = await draftTargets(deps, reads, inventory, agent);
    const newest = await reads.targets(site, agent);
    const issued = newest?.version ?? 0;
    const known = enrolled.get(agent);
    const held = known?.list_version ?? 0;
    // This store is an older copy: the agent holds a later list and refuses all up to its version.
    const later = held > issued && held < LIST_VERSION_MAX;
    const lost = later || (await isOtherList(reads, known, newest));
    if (newest !== null && !lost && sameList(newest, draft) && isOurs(deps, newest)) continue;
    lists.push({ agent, version: (lost ? held : issued) + 1, draft });
  }
  const site_changed = !changes.same;
  const version = (row?.version ?? 0) + (site_changed ? 1 : 0);
  return { inventory, version, created: row === null, site_changed, units, lists, changes };
}

function sameList(row: TargetsRow, draft: TargetDraft): boolean {
  return isPrivateKnown(row) && canonical(listOf(row).targets) === canonical(draft.targets);
}

/** The newest batch names a list of this version with other content: one of a lost store. */
async function isOtherList(
  reads: ReadUnit,
  agent: AgentRow | undefined,
  newest: TargetsRow | null,
): Promise<boolean> {
  if (agent === undefined || newest?.version !== agent.list_version) return false;
  const batch = await reads.batch(agent.site, agent.agent, agent.epoch, agent.seq);
  // Only then is it worth reading: ingest held the list's hash against the store already.
  if (batch?.fault !== 'LIST_UNKNOWN') return false;
  return parseHeader(batch.header).list.hash !== toBase64(newest.hash);
}

function isChange(plan: Plan): boolean {
  return plan.site_changed || plan.units.length > 0 || plan.lists.length > 0;
}

async function writePlan(
  deps: ImportDeps,
  unit: LedgerUnit,
  plan: Plan,
  by: string,
): Promise<void> {
  const { tx, origin } = unit;
  const { inventory, version } = plan;
  const site = inventory.site.code;
  const issued_ms = deps.now_ms();
  for (const row of plan.units) await tx.putUnit(row);
  if (plan.site_changed) {
    const facts = { log: origin, version, issued_ms, author: by };
    await appendSigned(deps, unit, 'site', null, siteDocument(inventory, facts), issued_ms);
    const { unit: owner, site: named } = inventory;
    const text = JSON.stringify(inventory);
    const names = { site, unit: owner.code, name: named.name };
    await tx.putSite({ ...names, version, inventory: text, updated_ms: issued_ms });
  }
  for (const list of plan.lists) await writeList(deps, unit, site, list, issued_ms);
  const { devices, agents } = plan.changes;
  await tx.addAudit({
    at_ms: issued_ms,
    actor: by,
    action: 'inventory.write',
    site,
    detail: JSON.stringify({ version, devices, agents }),
  });
}

async function writeList(
  deps: ImportDeps,
  unit: LedgerUnit,
  site: string,
  { agent, version, draft }: ListPlan,
  issued_ms: number,
): Promise<void> {
  const { tx, origin, log } = unit;
  const { targets, records, salts } = draft;
  const list: TargetList = { v: 1, version, site, agent, log: origin, issued_ms, targets };
  const kept: PrivateTargets = { v: 1, version, records };
  for (const { key, salt } of salts) await tx.putSalt(site, key, salt);
  const { text, leaf, hash } = await appendSigned(
    deps,
    unit,
    'targets',
    { site, agent },
    list,
    issued_ms,
  );
  const bound = { envelope: text, private: JSON.stringify(kept), log, leaf };
  await tx.addTargets({ site, agent, version, hash, ...bound });
}

async function appendSigned(
  deps: ImportDeps,
  unit: LedgerUnit,
  kind: LeafKind,
  of: { site: string; agent: string } | null,
  payload: TargetList | ReturnType<typeof siteDocument>,
  recv_ms: number,
): Promise<{ text: string; leaf: number; hash: Uint8Array }> {
  const body = utf8(JSON.stringify(payload));
  const envelope = signEnvelope(deps.document_key, documentType(kind), body, deps.crypto);
  const text = serializeEnvelope(envelope);
  const { site } = payload;
  const item = { kind, site, agent: of?.agent ?? null, epoch: 0, seq: 0, text };
  return { text, ...(await unit.appendDocument(item, recv_ms)) };
}

export function resultOf(plan: Plan, warnings: ImportResult['warnings']): ImportResult {
  const { site_changes, agents, devices } = plan.changes;
  return {
    site: plan.inventory.site.code,
    changed: isChange(plan),
    created: plan.created,
    version: plan.version,
    site_changes,
    agents,
    devices,
    lists: plan.lists.map(({ agent, version }) => ({ agent, version })),
    warnings,
  };
}
