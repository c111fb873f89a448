import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startLoad } from '../support/load.ts';
import { officeInventory } from '../support/office.ts';
import { prepareCollector } from '../support/prepared-collector.ts';
import { startCollector } from '../support/programs.ts';

const SITES = 30;
/** What a collector takes in within a minute on two busy cores. */
const MINUTES = 300;
const STARTS = 3;
const MINUTES_PER_DAY = 1_440;

/** From the start of the process until readyz answers 200, over a store that real batches made. */
export async function bench(): Promise<{
  name: string;
  figures: Record<string, number>;
  note: string;
}> {
  const folder = mkdtempSync(join(tmpdir(), 'lanproof-start-'));
  const sites = Array.from({ length: SITES }, (_, at) => officeInventory(`x${at}`, 'small'));
  try {
    const data_dir = join(folder, 'data');
    const agents = await prepareCollector(data_dir, sites);
    const empty = await startCollector(data_dir);
    let batches = 0;
    try {
      const load = await startLoad(empty.port, agents, MINUTES);
      const done = await load.go({ send: 'all', spread_ms: 0 }).finally(() => load.close());
      batches = done.batches;
    } finally {
      await empty.stop();
    }
    const ready_ms: number[] = [];
    const cpu_ms: number[] = [];
    for (let start = 0; start < STARTS; start += 1) {
      const collector = await startCollector(data_dir);
      ready_ms.push(collector.ready_ms);
      cpu_ms.push(collector.ready_cpu_ms);
      await collector.stop();
    }
    return {
      name: `start with ${SITES} sites`,
      figures: {
        ready_ms: median(ready_ms),
        ready_cpu_ms: median(cpu_ms),
        ready_empty_ms: Math.round(empty.ready_ms),
        ready_empty_cpu_ms: Math.round(empty.ready_cpu_ms),
        batches,
      },
      note:
        `the store holds ${(MINUTES / MINUTES_PER_DAY).toFixed(2)} days of ${SITES} sites, not 30 ` +
        `days: what can be taken in within a minute; median of ${STARTS} starts, wall clock`,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function median(values: readonly number[]): number {
  return Math.round([...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN);
}
