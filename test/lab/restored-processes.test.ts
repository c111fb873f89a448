import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import { DOCUMENT_KEY_FILE, LOG_KEY_FILE } from '../../collector/keys.ts';
import { fromBase64, fromUtf8 } from '../../shared/bytes.ts';
import { parseEnvelope } from '../../shared/evidence/dsse.ts';
import { encodeWire } from '../../shared/measure/wire.ts';
import { ran } from '../deploy/cli/cli-kit.ts';
import { checkKills, settle } from '../support/check-kills.ts';
import { until } from '../support/demo-process.ts';
import { type Opened, openData } from '../support/export-evidence.ts';
import { type LiveSite, ORIGIN_PREFIX, SITE, startLiveSite } from '../support/live-site.ts';
import { BATCH_MS, moreBatches } from '../support/live-waits.ts';
import { startCollector } from '../support/programs.ts';

/** Part of 127.77.x that no other test uses. */
const NET = 73;
const NOTICE_MS = 60_000;
const SETTLE_MS = 30_000;

test('a collector restored from an older backup is refilled by its agent', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lanproof-restore-'));
  const [backup, restored] = [join(folder, 'backup'), join(folder, 'restored')];
  try {
    const live = await startLiveSite(folder, NET);
    try {
      await moreBatches(live, 1);
      const made = await ran(['backup', backup, '--data', live.data_dir]);
      assert.equal(made.code, 0, made.err);
      assert.match(made.err, /the keys are not in it/);
      const checked = await ran(['backup', backup, '--check']);
      assert.deepEqual([checked.code, checked.out.split(': ').at(-1)], [0, 'whole']);
      await moreBatches(live, 2);
      // A starting agent proves what it sent: from then on it knows a larger head than the copy.
      await live.agentProgram.stop();
      live.restartAgent();
      await moreBatches(live, 1);
      await live.collector.stop('SIGKILL');
      const said = await ran(['restore', backup, '--data', restored]);
      assert.equal(said.code, 0, said.err);
      assert.match(said.err, /put log\.key and document\.key there/);
      assert.ok(countOf(restored) + 3 <= countOf(live.data_dir), 'the backup is older');
      for (const key of [LOG_KEY_FILE, DOCUMENT_KEY_FILE]) {
        cpSync(join(live.data_dir, key), join(restored, key));
      }
      live.collector = await startCollector(restored, { port: live.collector.port });
      await assertToldOfLoss(live, restored);
      await settle(live, SETTLE_MS);
    } finally {
      await live.stop();
    }
    await assertWhole({ ...live, data_dir: restored });
    const rebuilt = await ran(['rebuild', '--check', '--data', restored]);
    assert.equal(rebuilt.code, 0, `${rebuilt.out}\n${rebuilt.err}`);
    const verified = await ran(['ledger', 'verify', '--every', '--data', restored]);
    assert.equal(verified.code, 0, `${verified.out}\n${verified.err}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

/** The agent follows into the new log, says that history was lost, and signs it. */
async function assertToldOfLoss(live: LiveSite, restored: string): Promise<void> {
  await until('the agent is taken in again', BATCH_MS, async () =>
    countOf(restored) > 1 ? true : undefined,
  );
  await live.agentProgram.stop();
  live.restartAgent();
  await until('history_lost is told', NOTICE_MS, async () =>
    live.agentProgram.output().includes('"HISTORY_LOST"') ? true : undefined,
  );
}

function countOf(data_dir: string): number {
  const db = new Database(join(data_dir, 'lanproof.db'), { readonly: true, timeout: 5_000 });
  try {
    return db.prepare<[], number>('SELECT count(*) FROM batch').pluck().get() ?? 0;
  } finally {
    db.close();
  }
}

async function assertWhole(live: LiveSite): Promise<void> {
  const opened = await openData(live.data_dir, ORIGIN_PREFIX);
  try {
    const { store } = opened;
    const logs = await store.logs();
    assert.deepEqual(
      logs.map(({ closed_reason }) => closed_reason),
      ['sentinel_missing', null],
    );
    const opens = (await store.documents(null, 'log-open')).map(({ text }) =>
      JSON.parse(fromUtf8(fromBase64(parseEnvelope(text).payload))),
    );
    const { log, size } = opens[1].previous;
    assert.deepEqual([log, size], [logs[0]?.origin, logs[0]?.size]);
    const { findings } = await checkKills(live, opened);
    const meant = /^there are 2 logs|^acknowledged leaf \d+ is gone$/;
    assert.deepEqual(
      findings.filter((text) => !meant.test(text)),
      [],
    );
    await assertSameBytes(live, opened);
  } finally {
    await opened.close();
  }
}

/** Every batch is what the agent sealed, byte for byte, and stands in one leaf. */
async function assertSameBytes({ state_dir }: LiveSite, { store }: Opened): Promise<void> {
  const db = new Database(join(state_dir, 'spool.db'), { readonly: true });
  const sealed = db
    .prepare<[], { epoch: number; seq: number; body: Uint8Array }>(
      'SELECT epoch, seq, body FROM batch',
    )
    .all();
  db.close();
  const rows = await store.siteLeaves(SITE, { log: 0, leaf: -1 }, 100_000);
  const batches = rows.flatMap(({ batch }) => (batch === null ? [] : [batch]));
  assert.equal(new Set(batches.map(({ epoch, seq }) => `${epoch}/${seq}`)).size, batches.length);
  assert.equal(batches.length, sealed.length);
  for (const { epoch, seq, body } of sealed) {
    const row = batches.find((one) => one.epoch === epoch && one.seq === seq);
    assert.ok(row !== undefined, `batch ${epoch}/${seq} is missing`);
    const sections = await Promise.all(row.sections.map((section) => store.readBody(section)));
    const wire = encodeWire({ header: row.header, signature: row.signature, sections });
    assert.ok(Buffer.from(body).equals(wire), `batch ${epoch}/${seq} differs`);
  }
}
