import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import Database from 'better-sqlite3';
import { rotateKey } from '../../../../agent/rotate-key.ts';
import { replaceKey } from '../../../../collector/key-replacement.ts';
import { DOCUMENT_KEY_FILE } from '../../../../collector/keys.ts';
import { toBase64 } from '../../../../shared/bytes.ts';
import { serializeEnvelope } from '../../../../shared/evidence/dsse.ts';
import { signRotate } from '../../../../shared/evidence/rotations.ts';
import { generateSigner } from '../../../../shared/node/crypto.ts';
import { ran } from '../../../deploy/cli/cli-kit.ts';
import { crypto, temporaryDir } from '../../../support/agent-kit.ts';
import { enrolInto, enrolledState, SITE } from '../../../support/enrolled-state.ts';
import { enrolTestAgent, measure, openHarness } from '../../harness.ts';

const deps = { crypto, wall_ms: () => 1_790_000_000_000 };
const REASON = 'the disk of the keys died';

async function verified(data_dir: string): Promise<string> {
  const { out } = await ran(['ledger', 'verify', '--every', '--data', data_dir]);
  return out;
}

function changed(t: TestContext, data_dir: string, sql: string): string {
  const copy = join(temporaryDir(t), 'changed');
  cpSync(data_dir, copy, { recursive: true });
  const db = new Database(join(copy, 'lanproof.db'));
  assert.ok(db.prepare(sql).run().changes > 0);
  db.close();
  return copy;
}

test('batches are held against the key of their place, over rotations and a revocation', async (t) => {
  const k = await enrolledState(t);
  await k.deliver(3);
  rotateKey(k.state_dir, deps);
  await k.deliver(2);
  rotateKey(k.state_dir, deps);
  await k.deliver(2);
  const admin = await k.harness.token('admin');
  const url = `/api/v1/sites/${SITE}/agents/do-1/revoke`;
  const payload = { reason: 'stolen', from_leaf: 8 };
  const revoked = await k.harness.send({ method: 'POST', url, payload }, admin);
  assert.equal(revoked.status, 200, revoked.text);
  const again = temporaryDir(t);
  rmSync(again, { recursive: true });
  await enrolInto(k.harness, again);
  await k.on(again).deliver(2);
  assert.deepEqual(k.problems, []);
  const { data_dir, deps: collector } = k.harness;
  const status = async () => (await ran(['ledger', 'status', '--data', data_dir])).out;
  assert.match(await status(), /^not yet verified by night: /m);
  assert.match(await verified(data_dir), /\b9 batches, 9 signatures, .*: no difference$/m);
  assert.match(await status(), /^verified 0 minutes ago, whole 0 minutes ago: no difference$/m);

  // The signature of the last batch before a rotation does not fit behind it.
  const swap =
    'UPDATE batch SET signature = (SELECT signature FROM batch WHERE seq = 3) WHERE seq = 4';
  const told = await verified(changed(t, data_dir, swap));
  assert.match(told, /^BATCH_SIGNATURE: log 1 leaf \d+ socson-hq\/do-1 1\/4: /m);

  // A rotation that two strangers signed is no rotation of this agent's key.
  const [one, two] = [generateSigner().signer, generateSigner().signer];
  const place = { site: SITE, agent: 'do-1', epoch: 2, after_seq: 2, at_ms: 1 };
  const keys = { old_key: toBase64(one.publicKey), new_key: toBase64(two.publicKey) };
  const text = serializeEnvelope(signRotate(crypto, one, two, { v: 1, ...place, ...keys }));
  await collector.ledger.commit((unit) =>
    unit.appendDocument({ kind: 'rotate', ...place, seq: 0, text }, k.harness.clock.now_ms),
  );
  await k.on(again).deliver(1);
  const foreign = await verified(data_dir);
  assert.match(foreign, /^DOCUMENT_SIGNATURE: .* rotate: .*the key before it$/m);
  assert.match(foreign, /: 1 difference$/m, 'the batch behind it is under the key of the agent');
});

test('documents of logs before a lost key are held against the key that their log names', async (t) => {
  const k = await enrolledState(t);
  await k.deliver(2);
  const lost = mkdtempSync(join(tmpdir(), 'lanproof-lost-'));
  t.after(() => rmSync(lost, { recursive: true, force: true }));
  cpSync(k.harness.data_dir, lost, { recursive: true });
  rmSync(join(lost, DOCUMENT_KEY_FILE));
  replaceKey(lost, 'document', REASON);
  assert.match(await verified(lost), /: no difference$/m, 'the next log is not open yet');
  const next = await openHarness({
    copy_of: { data_dir: lost, now_ms: k.harness.clock.now_ms },
  });
  t.after(() => next.close());
  const agent = await enrolTestAgent(next, SITE);
  await measure(next, agent, 2);
  assert.equal((await next.deps.store.logs()).length, 2);
  assert.match(await verified(next.data_dir), /: no difference$/m);

  // Who writes a history of his own signs its first document, too: the collector's keys differ.
  const other = join(temporaryDir(t), 'other');
  cpSync(next.data_dir, other, { recursive: true });
  rmSync(join(other, DOCUMENT_KEY_FILE));
  rmSync(join(other, `${DOCUMENT_KEY_FILE}.replaced`));
  cpSync(join(k.harness.data_dir, DOCUMENT_KEY_FILE), join(other, DOCUMENT_KEY_FILE));
  const told = await verified(other);
  assert.match(told, /^LOG_OPEN: log 2 leaf 0: .* not under the keys of this collector$/m);
  assert.match(told, /: 1 difference$/m);
  // A log-open document that is not the leafed one names no key.
  const swapped = changed(
    t,
    next.data_dir,
    `UPDATE document SET text = (SELECT text FROM document WHERE log = 2 AND leaf = 0)
      WHERE log = 1 AND leaf = 0`,
  );
  assert.match(await verified(swapped), /^DOCUMENT_HASH: log 1 leaf 0 log-open: /m);
});
