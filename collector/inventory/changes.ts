import type { Device, Inventory } from '../../shared/measure/inventory-types.ts';
import type { Problem } from '../../shared/problem.ts';

/** What an import did, or would do (`dry_run`). */
export interface ImportResult {
  readonly site: string;
  /** False: everything was as in the file, nothing was written. */
  readonly changed: boolean;
  readonly created: boolean;
  readonly version: number;
  readonly site_changes: readonly string[];
  readonly agents: { readonly added: readonly string[]; readonly removed: readonly string[] };
  readonly devices: {
    readonly added: readonly string[];
    readonly removed: readonly string[];
    readonly changed: readonly ChangedDevice[];
  };
  /** New target lists. */
  readonly lists: readonly { readonly agent: string; readonly version: number }[];
  readonly warnings: readonly Problem[];
}

export interface ChangedDevice {
  readonly device: string;
  /** Keys of inventory.yml. */
  readonly keys: readonly string[];
}

/** Compares two inventories of a site; `before` undefined: the site is new. */
export function compareInventories(
  before: Inventory | undefined,
  after: Inventory,
): Pick<ImportResult, 'site_changes' | 'agents' | 'devices'> & { readonly same: boolean } {
  const old = new Map(before?.devices.map((device) => [device.code, device]));
  const now = new Map(after.devices.map((device) => [device.code, device]));
  const changed = [...now.values()].flatMap((device): ChangedDevice[] => {
    const was = old.get(device.code);
    const keys = was === undefined ? [] : changedKeys(was, device);
    return keys.length === 0 ? [] : [{ device: device.code, keys }];
  });
  const oldAgents = before?.agents.map(({ code }) => code) ?? [];
  const newAgents = after.agents.map(({ code }) => code);
  return {
    site_changes: [
      ...changedKeys(before?.unit ?? {}, after.unit).map((key) => `unit.${key}`),
      ...changedKeys(before?.site ?? {}, after.site).map((key) => `site.${key}`),
    ],
    agents: {
      added: newAgents.filter((code) => !oldAgents.includes(code)),
      removed: oldAgents.filter((code) => !newAgents.includes(code)),
    },
    devices: {
      added: [...now.keys()].filter((code) => !old.has(code)),
      removed: [...old.keys()].filter((code) => !now.has(code)),
      changed,
    },
    // The order of devices counts, too: it is the order of targets.
    same: before !== undefined && canonical(before) === canonical(after),
  };
}

function changedKeys(before: Partial<Device> | object, after: Device | object): string[] {
  const old = new Map(Object.entries(before));
  const now = new Map(Object.entries(after));
  const keys = new Set([...old.keys(), ...now.keys()]);
  return [...keys].filter((key) => canonical(old.get(key)) !== canonical(now.get(key)));
}

/** JSON with sorted keys: two spellings of one inventory are the same. */
export function canonical(value: unknown): string {
  return (
    JSON.stringify(value, (_, child: unknown) => {
      if (typeof child !== 'object' || child === null || Array.isArray(child)) return child;
      return Object.fromEntries(Object.entries(child).sort(([a], [b]) => (a < b ? -1 : 1)));
    }) ?? 'undefined'
  );
}
