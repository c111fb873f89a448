import type { Inventory } from '../../shared/measure/inventory-types.ts';
import { isWithin, type Principal } from '../auth/roles.ts';
import { notFound } from '../http-error.ts';
import { readUnitTree, type UnitTree } from '../inventory/units.ts';
import type { SiteRow } from '../store/rows.ts';
import type { Store } from '../store/store.ts';

export interface SiteView {
  readonly row: SiteRow;
  readonly inventory: Inventory;
}

/** A site that the person may see. Throws HttpError 404 for any other, whether it exists or not. */
export async function visibleSite(
  store: Store,
  principal: Principal,
  site: string,
): Promise<SiteView> {
  const row = await store.site(site);
  if (row === null) throw notFound('site', site);
  if (principal.unit !== null) {
    const tree = await readUnitTree(store);
    if (!isWithin(row.unit, principal.unit, tree)) throw notFound('site', site);
  }
  return { row, inventory: readInventoryOf(row) };
}

/** All sites that the person may see, in the order of their codes. */
export async function visibleSites(store: Store, principal: Principal): Promise<SiteRow[]> {
  const rows = await store.sites();
  if (principal.unit === null) return rows;
  const tree: UnitTree = await readUnitTree(store);
  return rows.filter((row) => isWithin(row.unit, principal.unit, tree));
}

/** The store keeps what checkInventory accepted; it is not checked a second time. */
export function readInventoryOf(row: SiteRow): Inventory {
  return JSON.parse(row.inventory);
}
