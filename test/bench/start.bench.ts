import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BatchSender } from '../support/batch-sender.ts';
import { type FilledStore, fillStore } from '../support/filled-store.ts';
import { officeInventory } from '../support/office.ts';
import { type CollectorProcess, startCollector } from '../support/programs.ts';

const SITES = 30;
const DAYS = 30;
const STARTS = 3;
const MINUTE_MS = 60_000;
/** One below what makes the judge store its states: a start after a kill replays the most. */
const LIVE_MINUTES = 29;
const BYTES_PER_MB = 1_000_000;

/** From the start of the process until readyz answers 200, over a month of 30 sites. */
export async function bench(): Promise<{
  name: string;
  figures: Record<string, number>;
  note: string;
}> {
  const folder = mkdtempSync(join(tmpdir(), 'lanproof-start-'));
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  try {
    const empty = await median(async () => await startCollector(join(folder, 'empty')));
    const data_dir = join(folder, 'data');
    const inventories = Array.from({ length: SITES }, (_, at) =>
      officeInventory(`x${at}`, 'small'),
    );
    const begun_ms = performance.now();
    const end_ms = Math.floor(Date.now() / MINUTE_MS - LIVE_MINUTES - 1) * MINUTE_MS;
    const store = await fillStore({ data_dir, inventories, days: DAYS, end_ms, say });
    const fill_s = Math.round((performance.now() - begun_ms) / 1_000);
    const database_mb = sizeMb(join(data_dir, 'lanproof.db'));
    const ready = await median(async () => await startCollector(data_dir));
    const { wal_mb, sent } = await kill(data_dir, store);
    const killed = await startCollector(data_dir);
    await killed.stop();
    return {
      name: `start with ${DAYS} days of ${SITES} sites`,
      figures: {
        ready_ms: ready.ms,
        ready_cpu_ms: ready.cpu_ms,
        ready_empty_ms: empty.ms,
        ready_empty_cpu_ms: empty.cpu_ms,
        ready_after_kill_ms: Math.round(killed.ready_ms),
        ready_after_kill_cpu_ms: Math.round(killed.ready_cpu_ms),
        killed_wal_mb: wal_mb,
        killed_unjudged_batches: sent,
        ...{ batches: store.batches, database_mb, fill_s },
      },
      note:
        `${DAYS} days of ${SITES} sites: the newest hour measured and judged, the rest rows of ` +
        'the same size appended by the ledger in units of an hour, sections of some bytes; ' +
        `median of ${STARTS} starts, wall clock, the files in the page cache. Beside it one ` +
        `start after kill -9 with a WAL and ${LIVE_MINUTES} batches a site that no stored ` +
        'judge state has',
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function median(
  start: () => Promise<CollectorProcess>,
): Promise<{ readonly ms: number; readonly cpu_ms: number }> {
  const all: { ms: number; cpu_ms: number }[] = [];
  while (all.length < STARTS) {
    const collector = await start();
    const { ready_ms, ready_cpu_ms } = collector;
    await collector.stop();
    all.push({ ms: Math.round(ready_ms), cpu_ms: Math.round(ready_cpu_ms) });
  }
  all.sort((a, b) => a.ms - b.ms);
  return all[Math.floor(STARTS / 2)] ?? { ms: Number.NaN, cpu_ms: Number.NaN };
}

/** Lets a collector take in the next minutes and kills it; what it left is not tidied up. */
async function kill(
  data_dir: string,
  store: FilledStore,
): Promise<{ readonly wal_mb: number; readonly sent: number }> {
  const collector = await startCollector(data_dir);
  const senders: BatchSender[] = [];
  let sent = 0;
  try {
    for (let minute = 0; minute < LIVE_MINUTES; minute += 1) {
      const answers = store.nextMinute().map((body, at) => {
        const sender = senders[at] ?? new BatchSender(collector.port);
        senders[at] = sender;
        return sender.send(body);
      });
      for (const { status, body } of await Promise.all(answers)) {
        if (status !== 200) throw new Error(`a batch was refused: ${status} ${body}`);
        sent += 1;
      }
    }
  } finally {
    await collector.stop('SIGKILL');
    for (const sender of senders) sender.close();
  }
  return { wal_mb: sizeMb(join(data_dir, 'lanproof.db-wal')), sent };
}

function sizeMb(file: string): number {
  return Math.round(statSync(file).size / BYTES_PER_MB);
}
