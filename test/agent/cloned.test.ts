import assert from 'node:assert/strict';
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { ENROLMENT_FILE, KEY_FILE, loadIdentity } from '../../agent/identity.ts';
import { openDocument } from '../../shared/evidence/document-reading.ts';
import { crypto, temporaryDir } from '../support/agent-kit.ts';
import { drain, enrolInto, enrolledState, SITE, sealOne } from '../support/enrolled-state.ts';

test('a cloned disk is found out, and only a new enrolment ends it', async (t) => {
  const k = await enrolledState(t);
  const { store, document_key } = k.harness.deps;
  await k.deliver(2);
  const clone = join(temporaryDir(t), 'clone');
  cpSync(k.state_dir, clone, { recursive: true });
  const copy = k.on(clone);
  // Both measure the same minute; each signs it as batch 3 with the one key.
  await k.deliver(1);
  k.harness.clock.now_ms += 1_000;
  await copy.run(async (delivery) => {
    await sealOne(copy, delivery);
    await drain(delivery);
  });
  assert.ok(
    k.problems.some((text) => text.startsWith('AGENT_CONFLICT')),
    k.problems.join(),
  );
  const [leafed, ...more] = await store.documents(SITE, 'conflict', 'do-1');
  assert.equal(more.length, 0);
  const said = openDocument(crypto, leafed?.text ?? '', 'conflict', document_key.publicKey);
  assert.deepEqual([said.epoch, said.seq], [1, 3]);
  assert.notEqual(said.kept_hash, said.other_hash);
  assert.notEqual((await store.agent(SITE, 'do-1'))?.quarantined_ms, null);

  // The machine that stays is enrolled anew: the next epoch, from seq 1, without the quarantine.
  for (const name of [KEY_FILE, ENROLMENT_FILE]) rmSync(join(k.state_dir, name));
  await enrolInto(k.harness, k.state_dir);
  assert.equal(loadIdentity(k.state_dir, crypto).epoch, 2);
  await k.deliver(2);
  const row = await store.agent(SITE, 'do-1');
  assert.deepEqual([row?.epoch, row?.seq, row?.quarantined_ms], [2, 2, null]);

  // The copy goes on with the old key and reaches nothing any more.
  await copy.run(async (delivery) => {
    await sealOne(copy, delivery);
    await delivery.deliverer.step();
    await delivery.deliverer.step();
    assert.equal(delivery.spool.waiting, 1);
    assert.match(delivery.deliverer.problem, /^(BATCH_REFUSED|AGENT_REFUSED)$/);
  });
  assert.equal((await store.agent(SITE, 'do-1'))?.seq, 2);
});
