import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createDelivery } from '../../../agent/deliver/delivery.ts';
import { identityOf } from '../../../agent/identity.ts';
import { createLog } from '../../../agent/log.ts';
import { fromBase64, toBase64, utf8 } from '../../../shared/bytes.ts';
import type { Signer } from '../../../shared/evidence/crypto.ts';
import { documentHash, documentType, signDocument } from '../../../shared/evidence/documents.ts';
import { type Envelope, parseEnvelope, signEnvelope } from '../../../shared/evidence/dsse.ts';
import { signRequest } from '../../../shared/evidence/request-auth.ts';
import { parseTargetList } from '../../../shared/measure/target-list.ts';
import type { TargetList } from '../../../shared/measure/targets.ts';
import { generateSigner } from '../../../shared/node/crypto.ts';
import { testSigner } from '../../fixtures/test-keys.ts';
import { freshlyEnrolled, sealNext, temporaryDir, until } from '../../support/agent-kit.ts';
import { createTestAgent } from '../../support/batches.ts';
import {
  enrolTestAgent,
  type Harness,
  importSite,
  inventoryYaml,
  measure,
  openHarness,
  START_MS,
} from '../harness.ts';

const SITE = 'socson-hq';
const URL_PATH = '/api/v1/agents/reintroduce';

let harness: Harness;

before(async () => {
  harness = await openHarness();
  await importSite(harness, SITE, 'xa-soc-son', 'ha-noi');
  await importSite(harness, 'dongphu-hq', 'xa-dong-phu', 'ha-noi');
});
after(() => harness.close());

interface Documents {
  readonly enrol: Envelope;
  readonly targets: Envelope | null;
}

/** What the lost part of this deployment once signed for an agent. */
function enrolDocument(of: object, signer: Signer, by = harness.deps.document_key): Envelope {
  const log = harness.deps.ledger.checkpoint().origin.replace(/log-1.*$/, 'log-1-lost');
  const fields = { v: 1, log, site: SITE, agent: 'do-2', epoch: 1, issued_ms: START_MS } as const;
  const agent_key = toBase64(signer.publicKey);
  const document = { ...fields, agent_key, approved_by: 'token:old', ...of };
  return parseEnvelope(signDocument(harness.deps.crypto, by, 'enrol', document));
}

function listDocument(of: Partial<TargetList>, by = harness.deps.document_key): Envelope {
  const log = harness.deps.ledger.checkpoint().origin;
  const fields = { v: 1, version: 7, site: SITE, agent: 'do-2', log, issued_ms: START_MS } as const;
  const icmp = { interval_ms: 1_000, timeout_ms: 900 };
  const target = { code: 'gw', kind: 'gateway', own: true, reachability: 'icmp' } as const;
  const commitment = toBase64(new Uint8Array(32));
  const targets = [{ ...target, probes: { icmp }, commitment }];
  const payload = utf8(JSON.stringify({ ...fields, targets, ...of }));
  return signEnvelope(by, documentType('targets'), payload, harness.deps.crypto);
}

async function show(documents: Documents, signer: Signer, nonce?: string) {
  const fresh = nonce ?? (await harness.get('/api/v1/agents/nonce')).body.nonce;
  const authorization = signRequest(harness.deps.crypto, signer, 'POST', URL_PATH, fresh);
  const headers = { authorization };
  return harness.send({ method: 'POST', url: URL_PATH, headers, payload: documents });
}

async function importAgain(): Promise<{ agent: string; version: number }[]> {
  const answer = await harness.send(
    {
      method: 'PUT',
      url: `/api/v1/sites/${SITE}/inventory`,
      headers: { 'content-type': 'application/yaml' },
      payload: inventoryYaml(SITE, 'xa-soc-son', 'ha-noi'),
    },
    await harness.token('admin'),
  );
  assert.equal(answer.status, 200, answer.text);
  return answer.body.lists;
}

test('an agent that this copy does not know is taken in with its list and goes on', async () => {
  const { signer } = generateSigner();
  const documents = { enrol: enrolDocument({}, signer), targets: listDocument({}) };
  const { store, ledger, crypto } = harness.deps;
  const { size } = ledger.checkpoint();
  const answer = await show(documents, signer);
  assert.equal(answer.status, 200, answer.text);
  assert.deepEqual(answer.body.expect, { epoch: 1, seq: 1 });
  assert.equal(ledger.checkpoint().size, size + 2, 'both documents are leaves again');

  const row = await store.agent(SITE, 'do-2');
  const hash = documentHash(crypto, documents.enrol);
  assert.deepEqual([row?.epoch, row?.seq, row?.list_version], [1, 0, 7]);
  assert.deepEqual(row?.hash, hash);
  const [kept] = await store.documents(SITE, 'enrol', 'do-2');
  assert.deepEqual(parseEnvelope(kept?.text ?? ''), documents.enrol);
  const [noted] = await store.audit(1);
  assert.deepEqual([noted?.action, noted?.actor], ['agent.reintroduce', `key:${row?.short_code}`]);

  // The same batches as before, by the same list, are read and go on from seq 1.
  const agent = createTestAgent({ site: SITE, agent: 'do-2', start_ms: START_MS, signer });
  agent.list = parseTargetList(fromBase64(documents.targets.payload));
  agent.listHash = toBase64(documentHash(crypto, documents.targets));
  agent.prev = hash;
  agent.origin = ledger.checkpoint().origin;
  await measure(harness, agent, 2);
  assert.equal((await store.batch(SITE, 'do-2', 1, 2))?.fault, null);
  await until(() => harness.deps.judge_stats().waiting === 0, 'the judge');
  assert.equal(harness.deps.judge_stats().faults, 0);
  const closed_ms = (await store.agent(SITE, 'do-2'))?.closed_to_ms ?? 0;
  const intervals = await store.intervals(SITE, START_MS, closed_ms);
  assert.ok(intervals.some(({ agent, state }) => agent === 'do-2' && state === 'up'));

  // A second time changes nothing: the answer may have been lost.
  const grown = ledger.checkpoint().size;
  const again = await show(documents, signer);
  assert.deepEqual([again.status, again.body.expect.seq], [200, 3]);
  assert.equal(ledger.checkpoint().size, grown);

  // Its addresses came back with nobody: the agent keeps its list until the next import.
  const { nonce } = (await harness.get('/api/v1/agents/nonce')).body;
  const url = '/api/v1/agents/self/targets';
  const authorization = signRequest(crypto, signer, 'GET', url, nonce);
  const none = await harness.send({ method: 'GET', url, headers: { authorization } });
  assert.deepEqual([none.status, none.body.error.code], [404, 'NO_TARGETS']);
  const lists = await importAgain();
  assert.deepEqual(
    lists.filter((list) => list.agent === 'do-2'),
    [{ agent: 'do-2', version: 8 }],
  );
  assert.deepEqual(await importAgain(), []);
});

test('the agent itself comes back over the wire, and its batches are proved', async (t) => {
  await importSite(harness, 'hq', 'xa-hq');
  const { crypto, document_key, ledger, store } = harness.deps;
  const signer = testSigner('agent');
  const place = { site: 'hq', agent: 'do-1' };
  const { origin } = ledger.checkpoint();
  const identity = identityOf(
    {
      ...{ v: 1, tls: null, document_key: toBase64(document_key.publicKey) },
      enrol: enrolDocument({ ...place, log: origin }, signer),
      log_open: (await ledger.logOpens()).map(parseEnvelope),
      checkpoint: ledger.checkpoint().note,
    },
    signer,
    crypto,
  );
  const state_dir = temporaryDir(t);
  freshlyEnrolled(state_dir);
  const told: string[] = [];
  const url = await harness.app.listen({ host: '127.0.0.1', port: 0 });
  const clock = { now_ms: START_MS };
  const delivery = createDelivery(
    {
      ...{ collectors: [url], insecure: false, proxy: undefined, state_dir },
      spool: { bytes_max: 64 * 1024 * 1024 },
    },
    () => identity,
    { crypto, log: createLog('silent') },
    {
      monotonic_ms: () => clock.now_ms,
      wall_ms: () => clock.now_ms,
      utc_ms: () => clock.now_ms,
      random: () => 0,
      event: () => undefined,
      tell: ({ code }) => told.push(code),
      onTime: () => undefined,
      onListVersion: () => undefined,
      onDelivered: () => undefined,
    },
  );
  t.after(() => delivery.http.close());
  const { spool, deliverer, proofs } = delivery;
  for (let i = 0; i < 3; i++) spool.put(sealNext(spool.head));
  for (let i = 0; i < 20 && spool.waiting > 0; i++) clock.now_ms += await deliverer.step();
  await proofs.prove();
  assert.deepEqual(told, []);
  assert.deepEqual(spool.marks, { sent_to: 3, proven_to: 3 });
  const row = await store.agent(place.site, place.agent);
  assert.deepEqual([row?.seq, row?.key], [3, signer.publicKey]);
});

test('a known agent shows a list that this copy lost', async () => {
  const agent = await enrolTestAgent(harness, 'dongphu-hq');
  const { store, ledger } = harness.deps;
  const place = { site: 'dongphu-hq', agent: agent.agent };
  const [kept] = await store.documents(place.site, 'enrol', place.agent);
  const enrol = parseEnvelope(kept?.text ?? '');
  await measure(harness, agent, 1);
  const { size } = ledger.checkpoint();
  const targets = listDocument({ ...place, version: 5 });
  const answer = await show({ enrol, targets }, agent.signer);
  assert.deepEqual([answer.status, answer.body.expect], [200, { epoch: 1, seq: 2 }]);
  assert.equal(ledger.checkpoint().size, size + 1, 'only the list is a new leaf');
  assert.equal((await store.agent(place.site, place.agent))?.list_version, 5);
  // An older one is passed over.
  await show({ enrol, targets: listDocument({ ...place, version: 4 }) }, agent.signer);
  assert.equal(ledger.checkpoint().size, size + 1);
  await measure(harness, agent, 1);
});

test('the next import goes past a list of the same version with other content', async () => {
  const agent = await enrolTestAgent(harness, SITE);
  const { version } = agent.list;
  agent.listHash = toBase64(new Uint8Array(32).fill(7));
  await measure(harness, agent, 1);
  const { store } = harness.deps;
  assert.equal((await store.batch(SITE, agent.agent, 1, 1))?.fault, 'LIST_UNKNOWN');
  const lists = await importAgain();
  assert.deepEqual(
    lists.filter((list) => list.agent === agent.agent),
    [{ agent: agent.agent, version: version + 1 }],
  );
  assert.deepEqual(await importAgain(), []);
});

test('what was not signed here, or belongs elsewhere, is refused and changes nothing', async () => {
  const { signer } = generateSigner();
  const other = generateSigner().signer;
  const { ledger, store } = harness.deps;
  const { size } = ledger.checkpoint();
  const of = { agent: 'do-9' };
  const enrol = enrolDocument(of, signer);
  const list = (more: Partial<TargetList>) => listDocument({ ...of, ...more });
  const cases: [string, Documents, Signer, number, string][] = [
    [
      'foreign key',
      { enrol: enrolDocument(of, signer, other), targets: null },
      signer,
      401,
      'ENROL_FOREIGN',
    ],
    ['no enrol document', { enrol: list({}), targets: null }, signer, 401, 'ENROL_FOREIGN'],
    [
      'foreign log',
      { enrol: enrolDocument({ ...of, log: 'x/log-1' }, signer), targets: null },
      signer,
      401,
      'ENROL_FOREIGN',
    ],
    ['who signs is another', { enrol, targets: null }, other, 401, 'SIGNATURE_INVALID'],
    [
      'no site',
      { enrol: enrolDocument({ ...of, site: 'nowhere' }, signer), targets: null },
      signer,
      404,
      'SITE_UNKNOWN',
    ],
    ['foreign list', { enrol, targets: listDocument(of, other) }, signer, 401, 'LIST_FOREIGN'],
    ["another's list", { enrol, targets: list({ agent: 'do-1' }) }, signer, 401, 'LIST_FOREIGN'],
    [
      'list of another log',
      { enrol, targets: list({ log: 'x/log-1' }) },
      signer,
      401,
      'LIST_FOREIGN',
    ],
    [
      'epoch of another key',
      { enrol: enrolDocument({ agent: 'do-1' }, signer), targets: null },
      signer,
      409,
      'EPOCH_TAKEN',
    ],
  ];
  for (const [what, documents, by, status, code] of cases) {
    const answer = await show(documents, by);
    assert.deepEqual([answer.status, answer.body.error.code], [status, code], what);
    assert.ok(answer.body.error.hint.length > 10);
  }
  const replayed = await show({ enrol, targets: null }, signer, 'nonce-of-long-ago-0001');
  assert.deepEqual([replayed.status, replayed.body.error.code], [401, 'NONCE_INVALID']);
  const bare = await harness.send({
    method: 'POST',
    url: URL_PATH,
    payload: { enrol, targets: null },
  });
  assert.deepEqual([bare.status, bare.body.error.code], [401, 'AUTH_FORMAT']);
  assert.equal((await show({ enrol } as Documents, signer)).status, 400);
  assert.equal(ledger.checkpoint().size, size);
  assert.equal(await store.agent(SITE, 'do-9'), null);
});

test('a revoked key, a later epoch and a key of another agent stay in force', async () => {
  const { signer } = generateSigner();
  const { store } = harness.deps;
  const enrol = enrolDocument({ agent: 'do-5', epoch: 2 }, signer);
  assert.equal((await show({ enrol, targets: null }, signer)).status, 200);
  const later = generateSigner().signer;
  const older = enrolDocument({ agent: 'do-5', epoch: 1 }, later);
  const old = await show({ enrol: older, targets: null }, later);
  assert.deepEqual([old.status, old.body.error.code], [409, 'EPOCH_OLDER']);
  const cloned = await show(
    { enrol: enrolDocument({ agent: 'do-6' }, signer), targets: null },
    signer,
  );
  assert.deepEqual([cloned.status, cloned.body.error.code], [409, 'KEY_IN_USE']);
  const row = await store.agent(SITE, 'do-5');
  assert.ok(row);
  await store.write((tx) => tx.putAgent({ ...row, revoked_ms: START_MS }));
  const again = await show({ enrol, targets: null }, signer);
  assert.deepEqual([again.status, again.body.error.code], [403, 'KEY_REVOKED']);
  // A later enrolment of the same agent that this copy lost takes over from what is revoked.
  const next = enrolDocument({ agent: 'do-5', epoch: 3 }, later);
  const renewed = await show({ enrol: next, targets: null }, later);
  assert.deepEqual([renewed.status, renewed.body.expect], [200, { epoch: 3, seq: 1 }]);
});
