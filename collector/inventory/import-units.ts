import type { Inventory } from '../../shared/measure/inventory-types.ts';
import { readInventory } from '../../shared/node/inventory-file.ts';
import type { UnitRow as UnitLine } from '../../shared/node/units-csv.ts';
import type { ReadUnit } from '../store/store.ts';
import { applyIn, applyInventory, type ImportDeps, type ImportOptions, resultOf } from './apply.ts';
import type { ImportResult } from './changes.ts';

export interface UnitsImportResult {
  readonly sites: readonly ImportResult[];
  /** Sites that are new; each of their agents needs a token. */
  readonly created: readonly { readonly site: string; readonly agents: readonly string[] }[];
}

/**
 * Makes units and sites of a units.csv exist, in one unit of work or not at all. Devices and
 * agents of a site that exists already stay as they are; names and contacts follow the file.
 */
export async function importUnits(
  deps: ImportDeps,
  lines: readonly UnitLine[],
  options: ImportOptions,
): Promise<UnitsImportResult> {
  // A parent may stand below its child in the file: units from the top down.
  const ordered = parentsFirst(lines);
  if (options.dry_run) {
    const sites: ImportResult[] = [];
    for (const line of ordered) {
      const loaded = { inventory: await inventoryOf(deps.store, line), warnings: [] };
      sites.push(await applyInventory(deps, loaded, options));
    }
    return summary(sites, lines);
  }
  const { value } = await deps.ledger.commit(async (unit) => {
    const sites: ImportResult[] = [];
    for (const line of ordered) {
      const inventory = await inventoryOf(unit.tx, line);
      const plan = await applyIn(deps, unit, inventory, options.scope, options.by);
      sites.push(resultOf(plan, []));
    }
    return sites;
  });
  return summary(value, lines);
}

async function inventoryOf(reads: ReadUnit, line: UnitLine): Promise<Inventory> {
  const row = await reads.site(line.site.code);
  if (row === null) {
    const { unit, contact } = line;
    const site = { ...line.site, ...(Object.keys(contact).length === 0 ? {} : { contact }) };
    const agents = line.agents.map((code) => ({ code }));
    return readInventory({ unit, site, agents, devices: [] }).inventory;
  }
  const kept: Inventory = JSON.parse(row.inventory);
  const contact = { ...kept.site.contact, ...line.contact };
  return {
    ...kept,
    unit: { ...kept.unit, ...line.unit },
    site: {
      ...kept.site,
      name: line.site.name,
      ...(Object.keys(contact).length === 0 ? {} : { contact }),
    },
  };
}

function parentsFirst(lines: readonly UnitLine[]): UnitLine[] {
  const byUnit = Map.groupBy(lines, ({ unit }) => unit.code);
  const done = new Set<string>();
  const ordered: UnitLine[] = [];
  const visit = (code: string): void => {
    const own = byUnit.get(code);
    if (own === undefined || done.has(code)) return;
    // Marked before its parent is visited: the reader of the file already refused cycles.
    done.add(code);
    const parent = own[0]?.unit.parent;
    if (parent !== undefined) visit(parent);
    ordered.push(...own);
  };
  for (const code of byUnit.keys()) visit(code);
  return ordered;
}

function summary(sites: readonly ImportResult[], lines: readonly UnitLine[]): UnitsImportResult {
  const agents = new Map(lines.map((line) => [line.site.code, line.agents]));
  const created = sites.filter((result) => result.created);
  return {
    sites,
    created: created.map(({ site }) => ({ site, agents: agents.get(site) ?? [] })),
  };
}
