import { LanProofError } from '../../shared/errors.ts';
import type { Unit } from '../../shared/measure/inventory-types.ts';
import { isWithin, UNIT_DEPTH_MAX } from '../auth/roles.ts';
import { HttpError } from '../http-error.ts';
import type { UnitRow } from '../store/rows.ts';
import type { ReadUnit } from '../store/store.ts';

/** The tree of units: code → parent. */
export type UnitTree = ReadonlyMap<string, string | null>;

export async function readUnitTree(store: Pick<ReadUnit, 'units'>): Promise<UnitTree> {
  return new Map((await store.units()).map(({ code, parent }) => [code, parent]));
}

/**
 * Rows to write so that a unit stands in the tree as given; empty if it does already. A parent
 * that nobody described yet is made with its code as name. `scope` is the subtree that the
 * importing person may change. Throws LanProofError INVENTORY_UNIT_CYCLE or HttpError 403.
 */
export async function planUnit(
  store: Pick<ReadUnit, 'units'>,
  unit: Unit,
  scope: string | null,
): Promise<UnitRow[]> {
  const rows = new Map((await store.units()).map((row) => [row.code, row]));
  const before = new Map([...rows.values()].map(({ code, parent }) => [code, parent]));
  const known = rows.get(unit.code);
  // A file that names no parent leaves the unit where it is.
  const parent = unit.parent ?? known?.parent ?? null;
  const row = { code: unit.code, name: unit.name, parent, aliases: unit.aliases };
  const plan: UnitRow[] = [];
  if (parent !== null && !rows.has(parent)) {
    plan.push({ code: parent, name: parent, parent: null, aliases: [] });
  }
  const same =
    known !== undefined && JSON.stringify(known) === JSON.stringify({ ...known, ...row });
  if (!same) plan.push(row);
  const after = new Map(before);
  for (const { code, parent } of plan) after.set(code, parent);
  if (!reachesTop(unit.code, after)) throw cycle(unit.code);
  const inside =
    isWithin(unit.code, scope, after) &&
    (known === undefined || isWithin(unit.code, scope, before)) &&
    (unit.code !== scope || known?.parent === parent);
  if (!inside) throw outside(unit.code);
  return plan;
}

function reachesTop(code: string, tree: UnitTree): boolean {
  let at: string | null = code;
  for (let depth = 0; depth < UNIT_DEPTH_MAX; depth++) {
    if (at === null) return true;
    at = tree.get(at) ?? null;
  }
  return false;
}

function cycle(code: string): LanProofError {
  return new LanProofError('INVENTORY_UNIT_CYCLE', `unit ${code} would be its own parent`, {
    hint: 'correct unit.parent',
    place: 'unit.parent',
  });
}

export function outside(code: string): HttpError {
  return new HttpError(403, 'OUTSIDE_UNIT', `unit ${code} is outside what this token may change`, {
    hint: 'ask an administrator of the unit above',
  });
}
