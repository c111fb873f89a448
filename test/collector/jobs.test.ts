import assert from 'node:assert/strict';
import test from 'node:test';
import { cleanUp, startJobs } from '../../collector/jobs.ts';
import { openSqliteStore } from '../../collector/store/sqlite/sqlite-store.ts';
import { newFolder } from '../support/collector-core.ts';

const quiet = { info: () => undefined, error: () => undefined };

test('the nightly cleaning runs once among collectors of one store', async (t) => {
  const data_dir = newFolder();
  const now_ms = () => 1_795_000_000_000;
  const store = await openSqliteStore({ data_dir, now_ms, mono_ms: () => performance.now() });
  t.after(() => store.close());
  await store.write((unit) =>
    unit.takeLease('nightly-cleaning', 'other', now_ms(), now_ms() + 1_000),
  );
  assert.equal(await cleanUp({ store, now_ms, holder: 'this' }), null);
  assert.deepEqual(await cleanUp({ store, now_ms: () => now_ms() + 2_000, holder: 'this' }), {
    credentials: 0,
  });
});

test('the calendar accepts the zone, and stops', async (t) => {
  const data_dir = newFolder();
  const now_ms = () => Date.now();
  const store = await openSqliteStore({ data_dir, now_ms, mono_ms: () => performance.now() });
  t.after(() => store.close());
  const timezone = 'Asia/Ho_Chi_Minh';
  startJobs({ store, now_ms, holder: 'this', timezone, log: quiet }).stop();
});
