/** What tests of a live site wait for. */
import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import { until } from './demo-process.ts';
import type { LiveSite } from './live-site.ts';

/** Flapping switches make an early batch every few seconds; a minute one comes at the latest. */
export const BATCH_MS = 75_000;

/** Waits until the agent was told of `count` more batches that they arrived. */
export async function moreBatches(site: LiveSite, count: number): Promise<void> {
  const wanted = site.acknowledged.size + count;
  await until(`${count} more batches`, BATCH_MS, async () => {
    assert.ok(site.agentProgram.running, site.agentProgram.output().slice(-1_500));
    return site.acknowledged.size >= wanted ? true : undefined;
  });
}

/** Copies the data of a stopped collector to `copy`, then goes on without it for a while. */
export async function copyAndGoOn(site: LiveSite, copy: string): Promise<void> {
  await moreBatches(site, 1);
  await site.agentProgram.stop();
  await site.collector.stop();
  cpSync(site.data_dir, copy, { recursive: true, preserveTimestamps: true });
  await site.restartCollector();
  site.restartAgent();
  await moreBatches(site, 2);
}
