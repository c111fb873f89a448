import assert from 'node:assert/strict';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import Database from 'better-sqlite3';
import { copyDatabase, openCopy } from '../../../../collector/store/sqlite/database-copy.ts';
import { DATABASE_FILE, openSqliteStore } from '../../../../collector/store/sqlite/sqlite-store.ts';
import { temporaryDir } from '../../../support/agent-kit.ts';

/** 16 MB: between two of them a copy can be stopped. */
const STEP_PAGES = 4_000;
const LEAVES_PER_PAGE = 10_000;
const ORIGIN = 'test/log-1';
const { signal } = new AbortController();
const onPages = (): void => undefined;

/** An empty store of a collector that has ended, opened as a plain database. */
async function storeIn(t: TestContext, data_dir: string): Promise<Database.Database> {
  const clocks = { now_ms: () => Date.UTC(2026, 10, 23), mono_ms: () => performance.now() };
  await (await openSqliteStore({ data_dir, ...clocks })).close();
  const db = new Database(join(data_dir, DATABASE_FILE));
  t.after(() => db.close());
  return db;
}

/** Leaves from 0 on, each of a batch whose body is the only one in its file. */
function addBatches(db: Database.Database, count: number): void {
  db.prepare('INSERT INTO log (log, origin, opened_ms) VALUES (1, ?, 0)').run(ORIGIN);
  const numbers = 'WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ?)';
  db.prepare(
    `${numbers} INSERT INTO leaf (log, idx, kind, site, agent, epoch, seq, hash, recv_ms)` +
      " SELECT 1, i, 'batch', 'a', 'do-1', 1, i, x'00', 0 FROM n",
  ).run(count - 1);
  db.prepare(
    `${numbers} INSERT INTO batch (site, agent, epoch, seq, log, leaf, sections, signature, header)` +
      " SELECT 'a', 'do-1', 1, i, 1, i, i || ' infra@' || i || '+1', x'00', x'00' FROM n",
  ).run(count - 1);
}

test('every body behind what is known counts, over pages of leaves', async (t) => {
  const data_dir = temporaryDir(t);
  const leaves = 2 * LEAVES_PER_PAGE + 1;
  addBatches(await storeIn(t, data_dir), leaves);
  const file = join(data_dir, 'copy.db');
  await copyDatabase(data_dir, file, { onPages, signal });
  const copy = openCopy(file);
  t.after(() => copy.close());
  for (const known of [0, 1, LEAVES_PER_PAGE, LEAVES_PER_PAGE + 1, leaves - 1, leaves]) {
    const ends = new Map<string, number>();
    copy.bodyEnds([{ origin: ORIGIN, size: known }], ends, signal);
    const wanted = Array.from({ length: leaves - known }, (_, at) => known + at);
    assert.deepEqual(
      ends,
      new Map(wanted.map((leaf) => [`${leaf}.infra`, leaf + 1])),
      `${known} known`,
    );
  }
});

test('a large database is copied in steps, as of its beginning, or stops after one', async (t) => {
  const data_dir = temporaryDir(t);
  const db = await storeIn(t, data_dir);
  const pages = (): number => Number(db.pragma('page_count', { simple: true }));
  db.exec('CREATE TABLE filling (bytes BLOB)');
  const fill = db.prepare('INSERT INTO filling VALUES (zeroblob(?))');
  while (pages() <= 2 * STEP_PAGES) fill.run(512 * 1024);
  const total = pages();
  const count = (from: Database.Database) =>
    from.prepare('SELECT count(*) FROM filling').pluck().get();
  const before = count(db);
  const to = join(data_dir, 'copy.db');
  const told: [number, number][] = [];
  const stop = new AbortController();
  const stopped = copyDatabase(data_dir, to, {
    onPages(done) {
      if (done > 0) stop.abort();
    },
    signal: stop.signal,
  });
  await assert.rejects(stopped, { name: 'AbortError' });
  await copyDatabase(data_dir, to, {
    onPages(done, all) {
      told.push([done, all]);
      fill.run(1);
    },
    signal,
  });
  const steps = [0, STEP_PAGES, 2 * STEP_PAGES];
  assert.deepEqual(
    told,
    steps.map((done) => [done, total]),
    'a commit does not begin it again',
  );
  const copy = new Database(to, { readonly: true });
  t.after(() => copy.close());
  assert.deepEqual([count(copy), count(db)], [before, Number(before) + steps.length]);
});
