import type { SiteRow, TargetsRow, UnitRow } from '../rows.ts';
import type { InventoryReads, InventoryWrites } from '../store-inventory.ts';
import type { Connection } from './connection.ts';
import { rowWriter } from './row-writer.ts';
import { orNull, plain } from './values.ts';

const SITE_COLUMNS = ['site', 'unit', 'name', 'version', 'inventory', 'updated_ms'] as const;
const TARGETS_COLUMNS = [
  'site',
  'agent',
  'version',
  'hash',
  'envelope',
  'private',
  'log',
  'leaf',
] as const;

interface UnitCells extends Omit<UnitRow, 'aliases'> {
  aliases: string;
}

export function createInventoryReads(sql: Connection): InventoryReads {
  const targets = (row: TargetsRow | undefined): TargetsRow | null =>
    row === undefined ? null : { ...row, hash: plain(row.hash) };
  return {
    async unit(code) {
      const cells = sql.get<UnitCells>('SELECT * FROM unit WHERE code = ?', code);
      return cells === undefined ? null : toUnit(cells);
    },
    units: async () => sql.all<UnitCells>('SELECT * FROM unit ORDER BY code').map(toUnit),
    site: async (site) => orNull(sql.get<SiteRow>('SELECT * FROM site WHERE site = ?', site)),
    sites: async () => sql.all<SiteRow>('SELECT * FROM site ORDER BY site'),
    targets: async (site, agent) =>
      targets(
        sql.get(
          'SELECT * FROM targets WHERE site = ? AND agent = ? ORDER BY version DESC LIMIT 1',
          site,
          agent,
        ),
      ),
    targetsVersion: async (site, agent) =>
      sql.get<{ version: number | null }>(
        'SELECT max(version) AS version FROM targets WHERE site = ? AND agent = ?',
        site,
        agent,
      )?.version ?? 0,
    targetsByHash: async (site, hash) =>
      targets(
        sql.get(
          'SELECT * FROM targets WHERE site = ? AND hash = ? ORDER BY version DESC LIMIT 1',
          site,
          hash,
        ),
      ),
    async salt(site, record) {
      const cells = sql.get<{ salt: Uint8Array }>(
        'SELECT salt FROM salt WHERE site = ? AND record = ?',
        site,
        record,
      );
      return cells === undefined ? null : plain(cells.salt);
    },
  };
}

export function createInventoryWrites(sql: Connection): InventoryWrites {
  const unit = rowWriter(sql, 'unit', ['code', 'name', 'parent', 'aliases'], ['code']);
  const site = rowWriter(sql, 'site', SITE_COLUMNS, ['site']);
  const targets = rowWriter(sql, 'targets', TARGETS_COLUMNS, null);
  const salts = rowWriter(sql, 'salt', ['site', 'record', 'salt'], ['site', 'record']);
  return {
    putUnit: async (row) => void unit({ ...row, aliases: JSON.stringify(row.aliases) }),
    putSite: async (row) => void site(row),
    addTargets: async (row) => void targets(row),
    putSalt: async (code, record, salt) => void salts({ site: code, record, salt }),
  };
}

function toUnit({ aliases, ...rest }: UnitCells): UnitRow {
  const read: unknown = JSON.parse(aliases);
  const names = Array.isArray(read) ? read.filter((name) => typeof name === 'string') : [];
  return { ...rest, aliases: names };
}
