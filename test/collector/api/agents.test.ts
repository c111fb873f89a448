import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { fromBase64, toBase64 } from '../../../shared/bytes.ts';
import { openCheckpoint } from '../../../shared/evidence/checkpoint.ts';
import { parseEnvelope } from '../../../shared/evidence/dsse.ts';
import { leafHash, verifyConsistency, verifyInclusion } from '../../../shared/evidence/merkle.ts';
import { signRequest } from '../../../shared/evidence/request-auth.ts';
import { BATCH_BYTES_MAX } from '../../../shared/measure/batch.ts';
import { HOLE_CONTENT_TYPE } from '../../../shared/measure/protocol.ts';
import { parseTargetList } from '../../../shared/measure/target-list.ts';
import { generateSigner } from '../../../shared/node/crypto.ts';
import type { TestAgent } from '../../support/batches.ts';
import {
  deliver,
  enrolTestAgent,
  type Harness,
  importSite,
  inventoryYaml,
  measure,
  openHarness,
} from '../harness.ts';

let harness: Harness;
let agent: TestAgent;
let other: TestAgent;

before(async () => {
  harness = await openHarness();
  await importSite(harness, 'socson-hq', 'xa-soc-son');
  await importSite(harness, 'dongphu-hq', 'xa-dong-phu');
  agent = await enrolTestAgent(harness, 'socson-hq');
  other = await enrolTestAgent(harness, 'dongphu-hq');
  await measure(harness, agent, 2);
});
after(() => harness.close());

async function signed(url: string, signer = agent.signer, signedUrl = url) {
  const { nonce } = (await harness.get('/api/v1/agents/nonce')).body;
  const authorization = signRequest(harness.deps.crypto, signer, 'GET', signedUrl, nonce);
  return harness.send({ method: 'GET', url, headers: { authorization } });
}

test('a batch is answered with what the agent goes on with, a repeated one as duplicate', async () => {
  const { body } = agent.next();
  const first = await deliver(harness, body);
  assert.equal(first.status, 200);
  assert.deepEqual(
    [first.body.accepted, first.body.duplicate, first.body.list_version],
    [true, false, 1],
  );
  assert.ok(Number.isInteger(first.body.leaf));
  assert.equal(first.body.time_ms, harness.clock.now_ms);
  const again = await deliver(harness, body);
  assert.deepEqual([again.status, again.body.duplicate], [200, true]);
});

test('an agent stands with the list of its newest batch, and is up for three minutes', async () => {
  const site = 'tanlap-hq';
  await importSite(harness, site, 'xa-tan-lap');
  const third = await enrolTestAgent(harness, site);
  await measure(harness, third, 1);
  const admin = await harness.token('admin');
  const seen = async () => {
    const [item] = (await harness.get(`/api/v1/sites/${site}/agents`, admin)).body.items;
    return [item.list_version, item.newest_list_version, item.up];
  };
  assert.deepEqual(await seen(), [1, 1, true]);
  const payload = inventoryYaml(site, 'xa-tan-lap').replace('10.77.0.32', '10.77.0.33');
  const url = `/api/v1/sites/${site}/inventory`;
  const headers = { 'content-type': 'application/yaml' };
  await harness.send({ method: 'PUT', url, headers, payload }, admin);
  await measure(harness, third, 1);
  assert.deepEqual(await seen(), [1, 2, true], 'it was measured by the list before');
  const targets = await harness.deps.store.targets(site, 'do-1');
  assert.ok(targets !== null);
  third.list = parseTargetList(fromBase64(parseEnvelope(targets.envelope).payload));
  third.listHash = toBase64(targets.hash);
  await measure(harness, third, 1);
  assert.deepEqual(await seen(), [2, 2, true]);
  harness.clock.now_ms += 180_000;
  assert.deepEqual(await seen(), [2, 2, true]);
  harness.clock.now_ms += 1;
  assert.deepEqual(await seen(), [2, 2, false]);
});

test('what is refused says what is expected', async () => {
  agent.next();
  const gap = await deliver(harness, agent.next().body);
  assert.equal(gap.status, 409);
  assert.deepEqual(gap.body.expect, { epoch: 1, seq: 4 });
  assert.equal(gap.body.error.code, 'EXPECT');
  agent.seq -= 2;
  const hole = await harness.send({
    method: 'POST',
    url: '/api/v1/batches',
    headers: { 'content-type': HOLE_CONTENT_TYPE },
    payload: agent.hole(2),
  });
  assert.equal(hole.status, 200, hole.text);
  await measure(harness, agent, 1);
  const cases: [Uint8Array, string, number][] = [
    [new Uint8Array(10), 'application/vnd.lanproof.batch', 400],
    [new Uint8Array(BATCH_BYTES_MAX + 1), 'application/vnd.lanproof.batch', 413],
    [new Uint8Array(10), 'application/json', 415],
    [Uint8Array.of(0xff, 0xfe), HOLE_CONTENT_TYPE, 400],
  ];
  for (const [body, type, status] of cases) {
    const answer = await deliver(harness, body, type);
    assert.equal(answer.status, status, answer.text);
    assert.ok(answer.body.error.hint);
  }
  const stranger = await deliver(harness, { ...agent }.next({ header: { agent: 'do-7' } }).body);
  assert.equal(stranger.status, 401, stranger.text);
  const metrics = await harness.get('/metrics', await harness.token('metrics'));
  assert.match(metrics.text, /lanproof_ingest_rejected_total\{reason="EXPECT"\} 1/);
  assert.match(metrics.text, /lanproof_ingest_seconds_count [1-9]/);
});

test('a proof shows that a batch is in the log, and that the log only grew', async () => {
  const { crypto, ledger, log_key } = harness.deps;
  const old = ledger.checkpoint();
  await measure(harness, other, 3);
  const answer = await signed(`/api/v1/agents/self/proof?epoch=1&seq=1&from=${old.size}`);
  assert.equal(answer.status, 200, answer.text);
  const { leaf, leaf_bytes, inclusion, consistency, checkpoint } = answer.body;
  const head = openCheckpoint(crypto, checkpoint, old.origin, log_key);
  assert.equal(head.size, old.size + 3);
  const hash = leafHash(crypto, fromBase64(leaf_bytes));
  const path = inclusion.map(fromBase64);
  assert.ok(verifyInclusion(crypto, hash, leaf, head.size, path, head.root));
  const grown = consistency.map(fromBase64);
  assert.ok(verifyConsistency(crypto, old.size, old.root, head.size, head.root, grown));
  const none = await signed('/api/v1/agents/self/proof?epoch=1&seq=99');
  assert.deepEqual([none.status, none.body.error.code], [404, 'BATCH_UNKNOWN']);
  const more = await signed('/api/v1/agents/self/proof?epoch=1&seq=1&from=100000');
  assert.deepEqual([more.status, more.body.error.code], [409, 'LOG_SMALLER']);
});

test('an agent reads only its own, and only what it signed', async () => {
  const mine = await signed('/api/v1/agents/self/targets');
  const theirs = await signed('/api/v1/agents/self/targets', other.signer);
  assert.notEqual(mine.body.envelope.payload, theirs.body.envelope.payload);
  const cases: [string, Promise<{ status: number; body: { error: { code: string } } }>, string][] =
    [
      [
        'a stranger',
        signed('/api/v1/agents/self/targets', generateSigner().signer),
        'unknown_agent',
      ],
      [
        'another path',
        signed('/api/v1/agents/self/targets', agent.signer, '/api/v1/agents/self/proof'),
        'SIGNATURE_INVALID',
      ],
    ];
  for (const [what, answer, code] of cases) {
    const { status, body } = await answer;
    assert.deepEqual([status, body.error.code], [401, code], what);
  }
  const bare = await harness.get('/api/v1/agents/self/targets');
  assert.deepEqual([bare.status, bare.body.error.code], [401, 'AUTH_FORMAT']);
  const admin = await harness.token('admin');
  assert.equal((await harness.get('/api/v1/agents/self/targets', admin)).status, 401);
  const { nonce } = (await harness.get('/api/v1/agents/nonce')).body;
  const authorization = signRequest(
    harness.deps.crypto,
    agent.signer,
    'GET',
    '/api/v1/sites',
    nonce,
  );
  const asPerson = { method: 'GET', url: '/api/v1/sites', headers: { authorization } } as const;
  assert.equal((await harness.send(asPerson)).status, 401);
});

test('answers to agents carry no headers that only browsers read; pages and people get them', async () => {
  const nonce = await harness.get('/api/v1/agents/nonce');
  assert.deepEqual(Object.keys(nonce.headers).sort(), [
    ...['cache-control', 'connection', 'content-length', 'content-type', 'date'],
  ]);
  const health = await harness.get('/healthz');
  assert.ok('x-content-type-options' in health.headers);
});
