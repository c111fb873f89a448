import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import pino from 'pino';
import { openEngine } from '../../collector/engine.ts';
import type { LedgerUnit } from '../../collector/ledger/types.ts';
import { createSeriesKeeper } from '../../collector/series/keeper.ts';
import type { BatchRow } from '../../collector/store/rows.ts';
import { DATABASE_FILE, openSqliteStore } from '../../collector/store/sqlite/sqlite-store.ts';
import type { Store } from '../../collector/store/store.ts';
import { checkAll } from '../../deploy/cli/rebuild/check-all.ts';
import { rebuildAll } from '../../deploy/cli/rebuild/rebuild-all.ts';
import { encodeHeader, parseHeader } from '../../shared/measure/header.ts';
import { createNodeCrypto } from '../../shared/node/crypto.ts';
import { ModelledAgent } from '../support/modelled-agent.ts';
import { officeInventory } from '../support/office.ts';
import type { EnrolledAgent } from '../support/prepared-collector.ts';
import { openLedgerOf, prepareCollector } from '../support/prepared-collector.ts';

const SITE = 'xa-mau';
const DAY_MS = 86_400_000;
/** A month takes ten minutes to fill; cost is linear in days, so a third is measured. */
const DAYS = 10;
const MONTH_DAYS = 30;
/** A local midnight of Vietnam: every local day of the month is a whole one. */
const BEGIN_MS = Date.UTC(2025, 2, 2, 17);
const END_MS = BEGIN_MS + DAYS * DAY_MS;
const ARRIVES_MS = 5_000;
/** Batches of one unit of work. */
const UNIT_BATCHES = 60;

/** The office of the budgets for a month: CPU of `lanproof rebuild` and of its check. */
export async function bench(): Promise<{
  name: string;
  figures: Record<string, number>;
  note: string;
}> {
  const data_dir = mkdtempSync(join(tmpdir(), 'lanproof-month-'));
  try {
    const batches = await fillMonth(data_dir);
    const io = { out: say, err: say, env: {} };
    const { signal } = new AbortController();
    const task = { data_dir, site: undefined, io, signal, now_ms: () => END_MS };
    const rebuilt = await cpuOf(() => rebuildAll(task));
    const checked = await cpuOf(() => checkAll(task));
    const history = await cpuOf(() => makeHistory(data_dir));
    const month = (seconds: number): number => Math.round(seconds * (MONTH_DAYS / DAYS) * 10) / 10;
    return {
      name: 'rebuild of a month of a site of 60 devices and 5 switches',
      figures: {
        rebuild_s: month(rebuilt.seconds),
        history_s: month(history.seconds),
        check_s: month(checked.seconds),
        differences: checked.code,
        batches,
        rebuild_us_per_batch: Math.round((rebuilt.seconds * 1_000_000) / batches),
      },
      note:
        `states, whole days and history for charts, which alone takes history_s; ${DAYS} days, ` +
        `scaled to ${MONTH_DAYS}. One day was modelled and taken in; the others are rows with ` +
        'the same sections under headers of their own days, a run each',
    };
  } finally {
    rmSync(data_dir, { recursive: true, force: true });
  }
}

/** History alone, once more: what of a rebuild it takes. */
async function makeHistory(data_dir: string): Promise<number> {
  const db = new Database(join(data_dir, DATABASE_FILE));
  db.exec('DELETE FROM series_day; DELETE FROM series_kept');
  db.close();
  const now_ms = (): number => END_MS;
  const store = await openSqliteStore({ data_dir, now_ms, mono_ms: () => performance.now() });
  const keeper = createSeriesKeeper(store);
  for (const { agent } of await store.agents(SITE)) {
    while (await keeper.keepNext(SITE, agent, async () => undefined));
  }
  await store.close();
  return 0;
}

async function fillMonth(data_dir: string): Promise<number> {
  const clock = { now_ms: BEGIN_MS };
  const now_ms = (): number => clock.now_ms;
  const offices = [officeInventory(SITE, 'large')];
  const [enrolled] = await prepareCollector(data_dir, offices, undefined, now_ms);
  if (enrolled === undefined) throw new Error('nobody was enrolled');
  await oneDay(data_dir, enrolled, clock);
  const { store, ledger, close } = await openLedgerOf(data_dir, now_ms);
  try {
    const first = await batchesOf(store);
    let seq = first.at(-1)?.seq ?? 0;
    for (let day = 1; day < DAYS; day += 1) {
      for (let at = 0; at < first.length; at += UNIT_BATCHES) {
        const rows = first.slice(at, at + UNIT_BATCHES);
        await ledger.commit(async (unit) => {
          for (const row of rows) {
            seq += 1;
            await again(unit, row, seq, day);
          }
        });
      }
      say(`  day ${day + 1} of ${DAYS}`);
    }
    return first.length * DAYS;
  } finally {
    await close();
  }
}

/** A real day, through recorder, sealer, ingest and judge. */
async function oneDay(
  data_dir: string,
  { identity, list }: EnrolledAgent,
  clock: { now_ms: number },
): Promise<void> {
  const engine = await openEngine({
    ...{ data_dir, origin: 'unused', logger: pino({ level: 'silent' }) },
    now_ms: () => clock.now_ms,
    crypto: createNodeCrypto(),
    mono_ms: () => performance.now(),
    random: (bytes) => new Uint8Array(randomBytes(bytes)),
  });
  try {
    const { site, agent, log, signer, origin } = identity;
    const sealed: Uint8Array[] = [];
    const modelled = new ModelledAgent({
      ...{ site, agent, signer, list, origin, seed: 7, start_ms: BEGIN_MS },
      seen: () => ({ log, size: 1 }),
      put: ({ body }) => sealed.push(body),
    });
    while (modelled.utc_ms < BEGIN_MS + DAY_MS) {
      modelled.minute();
      clock.now_ms = modelled.utc_ms + ARRIVES_MS;
      for (const body of sealed.splice(0)) {
        const { kind } = await engine.deps.ingest.submitBatch(body, { insecure: false });
        if (kind !== 'accepted') throw new Error(`a batch was ${kind}`);
      }
    }
  } finally {
    await engine.close();
  }
}

async function batchesOf(store: Store): Promise<BatchRow[]> {
  const leaves = await store.siteLeaves(SITE, { log: 0, leaf: -1 }, Number.MAX_SAFE_INTEGER);
  return leaves.flatMap(({ batch }) => (batch === null ? [] : [batch]));
}

/** The same minute of a later day: sections are in monotonic time, the header says the day. */
async function again(
  { tx, log, append }: LedgerUnit,
  row: BatchRow,
  seq: number,
  day: number,
): Promise<void> {
  const shift_ms = day * DAY_MS;
  const recv_ms = row.recv_ms + shift_ms;
  const old = parseHeader(row.header);
  const header = encodeHeader({
    ...old,
    seq,
    run: `run-${day}`,
    boot: `boot-${day}`,
    sealed_ms: old.sealed_ms + shift_ms,
    closed_to_ms: old.closed_to_ms + shift_ms,
    clock: old.clock.map((sample) => ({ ...sample, wall_ms: sample.wall_ms + shift_ms })),
    events: old.events.filter(({ code }) => code !== 'list_applied'),
  });
  const key = { site: row.site, agent: row.agent, epoch: row.epoch, seq };
  const hash = new Uint8Array(randomBytes(row.hash.length));
  const leaf = await append({ kind: 'batch', ...key, hash, recv_ms });
  await tx.addBatch({ ...row, ...key, recv_ms, log, leaf, hash, header });
}

async function cpuOf(work: () => Promise<number>): Promise<{ seconds: number; code: number }> {
  const before = process.cpuUsage();
  const code = await work();
  const { user, system } = process.cpuUsage(before);
  return { seconds: Math.round((user + system) / 10_000) / 100, code };
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
