import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import { ran } from '../deploy/cli/cli-kit.ts';
import { checkKills, settle } from '../support/check-kills.ts';
import { until } from '../support/demo-process.ts';
import { openData } from '../support/export-evidence.ts';
import { type LiveSite, ORIGIN_PREFIX, startLiveSite } from '../support/live-site.ts';
import { BATCH_MS, moreBatches } from '../support/live-waits.ts';

/** Part of 127.77.x that no other test uses. */
const NET = 74;
const SETTLE_MS = 30_000;

test('a spool that goes by hand beside a running agent is taken in, once', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lanproof-by-hand-'));
  const file = join(folder, 'xa.lps');
  try {
    const live = await startLiveSite(folder, NET);
    try {
      await moreBatches(live, 1);
      live.proxy.cut();
      const had = countOf(live.data_dir);
      const exported = await exportWaiting(live, file);
      assert.match(exported.out, /^kills-hq\/do-1 epoch 1: \d+ batches, from \d+ to \d+: /);
      const { url } = live.collector;
      const half = join(folder, 'half.lps');
      writeFileSync(half, readFileSync(file).subarray(0, -40));
      const damaged = await ran(['spool', 'import', half, '--collector', url]);
      assert.equal(damaged.code, 1);
      assert.match(damaged.err, /^SPOOL_FILE: .*byte \d+/);
      assert.equal(countOf(live.data_dir), had, 'half a file delivers nothing');
      const first = await ran(['spool', 'import', file, '--collector', url]);
      assert.equal(first.code, 0, first.err);
      const taken = Number(/^(\d+) records taken in, 0 there already$/.exec(first.out)?.[1]);
      assert.ok(taken >= 2, first.out);
      assert.equal(countOf(live.data_dir), had + taken);
      const again = await ran(['spool', 'import', file, '--collector', url]);
      assert.equal(again.code, 0, again.err);
      assert.equal(again.out, `0 records taken in, ${taken} there already`);
      live.proxy.mend();
      await settle(live, SETTLE_MS);
    } finally {
      await live.stop();
    }
    const opened = await openData(live.data_dir, ORIGIN_PREFIX);
    try {
      const { findings } = await checkKills(live, opened);
      assert.deepEqual(findings, []);
    } finally {
      await opened.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

/** Exports until two batches wait; the agent runs and writes meanwhile. */
async function exportWaiting(live: LiveSite, file: string): Promise<{ out: string }> {
  return await until('two batches wait', BATCH_MS, async () => {
    const done = await ran(['spool', 'export', file, '--force', '--state', live.state_dir]);
    assert.equal(done.code, 0, done.err);
    assert.ok(live.agentProgram.running);
    return Number(/: (\d+) batches/.exec(done.out)?.[1] ?? 0) >= 2 ? done : undefined;
  });
}

function countOf(data_dir: string): number {
  const db = new Database(join(data_dir, 'lanproof.db'), { readonly: true, timeout: 5_000 });
  try {
    return db.prepare<[], number>('SELECT count(*) FROM batch').pluck().get() ?? 0;
  } finally {
    db.close();
  }
}
