import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import { HEAD_FOLDER } from '../../collector/ledger/open-ledger.ts';
import { fromBase64, fromUtf8 } from '../../shared/bytes.ts';
import { parseEnvelope } from '../../shared/evidence/dsse.ts';
import type { BatchHeader } from '../../shared/measure/batch.ts';
import { parseHeader } from '../../shared/measure/header.ts';
import { checkKills, settle } from '../support/check-kills.ts';
import { until } from '../support/demo-process.ts';
import { openData } from '../support/export-evidence.ts';
import { type LiveSite, ORIGIN_PREFIX, SITE, STEADY, startLiveSite } from '../support/live-site.ts';
import { copyAndGoOn, moreBatches } from '../support/live-waits.ts';

/** A second proof comes a minute after the one of the agent's start at the earliest. */
const NOTICE_MS = 150_000;
const SETTLE_MS = 30_000;

test('a collector that was restored from an older copy goes on in a new log', {
  concurrency: 2,
}, async (t) => {
  await Promise.all([
    t.test('with the head of the copy: the agent shows the newer one', () =>
      restore(75, true, /^agent_saw_newer: demo\/kills\.test\/log-1 \d+ /),
    ),
    t.test('without any head: it knows by itself', () => restore(76, false, /^sentinel_missing$/)),
  ]);
});

async function restore(net: number, with_head: boolean, reason: RegExp): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'lanproof-restored-'));
  const copy = join(folder, 'copy');
  try {
    const site = await startLiveSite(folder, net);
    try {
      await copyAndGoOn(site, copy);
      // A stopping agent proves what it sent: from then on it knows a larger head than the copy.
      await site.agentProgram.stop();
      site.restartAgent();
      await moreBatches(site, 1);
      await site.collector.stop();
      const lost = headers(site.data_dir).length - headers(copy).length;
      assert.ok(lost >= 3, `only ${lost} batches were lost with the copy`);
      putBack(copy, site.data_dir, with_head);
      await site.restartCollector();
      await assertFollowed(site);
      await settle(site, SETTLE_MS);
    } finally {
      await site.stop();
    }
    await assertWhole(site, reason);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What a person does who has a backup: the keys, the database and perhaps the head with it. */
function putBack(copy: string, data_dir: string, with_head: boolean): void {
  rmSync(data_dir, { recursive: true });
  cpSync(copy, data_dir, { recursive: true, preserveTimestamps: true });
  assert.ok(existsSync(join(data_dir, HEAD_FOLDER)));
  if (!with_head) rmSync(join(data_dir, HEAD_FOLDER), { recursive: true });
}

/** The agent raises history_lost, signs it, and its headers name the new log. */
async function assertFollowed(site: LiveSite): Promise<void> {
  await until('history_lost in a signed header of the new log', NOTICE_MS, async () => {
    const all = headers(site.data_dir);
    const raised = all.some(({ events }) => events.some(({ code }) => code === 'history_lost'));
    const follows = all.at(-1)?.seen.log.includes('/log-2-') === true;
    return raised && follows ? true : undefined;
  });
  const told = site.agentProgram.output().split('\n');
  const line = told.find((text) => text.includes('"HISTORY_LOST"'));
  assert.match(line ?? '', /"hint":"[^"]{10,}/);
}

/** One chain without hole or double in two logs, and nothing that was not measured. */
async function assertWhole(site: LiveSite, reason: RegExp): Promise<void> {
  const opened = await openData(site.data_dir, ORIGIN_PREFIX);
  try {
    const { store } = opened;
    const logs = await store.logs();
    assert.equal(logs.length, 2);
    assert.match(logs[0]?.closed_reason ?? '', reason);
    const documents = await store.documents(null, 'log-open');
    const opens = documents.map(({ text }) =>
      JSON.parse(fromUtf8(fromBase64(parseEnvelope(text).payload))),
    );
    assert.deepEqual([opens[1].log, opens[1].previous.log], [logs[1]?.origin, logs[0]?.origin]);
    assert.equal(opens[1].previous.size, logs[0]?.size);
    const { findings, ...figures } = await checkKills(site, opened);
    // Those two say what is meant here: a second log, and leaves that went with the old database.
    const meant = /^there are 2 logs|^acknowledged leaf \d+ is gone$/;
    assert.deepEqual(
      findings.filter((text) => !meant.test(text)),
      [],
    );
    assert.ok(figures.batches >= 5, `${figures.batches} batches`);
    const rows = await store.siteLeaves(SITE, { log: 0, leaf: -1 }, 100_000);
    const kept = rows.flatMap(({ batch }) => (batch === null ? [] : [batch.seq]));
    assert.deepEqual(
      kept,
      [...kept.keys()].map((at) => at + 1),
      'each batch has one leaf',
    );
    assert.ok(rows.some(({ leaf }) => leaf.kind === 'batch' && leaf.log === 2));
    // Unknown is only the time before each start of the agent; all else came again.
    const intervals = await store.intervals(SITE, 0, Date.now() + 1);
    const steady = intervals.filter(({ device }) => STEADY.some((code) => code === device));
    const reasons = steady.flatMap(({ reason }) => (reason === null ? [] : [reason]));
    assert.deepEqual([...new Set(reasons)], ['agent_off']);
  } finally {
    await opened.close();
  }
}

/** Headers of the kept batches of a data directory, oldest first. */
function headers(data_dir: string): BatchHeader[] {
  const db = new Database(join(data_dir, 'lanproof.db'), { readonly: true, timeout: 5_000 });
  try {
    const query = 'SELECT header FROM batch WHERE site = ? ORDER BY epoch, seq';
    const rows = db.prepare<[string], { header: Uint8Array }>(query).all(SITE);
    return rows.map(({ header }) => parseHeader(new Uint8Array(header)));
  } finally {
    db.close();
  }
}
