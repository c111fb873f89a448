import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ran } from '../deploy/cli/cli-kit.ts';
import { checkKills, settle } from '../support/check-kills.ts';
import { openData } from '../support/export-evidence.ts';
import { runKills } from '../support/kill-run.ts';
import { ORIGIN_PREFIX } from '../support/live-site.ts';

const KILLS = 10;
const GAP_MS = 1_100;
const SETTLE_MS = 30_000;
/** Part of 127.77.x that no other test uses. */
const NET = 71;

test(`${KILLS} random kills of each side lose, double and invent nothing`, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'lanproof-kills-'));
  const seed = Number(process.env.LANPROOF_SEED ?? Date.now() % 1_000_000);
  t.diagnostic(`LANPROOF_SEED=${seed}`);
  try {
    const options = { folder, seed, kills: KILLS, gap_ms: GAP_MS, net: NET };
    const { site, counts } = await runKills(options);
    try {
      await settle(site, SETTLE_MS);
    } finally {
      await site.stop();
    }
    const rebuilt = await ran(['rebuild', '--check', '--data', site.data_dir]);
    t.diagnostic(rebuilt.out);
    assert.equal(rebuilt.code, 0, `${rebuilt.out}\n${rebuilt.err}`);
    const opened = await openData(site.data_dir, ORIGIN_PREFIX);
    try {
      const { findings, ...figures } = await checkKills(site, opened);
      t.diagnostic(JSON.stringify({ ...counts, ...figures }));
      assert.deepEqual(findings, []);
      assert.equal(counts.agent_kills, KILLS);
      assert.equal(counts.collector_kills, KILLS);
      // Otherwise nothing was tested: the flapping switches make a batch every few seconds.
      assert.ok(figures.batches >= 3, `only ${figures.batches} batches`);
      assert.ok(figures.acknowledged >= 2, `only ${figures.acknowledged} acknowledgements`);
    } finally {
      await opened.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
