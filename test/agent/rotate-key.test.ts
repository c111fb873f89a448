import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { KEY_FILE, loadIdentity, NEXT_KEY_FILE, saveEnrolment } from '../../agent/identity.ts';
import { rotateKey } from '../../agent/rotate-key.ts';
import { SpoolDb } from '../../agent/spool/db.ts';
import { writeHeadHint } from '../../agent/spool/loss.ts';
import { toBase64, utf8 } from '../../shared/bytes.ts';
import { documentType, signDocument } from '../../shared/evidence/documents.ts';
import { parseEnvelope, signEnvelope } from '../../shared/evidence/dsse.ts';
import { shortCode } from '../../shared/evidence/keys.ts';
import { signRequest } from '../../shared/evidence/request-auth.ts';
import { openRotate, signRotate } from '../../shared/evidence/rotations.ts';
import { generateSigner } from '../../shared/node/crypto.ts';
import { crypto } from '../support/agent-kit.ts';
import { enrolledState, SITE, sealOne } from '../support/enrolled-state.ts';

const CHILD = fileURLToPath(new URL('../support/rotate-child.ts', import.meta.url));
const deps = { crypto, wall_ms: () => 1_790_000_000_000 };

test('a rotated agent tells the collector before its next batch and goes on in its epoch', async (t) => {
  const k = await enrolledState(t);
  await k.deliver(3);
  const { store } = k.harness.deps;
  const before = loadIdentity(k.state_dir, crypto).signer;
  const rotated = rotateKey(k.state_dir, deps);
  assert.equal(rotated.after_seq, 3);
  await k.deliver(2);
  const row = await store.agent(SITE, 'do-1');
  assert.deepEqual([row?.epoch, row?.seq, row?.short_code], [1, 5, rotated.new_code]);
  const [leafed, ...more] = await store.documents(SITE, 'rotate', 'do-1');
  assert.equal(more.length, 0);
  assert.equal(openRotate(crypto, leafed?.text ?? '').after_seq, 3);
  const batch = await store.batch(SITE, 'do-1', 1, 4);
  assert.ok((leafed?.leaf ?? 0) < (batch?.leaf ?? 0), 'its leaf is before the first new batch');
  await k.run(({ proofs }) => proofs.prove());
  assert.deepEqual(k.problems, []);
  // The old key is nobody's any more.
  const url = '/api/v1/agents/self/logs';
  const { nonce } = (await k.harness.get('/api/v1/agents/nonce')).body;
  const authorization = signRequest(crypto, before, 'GET', url, nonce);
  const refused = await k.harness.send({ method: 'GET', url, headers: { authorization } });
  assert.deepEqual([refused.status, refused.body.error.code], [401, 'unknown_agent']);
  // Again, and a third time: the chain of keys is walked from the enrolled one.
  rotateKey(k.state_dir, deps);
  await k.deliver(1);
  rotateKey(k.state_dir, deps);
  await k.deliver(1);
  assert.equal(loadIdentity(k.state_dir, crypto).rotations.length, 3);
  assert.equal((await store.documents(SITE, 'rotate', 'do-1')).length, 3);
});

test('what is not delivered keeps the old key', async (t) => {
  const k = await enrolledState(t);
  assert.throws(() => rotateKey(k.state_dir, deps), { code: 'ROTATE_EARLY' });
  await k.deliver(1);
  await k.run(async (delivery) => {
    assert.throws(() => rotateKey(k.state_dir, deps), { code: 'SPOOL_IN_USE' });
    await sealOne(k, delivery);
  });
  const { signer } = loadIdentity(k.state_dir, crypto);
  assert.throws(() => rotateKey(k.state_dir, deps), { code: 'ROTATE_UNDELIVERED' });
  assert.deepEqual(loadIdentity(k.state_dir, crypto).signer.publicKey, signer.publicKey);
});

test('a spool that lost batches is not rotated over, and is left for the agent to tell', async (t) => {
  const k = await enrolledState(t);
  await k.deliver(3);
  const path = join(k.state_dir, 'spool.db');
  const whole = readFileSync(path);
  const { signer } = loadIdentity(k.state_dir, crypto);
  const files = readdirSync(k.state_dir).sort();
  const empty = (): void => {
    rmSync(path);
    new SpoolDb(path).close();
  };
  const torn = Buffer.from(whole).fill('x', 4_096, 20_000);
  const losses: [string, () => void][] = [
    ['no database', () => writeFileSync(path, 'x'.repeat(20_000))],
    ['damaged inside', () => writeFileSync(path, torn)],
    ['an older or new one', empty],
    ['no file', () => rmSync(path)],
  ];
  for (const [what, lose] of losses) {
    writeFileSync(path, whole);
    lose();
    const left = existsSync(path) ? readFileSync(path) : undefined;
    assert.throws(() => rotateKey(k.state_dir, deps), { code: 'ROTATE_SPOOL_LOST' }, what);
    assert.deepEqual(existsSync(path) ? readFileSync(path) : undefined, left, what);
    const kept = files.filter((name) => name !== 'spool.db' || left !== undefined);
    assert.deepEqual(readdirSync(k.state_dir).sort(), kept, what);
  }
  assert.deepEqual(loadIdentity(k.state_dir, crypto).signer.publicKey, signer.publicKey);
  // The agent goes on behind the loss; only from a batch on can its key be another one.
  await k.run(async ({ spool }) => assert.ok(spool.head.seq > 3));
  assert.throws(() => rotateKey(k.state_dir, deps), { code: 'ROTATE_EARLY' });
  await k.deliver(1);
  const { after_seq } = rotateKey(k.state_dir, deps);
  await k.deliver(1);
  const row = await k.harness.deps.store.agent(SITE, 'do-1');
  assert.equal(row?.seq, after_seq + 1);
  assert.deepEqual(k.problems, []);
});

test('no agent starts while a key is made, and one that starts has the key in force', async (t) => {
  const k = await enrolledState(t);
  await k.deliver(1);
  const starts: Promise<unknown>[] = [];
  rotateKey(k.state_dir, {
    crypto,
    wall_ms() {
      starts.push(
        assert.rejects(
          k.run(async () => undefined),
          { code: 'SPOOL_IN_USE' },
        ),
      );
      return 1;
    },
  });
  await Promise.all(starts);
  assert.equal(starts.length, 1);
  // One that read the key before, and gets the spool after.
  let asked = 0;
  const load = () => {
    const read = loadIdentity(k.state_dir, crypto);
    asked += 1;
    if (asked === 1) rotateKey(k.state_dir, deps);
    return read;
  };
  await k.deliver(1);
  await k.run(async ({ identity }) => {
    assert.equal(asked, 2);
    assert.equal(identity.rotations.length, 2);
    const { publicKey } = loadIdentity(k.state_dir, crypto).signer;
    assert.deepEqual(identity.signer.publicKey, publicKey);
  }, load);
});

test('killed before any step on the disk, the folder has one key, whole, and both go on', async (t) => {
  const k = await enrolledState(t);
  await k.deliver(1);
  let done = false;
  let rotations = 0;
  let kept = 0;
  for (let step = 1; !done; step++) {
    assert.ok(step < 30, 'it comes to its end');
    const { code, signal } = await exitOf(spawn(process.execPath, [CHILD, k.state_dir, `${step}`]));
    assert.ok(code === 0 || signal === 'SIGKILL', `${step}: ${code} ${signal}`);
    done = code === 0;
    const now = loadIdentity(k.state_dir, crypto).rotations.length;
    assert.ok(now - rotations <= 1);
    if (now === rotations) kept += 1;
    rotations = now;
    await k.deliver(1);
    const { short_code } = (await k.harness.deps.store.agent(SITE, 'do-1')) ?? {};
    const { signer } = loadIdentity(k.state_dir, crypto);
    assert.equal(short_code, shortCode(crypto, signer.publicKey), `step ${step}`);
  }
  assert.ok(kept > 2 && rotations > 2, `${kept} kept the old key, ${rotations} have a new one`);
  assert.ok(!existsSync(join(k.state_dir, NEXT_KEY_FILE)));
  assert.deepEqual(k.problems, []);
});

test('an answer that was lost is asked for again; nobody else rotates this key', async (t) => {
  const k = await enrolledState(t);
  await k.deliver(2);
  const { signer, enrolment } = loadIdentity(k.state_dir, crypto);
  rotateKey(k.state_dir, deps);
  const mine = loadIdentity(k.state_dir, crypto);
  const [rotation] = mine.rotations;
  assert.ok(rotation !== undefined);
  const post = async (rotate: unknown, by = mine.signer) => {
    const url = '/api/v1/agents/self/rotate';
    const { nonce } = (await k.harness.get('/api/v1/agents/nonce')).body;
    const authorization = signRequest(crypto, by, 'POST', url, nonce);
    return k.harness.send({ method: 'POST', url, headers: { authorization }, payload: { rotate } });
  };
  const place = { v: 1, site: SITE, agent: 'do-1', epoch: 1, at_ms: 1 } as const;
  const key = (of: typeof signer) => toBase64(of.publicKey);
  const thief = generateSigner().signer;
  const by = (old: typeof signer, made: typeof signer, after_seq = 2) =>
    signRotate(crypto, old, made, { ...place, after_seq, old_key: key(old), new_key: key(made) });
  const odd = (keys: string) => {
    const payload = utf8(`{"old_key":${keys},"new_key":${keys}}`);
    return signEnvelope(thief, documentType('rotate'), payload, crypto);
  };
  const cases: [unknown, typeof signer, number, string][] = [
    [odd('"!"'), thief, 401, 'ROTATE_FOREIGN'],
    [odd('"AAAA"'), thief, 401, 'ROTATE_FOREIGN'],
    [odd('{"toString":0}'), thief, 401, 'ROTATE_FOREIGN'],
    [odd('['.repeat(2_000) + ']'.repeat(2_000)), thief, 401, 'ROTATE_FOREIGN'],
    [{ ...odd('1'), payload: 'ew==' }, thief, 401, 'ROTATE_FOREIGN'],
    [by(thief, thief), thief, 401, 'ROTATE_FOREIGN'],
    [
      { ...by(signer, thief), signatures: by(signer, thief).signatures.slice(1) },
      thief,
      401,
      'ROTATE_FOREIGN',
    ],
    [
      { ...by(signer, thief), signatures: by(signer, thief).signatures.slice(0, 1) },
      thief,
      401,
      'ROTATE_FOREIGN',
    ],
    [by(signer, thief), signer, 401, 'SIGNATURE_INVALID'],
    [by(signer, thief, 1), thief, 409, 'EXPECT'],
    [by(signer, signer), signer, 409, 'KEY_IN_USE'],
    [enrolment.enrol, thief, 401, 'ROTATE_FOREIGN'],
  ];
  for (const [document, who, status, code] of cases) {
    const answer = await post(document, who);
    assert.deepEqual([answer.status, answer.body.error.code], [status, code], answer.text);
  }
  assert.equal((await post(rotation.envelope)).status, 200);
  assert.equal((await post(rotation.envelope)).status, 200, 'told twice');
  await k.deliver(1);
  assert.equal((await k.harness.deps.store.documents(SITE, 'rotate', 'do-1')).length, 1);
  assert.equal((await k.harness.deps.store.agent(SITE, 'do-1'))?.seq, 3);
});

for (const gone of [0, 1]) {
  test(`a collector that forgot the agent learns its keys again, without ${gone} batches`, async (t) => {
    const k = await enrolledState(t);
    // A state directory of an enrolment that this copy of the collector lost.
    const { signer, pem } = generateSigner();
    const { document_key, ledger, store } = k.harness.deps;
    const enrol = signDocument(crypto, document_key, 'enrol', {
      ...{ v: 1, log: ledger.checkpoint().origin, site: SITE, agent: 'do-2', epoch: 1 },
      ...{ agent_key: toBase64(signer.publicKey), issued_ms: 1, approved_by: 'test' },
    });
    writeFileSync(join(k.state_dir, KEY_FILE), pem, { mode: 0o600 });
    saveEnrolment(k.state_dir, {
      ...loadIdentity(k.other_dir, crypto).enrolment,
      enrol: parseEnvelope(enrol),
    });
    writeHeadHint(k.state_dir, loadIdentity(k.state_dir, crypto).origin);
    await k.run(async (delivery) => {
      for (let at = 0; at < 2; at++) await sealOne(k, delivery);
      delivery.spool.markSent(2);
    });
    const { new_code } = rotateKey(k.state_dir, deps);
    const db = new Database(join(k.state_dir, 'spool.db'));
    db.prepare('DELETE FROM batch WHERE seq <= ?').run(gone);
    db.close();
    await k.deliver(1);
    assert.equal((await store.documents(SITE, 'hole', 'do-2')).length, gone);
    const row = await store.agent(SITE, 'do-2');
    assert.deepEqual([row?.seq, row?.short_code], [3, new_code]);
    assert.equal((await store.documents(SITE, 'rotate', 'do-2')).length, 1);
    assert.deepEqual(k.problems, []);
  });
}

async function exitOf(
  child: ChildProcess,
): Promise<{ code: number | null; signal: string | null }> {
  const [code, signal] = await once(child, 'exit');
  return { code, signal };
}
