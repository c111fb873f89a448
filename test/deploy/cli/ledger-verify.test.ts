import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';
import Database from 'better-sqlite3';
import {
  enrolTestAgent,
  importSite,
  measureTogether,
  openHarness,
} from '../../collector/harness.ts';
import { ran } from './cli-kit.ts';

const SITE = 'socson-hq';

test('a hundred faults are told one by one, those beyond are counted', async (t) => {
  const harness = await openHarness();
  t.after(() => harness.close());
  await importSite(harness, SITE, 'xa-soc-son');
  await measureTogether(harness, await enrolTestAgent(harness, SITE), 102);
  const data = harness.data_dir;
  for (const [faults, more] of [
    [100, []],
    [101, ['and 1 more']],
    [102, ['and 2 more']],
  ] as const) {
    const db = new Database(join(data, 'lanproof.db'));
    db.prepare('UPDATE batch SET signature = zeroblob(64) WHERE seq <= ?').run(faults);
    db.close();
    const { code, out } = await ran(['ledger', 'verify', '--every', '--data', data]);
    assert.equal(code, 1, out);
    const lines = out.split('\n');
    const told = lines.filter((line) => line.startsWith('BATCH_SIGNATURE: '));
    assert.equal(told.length, 100, out);
    assert.deepEqual(lines.slice(100, -1), more);
    assert.match(lines.at(-1) ?? '', new RegExp(`: ${faults} differences$`));
  }
});
