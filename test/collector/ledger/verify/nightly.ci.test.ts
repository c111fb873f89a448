import assert from 'node:assert/strict';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import { createNightly } from '../../../../collector/ledger/verify/nightly.ts';
import { enrolTestAgent, importSite, measure, openHarness } from '../../harness.ts';

test('each night goes on where the last one was, and a fault is logged and counted', async () => {
  const harness = await openHarness();
  try {
    await importSite(harness, 'socson-hq', 'xa-soc-son');
    const agent = await enrolTestAgent(harness, 'socson-hq');
    await measure(harness, agent, 5);
    const { nightly } = harness.deps;
    assert.equal(nightly.result(), null);
    await nightly.run(0);
    assert.equal(nightly.result(), null, 'no time, nothing done');
    await nightly.run();
    const whole = nightly.result();
    assert.deepEqual([whole?.next, whole?.faults], [null, 0]);
    assert.equal(whole?.complete_ms, harness.clock.now_ms);
    const metrics = await harness.token('metrics');
    const text = (await harness.get('/metrics', metrics)).text;
    const seconds = harness.clock.now_ms / 1_000;
    assert.match(text, new RegExp(`^lanproof_ledger_verified_timestamp_seconds ${seconds}$`, 'm'));
    assert.match(text, /^lanproof_ledger_verify_faults 0$/m);
    const db = new Database(`${harness.data_dir}/lanproof.db`);
    db.exec('UPDATE batch SET header = zeroblob(10) WHERE seq = 3');
    db.close();
    await nightly.run();
    assert.equal(nightly.result()?.faults, 1);
    const line = harness.logged('stored otherwise than signed');
    assert.equal(line.code, 'BATCH_HASH');
    assert.match(String(line.place), /socson-hq\/do-1 1\/3$/);
    // Another start of the collector knows what the last one found.
    const { store, crypto, log_key, document_key } = harness.deps;
    const again = createNightly({
      ...{ data_dir: harness.data_dir, crypto, reads: store, log_key },
      document_key: document_key.publicKey,
      ...{ now_ms: () => harness.clock.now_ms, mono_ms: () => performance.now() },
      wait: async () => undefined,
      log: { info: () => undefined, error: () => undefined },
    });
    assert.deepEqual(again.result(), nightly.result());
  } finally {
    await harness.close();
  }
});
