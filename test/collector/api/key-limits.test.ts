import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  REVOKE_BODY_BYTES_MAX,
  ROTATE_BODY_BYTES_MAX,
  ROTATE_PER_MINUTE_MAX,
} from '../../../collector/api/keys.ts';
import { REASON_CHARS_MAX } from '../../../collector/auth/revoke.ts';
import { openDocument } from '../../../shared/evidence/document-reading.ts';
import { type Answer, enrolTestAgent, type Harness, importSite, openHarness } from '../harness.ts';

const SITE = 'socson-hq';
const LONGEST = REASON_CHARS_MAX;
let harness: Harness;
let admin: string;

before(async () => {
  harness = await openHarness();
  await importSite(harness, SITE, 'xa-soc-son');
  admin = await harness.token('admin');
});
after(() => harness.close());

const code = ({ status, body }: Answer) => [status, body.error?.code];

/** JSON as some programs write it: every character beyond ASCII escaped. */
function escaped(value: object): string {
  const hex = (unit: string) => unit.charCodeAt(0).toString(16).padStart(4, '0');
  return JSON.stringify(value).replace(/[^ -~]/g, (unit) => `\\u${hex(unit)}`);
}

function post(url: string, payload: string, token?: string): Promise<Answer> {
  const headers = { 'content-type': 'application/json' };
  return harness.send({ method: 'POST', url, headers, payload }, token);
}

const revoke = (body: object, agent = 'do-1') =>
  post(`/api/v1/sites/${SITE}/agents/${agent}/revoke`, escaped(body), admin);

test('a reason has 1 to REASON_CHARS_MAX characters, as its document counts them', async () => {
  const { store, crypto, document_key } = harness.deps;
  for (const reason of ['ệ'.repeat(LONGEST), '😀'.repeat(LONGEST / 2)]) {
    const { agent } = await enrolTestAgent(harness, SITE);
    assert.deepEqual(code(await revoke({ reason: '' }, agent)), [400, 'REQUEST_INVALID']);
    assert.deepEqual(code(await revoke({ reason: `${reason}.` }, agent)), [
      400,
      reason.startsWith('ệ') ? 'REQUEST_INVALID' : 'REASON_LENGTH',
    ]);
    assert.equal((await store.documents(SITE, 'revoke', agent)).length, 0);
    const answer = await revoke({ reason }, agent);
    assert.equal(answer.status, 200, answer.text);
    const [row] = await store.documents(SITE, 'revoke', agent);
    const said = openDocument(crypto, row?.text ?? '', 'revoke', document_key.publicKey);
    assert.equal(said.reason, reason);
  }
});

test('a key counts until a leaf of the open log, at most the next one', async () => {
  const { agent } = await enrolTestAgent(harness, SITE);
  const { size } = harness.deps.ledger.checkpoint();
  const beyond = await revoke({ reason: 'x', from_leaf: size + 1 }, agent);
  assert.deepEqual(code(beyond), [400, 'LEAF_BEYOND']);
  const next = await revoke({ reason: 'x', from_leaf: size }, agent);
  assert.deepEqual([next.status, next.body.from_leaf], [200, size]);
});

test('bodies have their limit to the byte', async () => {
  for (const [url, bytes_max] of [
    [`/api/v1/sites/${SITE}/agents/do-1/revoke`, REVOKE_BODY_BYTES_MAX],
    ['/api/v1/agents/self/rotate', ROTATE_BODY_BYTES_MAX],
  ] as const) {
    const fits = await post(url, JSON.stringify('x'.repeat(bytes_max - 2)), admin);
    assert.deepEqual(code(fits), [400, 'REQUEST_INVALID'], url);
    const beyond = await post(url, JSON.stringify('x'.repeat(bytes_max - 1)), admin);
    assert.deepEqual(code(beyond), [413, 'BODY_TOO_LARGE'], url);
  }
});

test('rotations have their limit per address and minute', async () => {
  const rotate = (remoteAddress: string) =>
    harness.send({
      ...{ method: 'POST', url: '/api/v1/agents/self/rotate', payload: {}, remoteAddress },
    });
  for (let i = 0; i < ROTATE_PER_MINUTE_MAX; i++) {
    assert.equal((await rotate('192.0.2.1')).status, 400);
  }
  const limited = await rotate('192.0.2.1');
  assert.deepEqual(code(limited), [429, 'TOO_MANY_REQUESTS']);
  assert.ok(Number(limited.headers['retry-after']) > 0);
  assert.equal((await rotate('192.0.2.2')).status, 400, 'another address');
});
