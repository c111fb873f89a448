import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as timer } from 'node:timers/promises';
import { createAgentIndex, INDEX_AGE_MIN_MS } from '../../../collector/auth/agent-auth.ts';
import { keyId } from '../../../shared/evidence/keys.ts';
import { rotateKeyOf } from '../../support/agent-life.ts';
import type { TestAgent } from '../../support/batches.ts';
import { enrolTestAgent, type Harness, importSite, openHarness } from '../harness.ts';

let harness: Harness;
let agents: TestAgent[];

before(async () => {
  harness = await openHarness();
  await importSite(harness, 'socson-hq', 'xa-soc-son');
  await importSite(harness, 'dongphu-hq', 'xa-dong-phu');
  agents = [
    await enrolTestAgent(harness, 'socson-hq'),
    await enrolTestAgent(harness, 'dongphu-hq'),
  ];
});
after(() => harness.close());

/** An index of a collector that has just started; `reads` counts, each takes `read_ms` ms. */
function started(read_ms = 0) {
  const { store, crypto } = harness.deps;
  const seen = { reads: 0, now_ms: 0 };
  const slow: typeof store = Object.create(store);
  slow.agents = async (...args) => {
    seen.reads += 1;
    const rows = await store.agents(...args);
    await timer(read_ms);
    return rows;
  };
  const index = createAgentIndex({ store: slow, crypto, mono_ms: () => seen.now_ms });
  return { index, seen };
}

const idOf = (agent: TestAgent | undefined) =>
  agent === undefined ? '' : keyId(harness.deps.crypto, agent.signer.publicKey);

test('the first burst after a start shares one read, and every agent is found', async () => {
  const { index, seen } = started(20);
  const found = await Promise.all([...agents, ...agents].map((one) => index.find(idOf(one))));
  const sites = ['socson-hq', 'dongphu-hq'];
  assert.deepEqual(
    found.map((row) => row?.site),
    [...sites, ...sites],
  );
  assert.equal(seen.reads, 1);
});

test('unknown keys cost one read a second, and a change is read at once', async () => {
  const { index, seen } = started();
  for (const [now_ms, reads] of [
    [0, 1],
    [INDEX_AGE_MIN_MS - 1, 1],
    [INDEX_AGE_MIN_MS, 2],
  ] as const) {
    seen.now_ms = now_ms;
    assert.equal(await index.find('nobody'), undefined);
    assert.equal(seen.reads, reads, `${now_ms} ms`);
  }
  index.changed();
  assert.equal(await index.find('nobody'), undefined);
  assert.equal(seen.reads, 3);
});

test('a key that begins while others are read is found', async () => {
  const { index, seen } = started(20);
  const [agent] = agents;
  assert.ok(agent !== undefined);
  const old = idOf(agent);
  const before = index.find(old);
  while (seen.reads === 0) await timer(1);
  await rotateKeyOf(harness, agent);
  index.changed();
  assert.equal((await index.find(idOf(agent)))?.site, 'socson-hq');
  assert.equal(seen.reads, 2);
  await before;
  assert.equal(await index.find(old), undefined, 'the row is read each time');
});
