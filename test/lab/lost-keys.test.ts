import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import { ENROLMENT_FILE, KEY_FILE } from '../../agent/identity.ts';
import { DOCUMENT_KEY_FILE, LOG_KEY_FILE } from '../../collector/keys.ts';
import { fromBase64, fromUtf8 } from '../../shared/bytes.ts';
import { parseEnvelope } from '../../shared/evidence/dsse.ts';
import type { BatchHeader } from '../../shared/measure/batch.ts';
import { parseHeader } from '../../shared/measure/header.ts';
import { ran } from '../deploy/cli/cli-kit.ts';
import { until } from '../support/demo-process.ts';
import { type LiveSite, SITE, startLiveSite } from '../support/live-site.ts';
import { BATCH_MS, moreBatches } from '../support/live-waits.ts';

/** Part of 127.77.x that no other test uses. */
const NET = 77;

test('a lost log key, then a lost document key: the history goes on in the next log', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lanproof-keys-'));
  try {
    const site = await startLiveSite(folder, NET);
    try {
      await moreBatches(site, 1);
      await loseLogKey(site);
      await loseDocumentKey(site);
    } finally {
      await site.stop();
    }
    const verified = await ran(['ledger', 'verify', '--every', '--data', site.data_dir]);
    assert.equal(verified.code, 0, `${verified.out}\n${verified.err}`);
    const rebuilt = await ran(['rebuild', '--check', '--data', site.data_dir]);
    assert.equal(rebuilt.code, 0, `${rebuilt.out}\n${rebuilt.err}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

async function loseLogKey(site: LiveSite): Promise<void> {
  await site.agentProgram.stop();
  await site.collector.stop();
  rmSync(join(site.data_dir, LOG_KEY_FILE));
  await assert.rejects(site.restartCollector(), /KEY_MISSING/);
  const data = ['--data', site.data_dir];
  const done = await ran(['key', 'replace', '--reason', 'the disk of the keys died', ...data]);
  assert.equal(done.code, 0, done.err);
  await site.restartCollector();
  site.restartAgent();
  await moreBatches(site, 1);
  // A stopping agent proves what it sent, now in the new log, and says so in its next header.
  await site.agentProgram.stop();
  site.restartAgent();
  await until('a header that follows the new log', BATCH_MS, async () =>
    headers(site).at(-1)?.seen.log.includes('/log-2-') === true ? true : undefined,
  );
  const [first, second] = logOpens(site);
  assert.equal(second?.previous?.log, first?.log);
  assert.match(second?.previous?.reason ?? '', /^log_key_lost: the disk of the keys died$/);
  assert.deepEqual(
    [second?.document_key, second?.log_key !== first?.log_key],
    [first?.document_key, true],
  );
  const all = headers(site);
  assert.deepEqual(
    all.map(({ seq }) => seq),
    all.map((_, at) => at + 1),
    'nothing is lost or doubled',
  );
  const told = all.flatMap(({ events }) => events.filter(({ code }) => code === 'history_lost'));
  assert.deepEqual(told, [], 'no history was lost');
  const again = await ran(['key', 'replace', '--reason', 'x', ...data]);
  assert.match(again.err, /DATA_DIR_IN_USE/);
}

async function loseDocumentKey(site: LiveSite): Promise<void> {
  await site.collector.stop();
  rmSync(join(site.data_dir, DOCUMENT_KEY_FILE));
  const data = ['--data', site.data_dir];
  const graver = await ran(['key', 'replace', '--reason', 'lost', ...data]);
  assert.match(graver.err, /^DOCUMENT_KEY_MISSING/);
  const done = await ran(['key', 'replace', '--reason', 'lost', '--document', ...data]);
  assert.equal(done.code, 0, done.err);
  await site.restartCollector();
  await until('the agent is refused with its code', BATCH_MS, async () =>
    site.agentProgram.output().includes('KEY_REVOKED') ? true : undefined,
  );
  await site.agentProgram.stop();
  for (const name of [KEY_FILE, ENROLMENT_FILE]) rmSync(join(site.state_dir, name));
  const { config, url } = site.collector;
  const wanted = ['--site', SITE, '--agent', 'do-1', '--approve'];
  const token = await ran(['token', 'create', ...wanted, '--config', config]);
  assert.equal(token.code, 0, token.err);
  const enrolled = await ran([
    ...['enrol', '--collector', url, '--token', token.out, '--state', site.state_dir],
  ]);
  assert.match(enrolled.out, /epoch 2$/, enrolled.err);
  site.restartAgent();
  await until('batches of the new epoch', BATCH_MS, async () => {
    assert.ok(site.agentProgram.running, site.agentProgram.output().slice(-1_500));
    return headers(site).some(({ epoch }) => epoch === 2) ? true : undefined;
  });
  assert.match(logOpens(site).at(-1)?.previous?.reason ?? '', /^document_key_lost: lost$/);
}

function read<Row>({ data_dir }: LiveSite, sql: string): Row[] {
  const db = new Database(join(data_dir, 'lanproof.db'), { readonly: true, timeout: 5_000 });
  try {
    return db.prepare<[], Row>(sql).all();
  } finally {
    db.close();
  }
}

function headers(site: LiveSite): BatchHeader[] {
  const rows = read<{ header: Uint8Array }>(site, 'SELECT header FROM batch ORDER BY epoch, seq');
  return rows.map(({ header }) => parseHeader(new Uint8Array(header)));
}

interface Opened {
  readonly log: string;
  readonly log_key: string;
  readonly document_key: string;
  readonly previous: { readonly log: string; readonly reason: string } | null;
}

function logOpens(site: LiveSite): Opened[] {
  const sql = "SELECT text FROM document WHERE kind = 'log-open' ORDER BY log";
  return read<{ text: string }>(site, sql).map(
    ({ text }) => JSON.parse(fromUtf8(fromBase64(parseEnvelope(text).payload))) as Opened,
  );
}
