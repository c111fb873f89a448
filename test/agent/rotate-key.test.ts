import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { KEY_FILE, loadIdentity, NEXT_KEY_FILE, saveEnrolment } from '../../agent/identity.ts';
import { rotateKey } from '../../agent/rotate-key.ts';
import { writeHeadHint } from '../../agent/spool/loss.ts';
import { toBase64, utf8 } from '../../shared/bytes.ts';
import { documentType, signDocument } from '../../shared/evidence/documents.ts';
import { parseEnvelope, signEnvelope } from '../../shared/evidence/dsse.ts';
import { signRequest } from '../../shared/evidence/request-auth.ts';
import { openRotate, signRotate } from '../../shared/evidence/rotations.ts';
import { generateSigner } from '../../shared/node/crypto.ts';
import { crypto } from '../support/agent-kit.ts';

import { enrolledState, SITE, sealOne } from '../support/enrolled-state.ts';

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

test('cut off between its files, the folder has one key, whole, and both ways go on', async (t) => {
  const k = await enrolledState(t);
  await k.deliver(1);
  const path = (name: string) => join(k.state_dir, name);
  const old = {
    key: readFileSync(path(KEY_FILE), 'utf8'),
    enrolment: readFileSync(path('enrolment.json'), 'utf8'),
  };
  const { new_code, old_code } = rotateKey(k.state_dir, deps);
  const made = {
    key: readFileSync(path(KEY_FILE), 'utf8'),
    enrolment: readFileSync(path('enrolment.json'), 'utf8'),
  };
  assert.ok(!existsSync(path(NEXT_KEY_FILE)));
  const put = (key: string, next: string | undefined, enrolment: string): void => {
    writeFileSync(path(KEY_FILE), key, { mode: 0o600 });
    rmSync(path(NEXT_KEY_FILE), { force: true });
    if (next !== undefined) writeFileSync(path(NEXT_KEY_FILE), next, { mode: 0o600 });
    writeFileSync(path('enrolment.json'), enrolment, { mode: 0o600 });
  };
  const code = async () => {
    await k.deliver(1);
    return (await k.harness.deps.store.agent(SITE, 'do-1'))?.short_code;
  };
  put(old.key, made.key, old.enrolment);
  assert.equal(await code(), old_code, 'the key alone begins nothing');
  // A document of the agent's old place would not fit its chain any more: rotate anew, cut it off.
  const again = rotateKey(k.state_dir, deps);
  const second = {
    key: readFileSync(path(KEY_FILE), 'utf8'),
    enrolment: readFileSync(path('enrolment.json'), 'utf8'),
  };
  assert.notEqual(again.new_code, new_code);
  put(old.key, second.key, second.enrolment);
  assert.equal(await code(), again.new_code, 'the document is what counts');
  rotateKey(k.state_dir, deps);
  assert.equal(loadIdentity(k.state_dir, crypto).rotations.length, 2);
  await k.deliver(1);
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

test('a collector that forgot the agent learns its keys in order again', async (t) => {
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
  await k.deliver(1);
  const row = await store.agent(SITE, 'do-2');
  assert.deepEqual([row?.seq, row?.short_code], [3, new_code]);
  assert.equal((await store.documents(SITE, 'rotate', 'do-2')).length, 1);
  assert.deepEqual(k.problems, []);
});
