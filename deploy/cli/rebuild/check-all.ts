import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkSite, type SiteCheck } from '../../../collector/rebuild/check.ts';
import type { Difference } from '../../../collector/rebuild/compare.ts';
import { openSnapshots } from '../../../collector/store/sqlite/snapshot.ts';
import { openSqliteStore } from '../../../collector/store/sqlite/sqlite-store.ts';
import { EXIT_FAILED, EXIT_OK } from '../command.ts';
import { counted } from '../counted.ts';
import { type RebuildTask, sitesOf, surroundings, tellArchived } from './task.ts';

const WHY: Readonly<Record<NonNullable<SiteCheck['without']['why']>, string>> = {
  not_judged: 'nothing of it is judged yet',
  other_version: 'it was judged by another version, which this one does again at its start',
  unfinished: 'it was just being judged again from its beginning; let the collector finish',
};

export interface CheckTask extends RebuildTask {
  /** The kept history of charts is compared, too. */
  readonly history: boolean;
}

/**
 * Checks every site, each at one committed state of the store. Throws NO_STORE,
 * STORE_OTHER_VERSION and what the scratch store throws.
 */
export async function checkAll(task: CheckTask): Promise<number> {
  const { data_dir, io, history } = task;
  const snapshots = openSnapshots(data_dir);
  const folder = mkdtempSync(join(tmpdir(), 'lanproof-check-'));
  try {
    const clocks = { now_ms: task.now_ms, mono_ms: () => performance.now() };
    const scratch = await openSqliteStore({ data_dir: folder, ...clocks });
    const total = { compared: 0, differences: 0, leaves: 0, days: 0 };
    try {
      const { sites, around, archived_ms } = await snapshots.at(async (kept) => {
        const codes = await sitesOf(kept, task);
        const archived_ms = await kept.archivedBefore();
        return { archived_ms, sites: codes, around: await surroundings(kept, codes, task) };
      });
      for (const site of sites) {
        const found = await snapshots.at((kept) =>
          checkSite({ ...around, kept, scratch, history }, site),
        );
        for (const line of linesOf(site, found)) io.out(line);
        total.compared += sumOf(found.compared);
        total.differences += found.differences;
        total.leaves += found.without.leaves;
        total.days += found.without.days;
      }
      tellArchived(archived_ms, io);
      const { compared, differences } = total;
      io.out(`${counted(sites.length, 'site')}: ${verdict(compared, differences)}`);
      const without = withoutText(total);
      if (without !== '') io.out(`nothing to compare with: ${without}`);
      if (differences > 0) io.err(`fix: stop the collector and run lanproof rebuild`);
    } finally {
      await scratch.close();
    }
    return total.differences === 0 ? EXIT_OK : EXIT_FAILED;
  } finally {
    await snapshots.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function linesOf(site: string, { compared, differences, told, without }: SiteCheck): string[] {
  const tables = Object.entries(compared).map(([table, rows]) => `${table} ${rows}`);
  const shown = tables.length === 0 ? '' : ` (${tables.join(', ')})`;
  const lines = [`${site}: ${verdict(sumOf(compared), differences)}${shown}`];
  for (const one of told) lines.push(`  ${differenceText(one)}`);
  if (differences > told.length) lines.push(`  and ${differences - told.length} more`);
  const more = withoutText(without);
  const why = without.why === null ? '' : `: ${WHY[without.why]}`;
  if (more !== '' || why !== '') lines.push(`  nothing to compare with: ${more}${why}`);
  return lines;
}

function sumOf(rows: Readonly<Record<string, number>>): number {
  return Object.values(rows).reduce((sum, count) => sum + count, 0);
}

function verdict(compared: number, differences: number): string {
  const rows = `${counted(compared, 'row')} compared`;
  return `${rows}, ${differences === 0 ? 'no difference' : counted(differences, 'difference')}`;
}

function withoutText({ leaves, days }: { leaves: number; days: number }): string {
  const parts: string[] = [];
  if (leaves > 0) parts.push(`${counted(leaves, 'leaf', 'leaves')} behind what is stored`);
  if (days > 0) parts.push(`${counted(days, 'day')} of another version`);
  return parts.join(', ');
}

function differenceText({ table, who, at_ms, where, kept, recomputed }: Difference): string {
  const place = [table, who, at_ms === null ? '' : timeText(at_ms), where ?? '']
    .filter((word) => word !== '')
    .join(' ');
  return `${place}: kept ${kept ?? 'nothing'}, recomputed ${recomputed ?? 'nothing'}`;
}

/** A damaged time must not end the check. */
function timeText(at_ms: number): string {
  const date = new Date(at_ms);
  return Number.isNaN(date.getTime()) ? String(at_ms) : date.toISOString();
}
