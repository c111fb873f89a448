import { jsonPath, type Path, type Problem, quote } from '../problem.ts';
import { type IpAddress, parseAddress } from './address.ts';
import {
  AGENTS_PER_SITE_MAX,
  CALENDAR_DEFAULT,
  DEVICES_PER_SITE_MAX,
} from './inventory-defaults.ts';
import { checkGraph } from './inventory-graph.ts';
import { readAttachment, readDevice } from './inventory-read.ts';
import { Reader } from './inventory-reader.ts';
import { checkTargets } from './inventory-rules.ts';
import type { AgentEntry, Inventory, Site, Unit } from './inventory-types.ts';

export interface InventoryOptions {
  /** The demo's virtual LANs live on 127.0.0.0/8; nowhere else is loopback a target. */
  readonly allow_loopback?: boolean;
  /** Addresses of the agents themselves; a target among them would always answer. */
  readonly own_addresses?: readonly string[];
}

export interface InventoryCheck {
  /** Undefined if any problem is an error. */
  readonly inventory: Inventory | undefined;
  /** Errors and warnings in reading order; `place` is the JSON path. */
  readonly problems: readonly Problem[];
}

/**
 * Reads the inventory of one site and fills in every default (contracts §2). Never throws: what
 * is wrong comes back as problems, whatever the value is. A normalised inventory turned back by
 * `toRaw` (inventory-raw.ts) gives itself again.
 */
export function checkInventory(raw: unknown, options: InventoryOptions = {}): InventoryCheck {
  const reader = new Reader();
  const root = reader.record(raw, []);
  const unit = readUnit(reader, root);
  const site = readSite(reader, root);
  const agents = readAgents(reader, root);
  const first = agents[0]?.code ?? '';
  const rawDevices = reader.list(root['devices'], ['devices'], DEVICES_PER_SITE_MAX);
  const devices = rawDevices.map((device, i) => readDevice(reader, device, i, first));
  const draft: Inventory = { unit, site, agents, devices };
  if (agents.length === 0 && !reader.failed) {
    const fix = 'add `agents: [{ code: do-1 }]`';
    reader.error('INVENTORY_NO_AGENT', ['agents'], 'a site needs at least one agent', fix);
  }
  checkUnique(reader, draft);
  checkGraph(reader, draft);
  checkTargets(reader, draft, options.allow_loopback ?? false, ownAddresses(draft, options));
  return { inventory: reader.failed ? undefined : draft, problems: reader.problems };
}

function readUnit(reader: Reader, root: Readonly<Record<string, unknown>>): Unit {
  const at: Path = ['unit'];
  const unit = reader.record(root['unit'], at);
  const parent = reader.optionalCode(unit['parent'], [...at, 'parent']);
  return {
    code: reader.code(unit['code'], [...at, 'code']),
    name: reader.text(unit['name'], [...at, 'name']),
    ...(parent === undefined ? {} : { parent }),
    aliases: reader.texts(unit['aliases'], [...at, 'aliases']),
  };
}

function readSite(reader: Reader, root: Readonly<Record<string, unknown>>): Site {
  const at: Path = ['site'];
  const site = reader.record(root['site'], at);
  const contact =
    site['contact'] === undefined ? undefined : reader.record(site['contact'], [...at, 'contact']);
  const name = reader.optionalText(contact?.['name'], [...at, 'contact', 'name']);
  const phone = reader.optionalText(contact?.['phone'], [...at, 'contact', 'phone']);
  const counts = reader.record(site['workplaces'] ?? {}, [...at, 'workplaces']);
  const workplaces: [string, number][] = Object.entries(counts).map(([group, count]) => [
    reader.code(group, [...at, 'workplaces', group]),
    reader.integer(count, [...at, 'workplaces', group], 0, 10_000),
  ]);
  return {
    code: reader.code(site['code'], [...at, 'code']),
    name: reader.text(site['name'], [...at, 'name']),
    calendar: reader.optionalCode(site['calendar'], [...at, 'calendar']) ?? CALENDAR_DEFAULT,
    ...(contact === undefined
      ? {}
      : {
          contact: {
            ...(name === undefined ? {} : { name }),
            ...(phone === undefined ? {} : { phone }),
          },
        }),
    workplaces: Object.fromEntries(workplaces),
  };
}

function readAgents(reader: Reader, root: Readonly<Record<string, unknown>>): AgentEntry[] {
  return reader.list(root['agents'], ['agents'], AGENTS_PER_SITE_MAX).map((raw, index) => {
    const at: Path = ['agents', index];
    const agent = reader.record(raw, at);
    const attached = readAttachment(reader, agent['attached'], [...at, 'attached']);
    const address = reader.optionalText(agent['address'], [...at, 'address']);
    if (address !== undefined && parseAddress(address) === undefined) {
      const message = `${quote(address)} is no IP address`;
      reader.error('INVENTORY_ADDRESS', [...at, 'address'], message, 'e.g. 10.77.0.9');
    }
    return {
      code: reader.code(agent['code'], [...at, 'code']),
      ...(address === undefined ? {} : { address }),
      ...(attached === undefined ? {} : { attached }),
    };
  });
}

function checkUnique(reader: Reader, draft: Inventory): void {
  for (const list of ['agents', 'devices'] as const) {
    const seen = new Map<string, number>();
    draft[list].forEach(({ code }, index) => {
      const before = seen.get(code);
      if (before === undefined) seen.set(code, index);
      else if (code !== '') {
        const at: Path = [list, index, 'code'];
        const message = `code ${quote(code)} is already used by ${jsonPath([list, before])}`;
        reader.error('INVENTORY_DUPLICATE_CODE', at, message, 'give each its own code');
      }
    });
  }
}

function ownAddresses(draft: Inventory, options: InventoryOptions): IpAddress[] {
  const texts = [...(options.own_addresses ?? []), ...draft.agents.map((a) => a.address ?? '')];
  return texts.flatMap((text) => parseAddress(text) ?? []);
}
