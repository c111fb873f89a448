import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSeriesKeeper } from '../../collector/series/keeper.ts';
import { openSqliteStore } from '../../collector/store/sqlite/sqlite-store.ts';
import { measuredRun } from '../support/measured-run.ts';
import { fillOffice } from '../support/office-days.ts';
import { BIN, START_FLAGS } from '../support/programs.ts';

const SITE = 'xa-mau';
const DAYS = 30;
const DAY_MS = 86_400_000;
/** Vietnam: UTC+7. */
const ZONE_MS = 7 * 3_600_000;
/** Each costs the same. */
const HISTORY_DAYS = 5;

/** The office of the budgets for a month: CPU of `lanproof rebuild` and of its check. */
export async function bench(): Promise<{
  name: string;
  figures: Record<string, number>;
  note: string;
}> {
  const data_dir = mkdtempSync(join(tmpdir(), 'lanproof-month-'));
  try {
    const { batches } = await fillOffice(data_dir, SITE, DAYS, beginOf(Date.now()));
    say(`  ${batches} batches are taken in`);
    const rebuilt = rebuild(data_dir);
    if (rebuilt.exit !== 0) throw new Error(rebuilt.stderr);
    say(`  rebuilt in ${rebuilt.cpu_s} s`);
    const checked = rebuild(data_dir, '--check');
    const history = await makeHistory(data_dir);
    return {
      name: 'rebuild of a month of a site of 60 devices and 5 switches',
      figures: {
        rebuild_s: tenths(rebuilt.cpu_s),
        rebuild_peak_mb: rebuilt.peak_mb,
        check_s: tenths(checked.cpu_s),
        differences: checked.exit,
        history_day_s: tenths(history.cpu_s / history.days),
        batches,
        rebuild_us_per_batch: Math.round((rebuilt.cpu_s * 1_000_000) / batches),
      },
      note:
        '`lanproof rebuild` and its check, each a process of its own with the flags of the ' +
        'programs; its CPU as the system counts it, start included. One day was modelled and ' +
        'taken in; the others are rows with the same sections under headers of their own days, ' +
        'chained and signed, a run each. A rebuild makes no history: a UTC day of it takes the ' +
        'collector history_day_s later on',
    };
  } finally {
    rmSync(data_dir, { recursive: true, force: true });
  }
}

/** Local midnight so long ago that the last day is over, whatever an agent still owes. */
function beginOf(now_ms: number): number {
  const midnight_ms = now_ms - ((now_ms + ZONE_MS) % DAY_MS);
  return midnight_ms - (DAYS + 1) * DAY_MS;
}

function rebuild(data_dir: string, ...more: string[]) {
  return measuredRun(START_FLAGS, BIN, ['rebuild', '--data', data_dir, ...more]);
}

/** Makes the history that a rebuild dropped. */
async function makeHistory(data_dir: string): Promise<{ days: number; cpu_s: number }> {
  const before = process.cpuUsage();
  const now_ms = () => Date.now();
  const store = await openSqliteStore({ data_dir, now_ms, mono_ms: () => performance.now() });
  const keeper = createSeriesKeeper(store);
  let days = 0;
  for (const { agent } of await store.agents(SITE)) {
    while (days < HISTORY_DAYS && (await keeper.keepNext(SITE, agent, async () => undefined))) {
      days += 1;
    }
  }
  await store.close();
  const { user, system } = process.cpuUsage(before);
  return { days, cpu_s: (user + system) / 1_000_000 };
}

function tenths(seconds: number): number {
  return Math.round(seconds * 10) / 10;
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
