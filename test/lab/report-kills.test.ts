import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { issueCredential } from '../../collector/auth/credentials.ts';
import { toHex } from '../../shared/bytes.ts';
import { createNodeCrypto } from '../../shared/node/crypto.ts';
import { enrolledTestAgent } from '../support/batches.ts';
import { openAt } from '../support/judged-data.ts';
import { officeInventory } from '../support/office.ts';
import { prepareCollector } from '../support/prepared-collector.ts';
import { type CollectorProcess, startCollector } from '../support/programs.ts';
import { told, verified } from '../support/verify-kit.ts';

const SITE = 'xa-cat';
const MINUTE_MS = 60_000;
/** So many that a report takes longer than it takes to kill it. */
const MINUTES = 700;
/** The collectors run by the real clock: an older site would have to be judged up to today. */
const BEGIN_MS = (Math.floor(Date.now() / MINUTE_MS) - MINUTES) * MINUTE_MS;
/** A bundle of the whole time is larger, one of half an hour is not. */
const ROOM_KB = 300;
const own = spawnSync('unshare', ['-m', 'true']).status === 0;
const skip = own ? false : 'no mount namespace of its own: a small disk is for root';
const DEADLINE_MS = 60_000;
const crypto = createNodeCrypto();
const folder = mkdtempSync(join(tmpdir(), 'lanproof-report-kills-'));
const data_dir = join(folder, 'data');
const reports = join(data_dir, 'reports');
const time = (at_ms: number): string => new Date(at_ms).toISOString();
let token = '';

before(async () => {
  mkdirSync(data_dir, { mode: 0o700 });
  const clock = { now_ms: BEGIN_MS };
  const offices = [officeInventory(SITE, 'small')];
  const [enrolled] = await prepareCollector(data_dir, offices, undefined, () => clock.now_ms);
  assert.ok(enrolled !== undefined);
  const engine = await openAt(data_dir, () => clock.now_ms);
  const agent = enrolledTestAgent(enrolled, BEGIN_MS);
  for (let minute = 0; minute < MINUTES; minute++) {
    const { body } = agent.next();
    clock.now_ms = agent.at_ms + 500;
    const taken = await engine.deps.ingest.submitBatch(body, { insecure: false });
    assert.equal(taken.kind, 'accepted');
  }
  await engine.deps.judge.judged(SITE, BEGIN_MS, agent.at_ms);
  const wanted = { kind: 'api', role: 'admin', unit: null, label: '', by: 'test' } as const;
  token = (await issueCredential(engine.deps, wanted)).secret;
  await engine.close();
});
after(() => rmSync(folder, { recursive: true, force: true }));

async function call(collector: CollectorProcess, url: string, payload?: object) {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const body = payload === undefined ? {} : { method: 'POST', body: JSON.stringify(payload) };
  const answer = await fetch(`${collector.url}/api/v1/reports${url}`, { headers, ...body });
  return { status: answer.status, body: JSON.parse(await answer.text()) };
}

/** The first minutes of the site. */
const asked = (minutes: number) => {
  return { site: SITE, from: time(BEGIN_MS), to: time(BEGIN_MS + minutes * MINUTE_MS) };
};

async function ask(collector: CollectorProcess): Promise<string> {
  const payload = { ...asked(MINUTES - 120), formats: ['bundle', 'json'] };
  const { status, body } = await call(collector, '', payload);
  assert.equal(status, 202, JSON.stringify(body));
  return body.id;
}

/** Looks until something is there; the collector must not end meanwhile. */
async function until<T>(what: string, look: () => Promise<T | null> | T | null): Promise<T> {
  for (const deadline = Date.now() + DEADLINE_MS; Date.now() < deadline; await pause(2)) {
    const found = await look();
    if (found !== null) return found;
  }
  throw new Error(`${what} did not come`);
}

async function ended(collector: CollectorProcess, id: string) {
  return await until('the end of the report', async () => {
    const { body } = await call(collector, `/${id}`);
    return body.finished_ms === null ? null : body;
  });
}

/** How many `report` leaves there are, read beside the collector. */
function leaves(db: Database.Database): number {
  return (
    db.prepare<[], number>("SELECT count(*) FROM leaf WHERE kind = 'report'").pluck().get() ?? 0
  );
}

function openDb(): Database.Database {
  return new Database(join(data_dir, 'lanproof.db'), { readonly: true, timeout: 5_000 });
}

/** A report that was issued is there whole, and its bundle says what it should. */
async function assertWhole(collector: CollectorProcess, id: string): Promise<void> {
  const done = await ended(collector, id);
  assert.equal(done.state, 'done', JSON.stringify(done.error));
  for (const { name, sha256, bytes } of done.files) {
    const file = new Uint8Array(readFileSync(join(reports, id, name)));
    assert.deepEqual([toHex(crypto.sha256(file)), file.length], [sha256, bytes]);
    if (!name.endsWith('.zip')) continue;
    const verdict = await verified(file);
    assert.notEqual(verdict.outcome, 'fail', told(verdict).join('\n'));
  }
  const names = readdirSync(join(reports, id)).filter((name) => !/\.(zip|json)$/.test(name));
  assert.deepEqual(names, ['receipt.tlog-proof']);
}

test('killed while it is written, a report is failed and nothing of it is left', async () => {
  let collector = await startCollector(data_dir);
  try {
    for (const percent of [0, 30, 62, 90]) {
      const id = await ask(collector);
      await until(`${percent} %`, async () => {
        const { state, progress } = (await call(collector, `/${id}`)).body;
        assert.ok(state === 'waiting' || state === 'running', `it was ${state} too early`);
        return percent === 0 || (progress?.percent ?? 0) >= percent ? true : null;
      });
      await collector.stop('SIGKILL');
      const db = openDb();
      assert.equal(leaves(db), 0);
      db.close();
      collector = await startCollector(data_dir);
      const { body } = await call(collector, `/${id}`);
      assert.deepEqual([body.state, body.error?.code, body.files], ['failed', 'INTERRUPTED', []]);
      assert.deepEqual(readdirSync(join(reports, id)), ['report.json']);
    }
    await assertWhole(collector, await ask(collector));
    const db = openDb();
    assert.equal(leaves(db), 1);
    db.close();
  } finally {
    await collector.stop();
  }
});

test('killed once its leaf is written, a report is issued, with one leaf', async () => {
  let collector = await startCollector(data_dir);
  const db = openDb();
  try {
    for (let round = 0; round < 3; round++) {
      const before = leaves(db);
      const id = await ask(collector);
      await until('the leaf', () => (leaves(db) > before ? true : null));
      await collector.stop('SIGKILL');
      collector = await startCollector(data_dir);
      await assertWhole(collector, id);
      assert.equal(leaves(db), before + 1);
    }
    const ids = (await call(collector, '')).body.items.map((one: { id: string }) => one.id);
    assert.equal(new Set(ids).size, ids.length);
    assert.deepEqual(readdirSync(reports).sort(), [...ids].sort());
  } finally {
    db.close();
    await collector.stop();
  }
});

test('a disk that is full fails a report with its code, and keeps nothing', { skip }, async () => {
  const room = `mount -t tmpfs -o size=${ROOM_KB}k tmpfs ${reports} && exec "$@"`;
  const under = ['unshare', '-m', 'sh', '-c', room, 'sh'];
  mkdirSync(reports, { recursive: true });
  const collector = await startCollector(data_dir, { under });
  const inside = `/proc/${collector.pid}/root${reports}`;
  try {
    const large = await ended(collector, await ask(collector));
    assert.deepEqual([large.state, large.error?.code, large.files], ['failed', 'DISK_FULL', []]);
    assert.deepEqual(readdirSync(join(inside, large.id)), ['report.json']);
    fill(join(inside, 'fill'));
    const refused = await call(collector, '', { ...asked(30), formats: ['json'] });
    assert.deepEqual([refused.status, refused.body.error?.code], [503, 'DISK_FULL']);
    const { items } = (await call(collector, '')).body;
    assert.deepEqual(
      items.map((one: { id: string }) => one.id),
      [large.id],
    );
    // Somebody makes room.
    const remount = ['mount', '-o', 'remount,size=64m', reports];
    const made = spawnSync('nsenter', ['-t', String(collector.pid), '-m', ...remount]);
    assert.equal(made.status, 0, String(made.stderr));
    const small = await call(collector, '', { ...asked(30), formats: ['json'] });
    const done = await ended(collector, small.body.id);
    assert.equal(done.state, 'done', JSON.stringify(done.error));
  } finally {
    await collector.stop();
  }
});

/** Writes until there is no room for another byte. */
function fill(path: string): void {
  const file = openSync(path, 'w');
  try {
    for (;;) writeSync(file, new Uint8Array(512));
  } catch (error) {
    assert.equal(Object(error).code, 'ENOSPC');
  } finally {
    closeSync(file);
  }
}
