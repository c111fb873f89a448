import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { quantile } from '../support/batch-sender.ts';
import { startLoad } from '../support/load.ts';
import { officeInventory } from '../support/office.ts';
import { prepareCollector } from '../support/prepared-collector.ts';
import { cpuMs, residentMb, startCollector } from '../support/programs.ts';

/** Every commune of the country since July 2025. */
const SITES = 3_321;
/** An agent seals a batch a minute. */
const MINUTE_MS = 60_000;
/** The round before opens the connections and loads the judge's state of every site. */
const WARM_UP_MS = 30_000;

/** All communes for one minute: CPU, memory and answers of one collector process. */
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
      const load = await startLoad(collector.port, agents, 2);
      try {
        const warm = await load.go({ send: 'one', spread_ms: WARM_UP_MS });
        const before_ms = cpuMs(collector.pid);
        const done = await load.go({ send: 'one', spread_ms: MINUTE_MS });
        const used_ms = cpuMs(collector.pid) - before_ms;
        const [first] = [...warm.refused, ...done.refused];
        const refused = first === undefined ? '' : ` The first refusal: ${first}`;
        return {
          name: `${SITES} sites of 15 targets, ${Math.round(SITES / 60)} batches/s`,
          figures: {
            core_percent: round(used_ms / done.elapsed_ms, 100),
            rss_mb: Math.round(residentMb(collector.pid)),
            p99_ms: round(quantile(done.took_ms, 0.99), 1),
            p50_ms: round(quantile(done.took_ms, 0.5), 1),
            batches: done.batches,
            lost: 2 * SITES - warm.batches - done.batches,
            cpu_us_per_batch: Math.round((used_ms * 1_000) / done.batches),
            ready_ms: Math.round(collector.ready_ms),
          },
          note:
            `each of ${SITES} agents on its own keep-alive connection, one batch in 60 s, after ` +
            `a first batch each in ${WARM_UP_MS / 1_000} s that is not counted.${refused}`,
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

function round(value: number, scale: number): number {
  return Math.round(value * scale * 10) / 10;
}
