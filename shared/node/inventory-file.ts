import { checkInventory, type InventoryOptions } from '../measure/inventory.ts';
import type { Inventory } from '../measure/inventory-types.ts';
import { jsonPath, type Problem } from '../problem.ts';
import { ConfigError } from './config-error.ts';
import { furtherProblems } from './inventory-further.ts';
import { type InventoryFile, InventorySchema } from './inventory-schema.ts';
import type { Locate } from './schema-explain.ts';
import { checkValue } from './yaml-file.ts';
import { readConfigBytes, readYaml } from './yaml-text.ts';

export interface LoadedInventory {
  readonly inventory: Inventory;
  /** What is doubtful but accepted; shown to the person who imports. */
  readonly warnings: readonly Problem[];
}

const TITLE = 'inventory';

/** Reads inventory.yml. Throws ConfigError with every problem, each with file:line:column. */
export function loadInventory(path: string, options: InventoryOptions = {}): LoadedInventory {
  return parseInventory(readConfigBytes(path, TITLE), path, options);
}

/** The same for bytes or text that came from elsewhere; `file` is the name in messages. */
export function parseInventory(
  source: string | Uint8Array,
  file: string,
  options: InventoryOptions = {},
): LoadedInventory {
  const { raw, locate } = readYaml(source, file, { title: TITLE });
  return check(raw, options, locate);
}

/** The same for a JSON body; places are JSON paths. */
export function readInventory(raw: unknown, options: InventoryOptions = {}): LoadedInventory {
  return check(raw, options, (at) => jsonPath(at));
}

function check(raw: unknown, options: InventoryOptions, locate: Locate): LoadedInventory {
  let value: InventoryFile;
  try {
    value = checkValue(InventorySchema, raw, { title: TITLE, locate });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const { problems } = checkInventory(raw, options);
    const further = furtherProblems(raw, error.problems, problems);
    const placed = further.map((p) => ({ ...p, place: locate(p.at, 'value') }));
    throw new ConfigError(TITLE, [...error.problems, ...placed]);
  }
  return checkMeaning(value, options, locate);
}

function checkMeaning(
  value: InventoryFile,
  options: InventoryOptions,
  locate: Locate,
): LoadedInventory {
  const checked = checkInventory(value, options);
  const problems = checked.problems.map((p) => ({ ...p, place: locate(p.at, 'value') }));
  const errors = problems.filter((p) => p.severity === 'error');
  if (checked.inventory === undefined) throw new ConfigError(TITLE, errors);
  return { inventory: checked.inventory, warnings: problems };
}
