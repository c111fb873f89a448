import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { toBase64 } from '../../../shared/bytes.ts';
import { enrolAnew, revokeFrom, rotateKeyOf } from '../../support/agent-life.ts';
import type { TestAgent } from '../../support/batches.ts';
import { enrolTestAgent, type Harness, importSite, openHarness } from '../harness.ts';

let harness: Harness;

before(async () => {
  harness = await openHarness();
  await importSite(harness, 'socson-hq', 'xa-soc-son');
  await importSite(harness, 'dongphu-hq', 'xa-dong-phu');
});
after(() => harness.close());

async function tokenFor({ site, agent }: TestAgent, approve: boolean): Promise<string> {
  const url = `/api/v1/sites/${site}/enrol-tokens`;
  const payload = { agent, approve };
  const admin = await harness.token('admin');
  return (await harness.send({ method: 'POST', url, payload }, admin)).body.token;
}

/** The answer to an enrolment: its state, or status and code of the refusal. */
async function ask(token: string, key: Uint8Array): Promise<unknown[]> {
  const payload = { token, public_key: toBase64(key), software: '0.1.0' };
  const { status, body } = await harness.send({
    ...{ method: 'POST', url: '/api/v1/agents/enrol', payload },
  });
  if (status === 200) return [200, body.status];
  if (body.error.code === 'KEY_REVOKED') assert.match(body.error.hint, /remove agent\.key .*new/);
  return [status, body.error.code];
}

const leaves = () => harness.deps.ledger.checkpoint().size;

test('a key that was revoked or rotated away from is not enrolled again, in any epoch', async () => {
  const agent = await enrolTestAgent(harness, 'socson-hq');
  const first = agent.signer.publicKey;
  await rotateKeyOf(harness, agent);
  const second = agent.signer.publicKey;
  const token = await tokenFor(agent, true);
  assert.deepEqual(await ask(token, first), [403, 'KEY_REVOKED'], 'rotated away from');
  await revokeFrom(harness, agent, leaves());
  assert.deepEqual(await ask(token, second), [403, 'KEY_REVOKED'], 'the row says it');

  // From the next epoch on the revocation stands in the log only. No refusal used the token up.
  const { store } = harness.deps;
  const anew = await enrolAnew(harness, agent, harness.clock.now_ms);
  assert.equal((await store.agent('socson-hq', 'do-1'))?.revoked_ms, null);
  for (const key of [first, second]) {
    assert.deepEqual(await ask(token, key), [403, 'KEY_REVOKED']);
  }
  const row = await store.agent('socson-hq', 'do-1');
  assert.deepEqual([row?.epoch, toBase64(row?.key ?? first)], [2, toBase64(anew.signer.publicKey)]);
  assert.deepEqual(await ask(token, anew.signer.publicKey), [200, 'approved']);
});

test('a key that is revoked while it waits is not approved any more', async () => {
  const agent = await enrolTestAgent(harness, 'dongphu-hq');
  const key = agent.signer.publicKey;
  const token = await tokenFor(agent, false);
  assert.deepEqual(await ask(token, key), [200, 'pending']);
  await revokeFrom(harness, agent, leaves());
  const url = '/api/v1/sites/dongphu-hq/agents/do-1/approve';
  const size = leaves();
  const tried = await harness.send({ method: 'POST', url }, await harness.token('operator'));
  assert.deepEqual([tried.status, tried.body.error.code], [403, 'KEY_REVOKED']);
  assert.deepEqual(await ask(token, key), [403, 'KEY_REVOKED']);
  assert.equal(leaves(), size, 'nothing was ledgered');
});
