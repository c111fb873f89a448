import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { toBase64 } from '../../../shared/bytes.ts';
import { openDocument } from '../../../shared/evidence/document-reading.ts';
import { documentHash } from '../../../shared/evidence/documents.ts';
import { serializeEnvelope } from '../../../shared/evidence/dsse.ts';
import { shortCode } from '../../../shared/evidence/keys.ts';
import { signRequest } from '../../../shared/evidence/request-auth.ts';
import { checkCommitments, parseTargetList } from '../../../shared/measure/target-list.ts';
import { generateSigner } from '../../../shared/node/crypto.ts';
import { createTestAgent } from '../../support/batches.ts';
import { deliver, type Harness, importSite, openHarness } from '../harness.ts';

let harness: Harness;
let operator: string;

before(async () => {
  harness = await openHarness();
  await importSite(harness, 'socson-hq', 'xa-soc-son', 'ha-noi');
  await importSite(harness, 'dongphu-hq', 'xa-dong-phu', 'ha-noi');
  operator = await harness.token('operator');
});
after(() => harness.close());

async function enrolToken(body: object, site = 'socson-hq') {
  const url = `/api/v1/sites/${site}/enrol-tokens`;
  return harness.send({ method: 'POST', url, payload: body }, operator);
}

function ask(token: string, key: Uint8Array) {
  const payload = { token, public_key: toBase64(key), software: '0.1.0' };
  return harness.send({ method: 'POST', url: '/api/v1/agents/enrol', payload });
}

test('a key is enrolled, its documents are signed and its list is its own', async () => {
  const { signer } = generateSigner();
  const made = await enrolToken({ approve: true });
  assert.equal(made.status, 200);
  assert.equal(made.body.agent, 'do-1');
  const answer = await ask(made.body.token, signer.publicKey);
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.body.status, 'approved');
  const { crypto, document_key } = harness.deps;
  const text = serializeEnvelope(answer.body.enrol);
  const enrol = openDocument(crypto, text, 'enrol', document_key.publicKey);
  assert.equal(enrol.epoch, 1);
  assert.equal(enrol.agent_key, toBase64(signer.publicKey));
  assert.equal(answer.body.log_open.length, 1);

  // The same token and key again: the answer was lost on its way.
  const again = await ask(made.body.token, signer.publicKey);
  assert.deepEqual(again.body.enrol, answer.body.enrol);
  // Another key with it: refused.
  const other = await ask(made.body.token, generateSigner().signer.publicKey);
  assert.deepEqual([other.status, other.body.error.code], [409, 'TOKEN_USED']);

  const url = '/api/v1/agents/self/targets';
  const { nonce } = (await harness.get('/api/v1/agents/nonce')).body;
  const authorization = signRequest(crypto, signer, 'GET', url, nonce);
  const targets = await harness.send({ method: 'GET', url, headers: { authorization } });
  assert.equal(targets.status, 200, targets.text);
  const payload = Buffer.from(targets.body.envelope.payload, 'base64');
  const list = parseTargetList(payload);
  assert.equal(list.targets.length, 5);
  checkCommitments(crypto, list, targets.body.private);
  assert.ok(!payload.toString().includes('10.77.'), 'addresses are not in the public part');

  // A nonce is good once; a list that the agent has is not sent again.
  const replay = await harness.send({ method: 'GET', url, headers: { authorization } });
  assert.deepEqual([replay.status, replay.body.error.code], [401, 'NONCE_INVALID']);
  const second = (await harness.get('/api/v1/agents/nonce')).body.nonce;
  const fresh = await harness.send({
    method: 'GET',
    url,
    headers: {
      authorization: signRequest(crypto, signer, 'GET', url, second),
      'if-none-match': String(targets.headers.etag),
    },
  });
  assert.equal(fresh.status, 304);
});

test('without --approve a person decides, after comparing the short code', async () => {
  const { signer } = generateSigner();
  const made = await enrolToken({}, 'dongphu-hq');
  const first = await ask(made.body.token, signer.publicKey);
  const code = shortCode(harness.deps.crypto, signer.publicKey);
  assert.deepEqual(first.body, { status: 'pending', short_code: code });
  const site = await harness.get('/api/v1/sites/dongphu-hq', operator);
  assert.equal(site.body.agents[0].status, 'pending');
  assert.equal(site.body.agents[0].short_code, code);

  const url = '/api/v1/sites/dongphu-hq/agents/do-1/approve';
  const viewer = await harness.token('viewer');
  assert.equal((await harness.send({ method: 'POST', url }, viewer)).status, 403);
  const wrong = await harness.send(
    { method: 'POST', url, payload: { short_code: '0000-0000' } },
    operator,
  );
  assert.deepEqual([wrong.status, wrong.body.error.code], [409, 'SHORT_CODE_DIFFERS']);
  // The token has expired meanwhile; the key that used it in time may still fetch its answer.
  harness.clock.now_ms += 2 * 3_600_000;
  const good = await harness.send({ method: 'POST', url, payload: { short_code: code } }, operator);
  assert.equal(good.body.state, 'approved');
  assert.equal((await ask(made.body.token, signer.publicKey)).body.status, 'approved');
  const twice = await harness.send({ method: 'POST', url }, operator);
  assert.equal(twice.status, 404);
});

test('plain http while a person decides stays told until a batch says otherwise', async () => {
  const site = 'tanlap-hq';
  await importSite(harness, site, 'xa-tan-lap');
  const agent = createTestAgent({ site, agent: 'do-1', start_ms: harness.clock.now_ms });
  const { token } = (await enrolToken({}, site)).body;
  const far = (remoteAddress: string) =>
    harness.send({
      ...{ method: 'POST', url: '/api/v1/agents/enrol', remoteAddress },
      payload: { token, public_key: toBase64(agent.signer.publicKey), software: '0.1.0' },
    });
  assert.equal((await far('192.0.2.7')).body.status, 'pending');
  const url = `/api/v1/sites/${site}/agents/do-1/approve`;
  assert.equal((await harness.send({ method: 'POST', url }, operator)).status, 200);
  const insecure = async () => (await harness.deps.store.agent(site, 'do-1'))?.insecure;
  const approved = await far('192.0.2.7');
  assert.equal(approved.body.status, 'approved');
  assert.equal(await insecure(), true);
  const [shown] = (await harness.get(`/api/v1/sites/${site}/agents`, operator)).body.items;
  assert.equal(shown.insecure, true);

  // The way of its newest request counts: here a batch from this machine itself.
  agent.prev = documentHash(harness.deps.crypto, approved.body.enrol);
  const { body } = agent.next();
  harness.clock.now_ms = agent.at_ms;
  const delivered = await deliver(harness, body);
  assert.equal(delivered.status, 200, delivered.text);
  assert.equal(await insecure(), false);
  await far('192.0.2.7');
  assert.equal(await insecure(), false, 'batches say it from now on');
});

test('the audit trail keeps whether a person compared the short code', async () => {
  const site = 'dongphu-hq';
  const url = `/api/v1/sites/${site}/agents/do-1/approve`;
  const newest = async () => {
    const row = (await harness.deps.store.auditOf('enrolment.approve')).at(-1);
    return JSON.parse(row?.detail ?? '{}').compared;
  };
  for (const compares of [true, false]) {
    const { signer } = generateSigner();
    await ask((await enrolToken({ agent: 'do-1' }, site)).body.token, signer.publicKey);
    const short_code = shortCode(harness.deps.crypto, signer.publicKey).toLowerCase();
    const payload = compares ? { short_code } : {};
    assert.equal((await harness.send({ method: 'POST', url, payload }, operator)).status, 200);
    assert.equal(await newest(), compares);
  }
  const { token } = (await enrolToken({ agent: 'do-1', approve: true }, site)).body;
  await ask(token, generateSigner().signer.publicKey);
  assert.equal(await newest(), false, 'a token that approves itself');
});

test('re-enrolment is the next epoch and ends a quarantine', async () => {
  const { store } = harness.deps;
  const row = await store.agent('socson-hq', 'do-1');
  assert.ok(row);
  await store.write((tx) => tx.putAgent({ ...row, quarantined_ms: 1 }));
  const made = await enrolToken({ agent: 'do-1', approve: true });
  const answer = await ask(made.body.token, generateSigner().signer.publicKey);
  assert.equal(answer.body.status, 'approved');
  const now = await store.agent('socson-hq', 'do-1');
  assert.deepEqual([now?.epoch, now?.seq, now?.quarantined_ms], [2, 0, null]);
});

test('a further agent gets the next code and stands in the inventory then', async () => {
  const made = await enrolToken({ approve: true });
  assert.equal(made.body.agent, 'do-2');
  await ask(made.body.token, generateSigner().signer.publicKey);
  const site = await harness.get('/api/v1/sites/socson-hq', operator);
  const agents = site.body.agents.map(({ agent, status }: Record<string, string>) => [
    agent,
    status,
  ]);
  assert.deepEqual(agents, [
    ['do-1', 'enrolled'],
    ['do-2', 'enrolled'],
  ]);
  const list = await harness.deps.store.targets('socson-hq', 'do-2');
  assert.equal(list?.version, 1);
});

test('every refusal has its code', async () => {
  const expired = await enrolToken({ valid_ms: 60_000 });
  harness.clock.now_ms += 60_000;
  const key = generateSigner().signer.publicKey;
  const cases: [string, number, string][] = [
    [expired.body.token, 410, 'TOKEN_EXPIRED'],
    ['lpt1_abc', 400, 'TOKEN_MALFORMED'],
    ['hello', 400, 'TOKEN_MALFORMED'],
  ];
  const body = JSON.parse(Buffer.from(expired.body.token.slice(5), 'base64url').toString());
  const forged = (change: object) =>
    `lpt1_${Buffer.from(JSON.stringify({ ...body, ...change })).toString('base64url')}`;
  cases.push([forged({ secret: 'x' }), 401, 'TOKEN_UNKNOWN']);
  cases.push([forged({ id: 'nobody' }), 401, 'TOKEN_UNKNOWN']);
  for (const [token, status, code] of cases) {
    const answer = await ask(token, key);
    assert.deepEqual([answer.status, answer.body.error.code], [status, code], token);
    assert.ok(answer.body.error.hint.length > 5);
  }
  const used = await harness.deps.store.agent('dongphu-hq', 'do-1');
  const made = await enrolToken({ approve: true });
  const clash = await ask(made.body.token, used?.key ?? key);
  assert.deepEqual([clash.status, clash.body.error.code], [409, 'KEY_IN_USE']);
  // The refusal did not burn the token.
  assert.equal((await ask(made.body.token, key)).body.status, 'approved');
  const short = await ask(made.body.token, new Uint8Array(31));
  assert.equal(short.body.error.code, 'KEY_MALFORMED');
  for (const body of [{ valid_ms: 31 * 86_400_000 }, { valid_ms: 1 }, { agent: 'typo' }]) {
    const answer = await enrolToken(body);
    assert.ok([400, 404].includes(answer.status), answer.text);
  }
  assert.equal((await enrolToken({}, 'no-site')).status, 404);
});

test('no token, secret or code was ever logged', async () => {
  const made = await enrolToken({ approve: true });
  const { secret } = JSON.parse(Buffer.from(made.body.token.slice(5), 'base64url').toString());
  await ask(made.body.token, generateSigner().signer.publicKey);
  await harness.get('/sign-in?code=lpc1_topsecretcode');
  await harness.get('/api/v1/sites?token=lpa1_inthewrongplace', operator);
  for (const text of [operator, made.body.token, secret, 'topsecretcode', 'inthewrongplace']) {
    assert.ok(!harness.log().includes(text), text.slice(0, 8));
  }
});
