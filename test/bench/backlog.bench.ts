import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { quantile } from '../support/batch-sender.ts';
import { startLoad } from '../support/load.ts';
import { officeInventory } from '../support/office.ts';
import { prepareCollector } from '../support/prepared-collector.ts';
import { cpuMs, startCollector } from '../support/programs.ts';

const SITES = 100;
/** Sealed beforehand: about half a minute of draining. */
const BACKLOG_MINUTES = 200;
const MINUTE_MS = 60_000;
const WEEK_BATCHES = 7 * 1_440 * SITES;

/** A hundred sites empty their spools while a hundred others go on as always. */
export async function bench(): Promise<{
  name: string;
  figures: Record<string, number>;
  note: string;
}> {
  const folder = mkdtempSync(join(tmpdir(), 'lanproof-backlog-'));
  const names = Array.from({ length: 2 * SITES }, (_, at) => officeInventory(`x${at}`, 'small'));
  try {
    const data_dir = join(folder, 'data');
    const agents = await prepareCollector(data_dir, names);
    const collector = await startCollector(data_dir);
    const opened: { close(): Promise<void> }[] = [];
    try {
      const late = await startLoad(collector.port, agents.slice(0, SITES), BACKLOG_MINUTES);
      opened.push(late);
      const live = await startLoad(collector.port, agents.slice(SITES), 2);
      opened.push(live);
      await live.go({ send: 'one', spread_ms: 2_000 });
      const before_ms = cpuMs(collector.pid);
      const draining = late.go({ send: 'all', spread_ms: 0 });
      // A live minute begins with the drain; what is sent after its end would flatter the figure.
      const going = live.go({ send: 'one', spread_ms: MINUTE_MS / 2 });
      const [drained, lived] = await Promise.all([draining, going]);
      const used_ms = cpuMs(collector.pid) - before_ms;
      const drain_s = drained.elapsed_ms / 1_000;
      const rate = drained.batches / drain_s;
      const batches = drained.batches + lived.batches;
      const hours = (WEEK_BATCHES / rate / 3_600).toFixed(1);
      return {
        name: `backlog of ${SITES} sites beside ${SITES} live ones`,
        figures: {
          live_p99_ms: round(quantile(lived.took_ms, 0.99)),
          live_p50_ms: round(quantile(lived.took_ms, 0.5)),
          backlog_batches_per_s: Math.round(rate),
          backlog_p99_ms: round(quantile(drained.took_ms, 0.99)),
          cpu_us_per_batch: Math.round((used_ms * 1_000) / batches),
          drained_s: round(drain_s),
          live_s: round(lived.elapsed_ms / 1_000),
          lost: (BACKLOG_MINUTES + 1) * SITES - batches,
        },
        note:
          `a stretch of ${BACKLOG_MINUTES} minutes a site stands for the 7 days, which would take ` +
          `${hours} h at this rate; each live site sent one batch in 30 s (twice the usual pace)`,
      };
    } finally {
      for (const load of opened) await load.close();
      await collector.stop();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
