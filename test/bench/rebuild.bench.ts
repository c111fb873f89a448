import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSeriesKeeper } from '../../collector/series/keeper.ts';
import { openSqliteStore } from '../../collector/store/sqlite/sqlite-store.ts';
import { checkAll } from '../../deploy/cli/rebuild/check-all.ts';
import { rebuildAll } from '../../deploy/cli/rebuild/rebuild-all.ts';
import { fillOffice } from '../support/office-days.ts';

const SITE = 'xa-mau';
/** Filling a month takes many minutes; the cost is linear in days. */
const DAYS = 10;
const MONTH_DAYS = 30;
/** So long behind the last day it is judged, whatever an agent still owes. */
const AFTER_MS = 27 * 3_600_000;

/** The office of the budgets for a month: CPU of `lanproof rebuild` and of its check. */
export async function bench(): Promise<{
  name: string;
  figures: Record<string, number>;
  note: string;
}> {
  const data_dir = mkdtempSync(join(tmpdir(), 'lanproof-month-'));
  try {
    const { batches, end_ms } = await fillOffice(data_dir, SITE, DAYS);
    say(`  ${batches} batches are taken in`);
    const io = { out: say, err: say, env: {} };
    const { signal } = new AbortController();
    const now_ms = (): number => end_ms + AFTER_MS;
    const task = { data_dir, site: undefined, io, signal, now_ms };
    const first = await cpuOf(() => rebuildAll(task));
    const later = await cpuOf(() => rebuildAll(task));
    const checked = await cpuOf(() => checkAll({ ...task, history: false }));
    const history = await cpuOf(() => makeHistory(data_dir, now_ms));
    const month = MONTH_DAYS / DAYS;
    return {
      name: 'rebuild of a month of a site of 60 devices and 5 switches',
      figures: {
        rebuild_s: tenths(first.seconds + (month - 1) * later.seconds),
        measured_days: DAYS,
        measured_first_s: first.seconds,
        measured_again_s: later.seconds,
        check_s: tenths(month * checked.seconds),
        differences: checked.code,
        history_day_s: tenths(history.seconds / history.code),
        batches,
        rebuild_us_per_batch: Math.round((later.seconds * 1_000_000) / batches),
      },
      note:
        `Not a month was measured but ${DAYS} days, twice: the month is the first time, when the ` +
        `program is cold, and the second ${month - 1} times. One day was modelled and taken in; ` +
        'the others are rows with the same sections under headers of their own days, a run each. ' +
        'check_s is measured once and scaled alike. A rebuild makes no history: a UTC day of it ' +
        'takes the collector history_day_s later on',
    };
  } finally {
    rmSync(data_dir, { recursive: true, force: true });
  }
}

/** Makes the history that a rebuild dropped; returns how many days of it. */
async function makeHistory(data_dir: string, now_ms: () => number): Promise<number> {
  const store = await openSqliteStore({ data_dir, now_ms, mono_ms: () => performance.now() });
  const keeper = createSeriesKeeper(store);
  let days = 0;
  for (const { agent } of await store.agents(SITE)) {
    while (await keeper.keepNext(SITE, agent, async () => undefined)) days += 1;
  }
  await store.close();
  return days;
}

async function cpuOf(work: () => Promise<number>): Promise<{ seconds: number; code: number }> {
  const before = process.cpuUsage();
  const code = await work();
  const { user, system } = process.cpuUsage(before);
  return { seconds: Math.round((user + system) / 10_000) / 100, code };
}

function tenths(seconds: number): number {
  return Math.round(seconds * 10) / 10;
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
