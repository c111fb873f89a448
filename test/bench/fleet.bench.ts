import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { quantile } from '../support/batch-sender.ts';
import { type Load, startLoad } from '../support/load.ts';
import { officeInventory } from '../support/office.ts';
import { prepareCollector } from '../support/prepared-collector.ts';
import { cpuMs, residentMb, startCollector } from '../support/programs.ts';

/** Every commune of the country since July 2025. */
const SITES = 3_321;
/** An agent seals a batch a minute. */
const MINUTE_MS = 60_000;
/** The round before opens the connections and loads the judge's state of every site. */
const WARM_UP_MS = 30_000;
/**
 * In the first minute functions are still compiled; a collector that runs for months is past
 * that. Other work on the machine only ever adds: of the others the least disturbed one counts.
 */
const MINUTES = 3;

/** All communes for some minutes: CPU, memory and answers of one collector process. */
export async function bench(): Promise<{
  name: string;
  figures: Record<string, number>;
  note: string;
}> {
  const folder = mkdtempSync(join(tmpdir(), 'lanproof-fleet-'));
  const sites = Array.from({ length: SITES }, (_, at) => officeInventory(`x${at}`, 'small'));
  try {
    const data_dir = join(folder, 'data');
    const agents = await prepareCollector(data_dir, sites);
    const collector = await startCollector(data_dir);
    try {
      const load = await startLoad(collector.port, agents, 1 + MINUTES);
      try {
        const warm = await load.go({ send: 'one', spread_ms: WARM_UP_MS });
        const minutes: Minute[] = [];
        for (let at = 0; at < MINUTES; at += 1) minutes.push(await minuteOf(load, collector.pid));
        const [compiling, ...settled] = minutes;
        const took_ms = settled.flatMap((one) => one.took_ms);
        const [first] = [warm, ...minutes].flatMap((one) => one.refused);
        const batches = minutes.reduce((sum, one) => sum + one.batches, 0);
        const used_ms = Math.min(...settled.map((one) => one.used_ms));
        const refused = first === undefined ? '' : ` The first refusal: ${first}`;
        return {
          name: `${SITES} sites of 15 targets, ${Math.round(SITES / 60)} batches/s`,
          figures: {
            core_percent: round(Math.min(...settled.map(({ share }) => share)), 100),
            core_percent_first_minute: round(compiling?.share ?? Number.NaN, 100),
            rss_mb: Math.round(residentMb(collector.pid)),
            p99_ms: round(quantile(took_ms, 0.99), 1),
            p50_ms: round(quantile(took_ms, 0.5), 1),
            batches,
            lost: (1 + MINUTES) * SITES - warm.batches - batches,
            cpu_us_per_batch: Math.round((used_ms * 1_000) / SITES),
            ready_ms: Math.round(collector.ready_ms),
          },
          note:
            `each of ${SITES} agents on its own keep-alive connection, one batch in 60 s, after ` +
            `a first batch each in ${WARM_UP_MS / 1_000} s that is not counted. Of ${MINUTES} minutes ` +
            `the first still compiles; CPU: the lesser of the others.${refused}`,
        };
      } finally {
        await load.close();
      }
    } finally {
      await collector.stop();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

type Minute = Awaited<ReturnType<typeof minuteOf>>;

/** One batch of each agent, what came back, and the CPU that it took. */
async function minuteOf(load: Load, pid: number) {
  const before_ms = cpuMs(pid);
  const done = await load.go({ send: 'one', spread_ms: MINUTE_MS });
  const used_ms = cpuMs(pid) - before_ms;
  return { ...done, used_ms, share: used_ms / done.elapsed_ms };
}

function round(value: number, scale: number): number {
  return Math.round(value * scale * 10) / 10;
}
