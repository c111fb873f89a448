import { basename } from 'node:path';
import type { ImportResult } from '../../collector/inventory/changes.ts';
import { describeProblem } from '../../shared/node/config-error.ts';
import { loadInventory } from '../../shared/node/inventory-file.ts';
import { parseUnitsCsv } from '../../shared/node/units-csv.ts';
import { readConfigBytes } from '../../shared/node/yaml-text.ts';
import { type Command, EXIT_OK, type Io, readArguments } from './command.ts';
import { counted } from './counted.ts';
import { type ApiClient, apiClient, CLIENT_OPTIONS, CLIENT_USAGE } from './http-client.ts';

export const importCommand: Command = {
  summary: 'write an inventory file into the collector',
  usage: `lanproof import FILE --collector URL --token T [--dry-run]
  FILE is an inventory of one site (inventory.yml, .json) or units.csv (many units and sites).
  Importing the same file twice changes nothing. Nothing is written if anything is wrong.

${CLIENT_USAGE}
  --dry-run         say what would change, write nothing`,
  async run(args, io) {
    const options = { ...CLIENT_OPTIONS, 'dry-run': { type: 'boolean' } } as const;
    const parsed = readArguments(args, options, ['FILE']);
    const [file = ''] = parsed.words;
    const client = apiClient(parsed, io);
    const dry = parsed.flag('dry-run');
    try {
      if (file.toLowerCase().endsWith('.csv')) await importUnits(client, io, file, dry);
      else await importSite(client, io, file, dry);
    } finally {
      await client.close();
    }
    return EXIT_OK;
  },
};

async function importSite(client: ApiClient, io: Io, file: string, dry: boolean): Promise<void> {
  const bytes = readConfigBytes(file, 'inventory');
  // Mistakes are said with the lines of this file before anything is sent. Loopback is left to
  // the collector: only a demo measures there.
  const { inventory } = loadInventory(file, { allow_loopback: true });
  const query = `?file=${encodeURIComponent(basename(file))}${dry ? '&dry_run=1' : ''}`;
  const path = `/api/v1/sites/${inventory.site.code}/inventory${query}`;
  const text = new TextDecoder().decode(bytes);
  const answer = (await client.send('PUT', path, {
    type: 'application/yaml',
    text,
  })) as ImportResult;
  for (const warning of answer.warnings) io.err(`warning: ${describeProblem(warning)}`);
  for (const line of describeImport(answer, dry)) io.out(line);
}

/** What an import changed, one fact a line. */
export function describeImport(result: ImportResult, dry: boolean): string[] {
  const { site, changed, created, devices, agents, site_changes, lists, version } = result;
  if (!changed) return [`site ${site}: nothing to change`];
  const verb = dry ? 'would be' : 'is';
  const head = created ? 'new' : 'changed';
  return [
    `site ${site} ${verb} ${head} (version ${version})`,
    ...(created ? [] : site_changes.map((key) => `  ~ ${key}`)),
    ...agents.added.map((code) => `  + agent ${code}`),
    ...agents.removed.map((code) => `  - agent ${code}`),
    ...devices.added.map((code) => `  + ${code}`),
    ...devices.removed.map((code) => `  - ${code}`),
    ...devices.changed.map(({ device, keys }) => `  ~ ${device}: ${keys.join(', ')}`),
    ...lists.map((list) => `  target list ${list.version} for ${list.agent}`),
  ];
}

interface UnitsAnswer {
  readonly sites: number;
  readonly changed: readonly string[];
  readonly created: readonly { readonly site: string }[];
  readonly tokens: readonly {
    readonly site: string;
    readonly agent: string;
    readonly token: string;
  }[];
}

async function importUnits(client: ApiClient, io: Io, file: string, dry: boolean): Promise<void> {
  const bytes = readConfigBytes(file, 'units');
  parseUnitsCsv(bytes, file);
  const query = `?file=${encodeURIComponent(basename(file))}${dry ? '&dry_run=1' : ''}`;
  const text = new TextDecoder().decode(bytes);
  const body = { type: 'text/csv', text };
  const answer = (await client.send('POST', `/api/v1/units${query}`, body)) as UnitsAnswer;
  const created = new Set(answer.created.map(({ site }) => site));
  for (const site of answer.changed) io.out(`  ${created.has(site) ? '+' : '~'} ${site}`);
  const verb = dry ? 'would change' : 'changed';
  io.out(`${counted(answer.sites, 'site')}, ${answer.changed.length} ${verb}, ${created.size} new`);
  for (const { site, agent, token } of answer.tokens) io.out(`${site} ${agent} ${token}`);
}
