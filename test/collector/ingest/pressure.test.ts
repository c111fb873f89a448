import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { createGroupCommit, GROUP_BATCHES_MAX } from '../../../collector/ingest/group-commit.ts';
import { BACKLOG_PER_SITE_MAX, createLanes } from '../../../collector/ingest/lanes.ts';
import { LanProofError } from '../../../shared/errors.ts';
import { createTestAgent } from '../../support/batches.ts';
import { enrolAgent, openCore, removeFolder, T0 } from '../../support/collector-core.ts';

const FACTS = { insecure: false };

test('backlog of one site goes one at a time and is bounded; live goes at once', async () => {
  const lanes = createLanes(async () => {});
  let running = 0;
  let most = 0;
  const release: (() => void)[] = [];
  const work = async (): Promise<void> => {
    running += 1;
    most = Math.max(most, running);
    await new Promise<void>((resolve) => release.push(resolve));
    running -= 1;
  };
  const turns = Array.from({ length: BACKLOG_PER_SITE_MAX }, () =>
    lanes.enter('backlog', 'a', work),
  );
  assert.equal(lanes.enter('backlog', 'a', work), undefined);
  const other = lanes.enter('backlog', 'b', async () => 'b');
  assert.equal(await other, 'b');
  assert.equal(await lanes.enter('live', 'a', async () => 'live'), 'live');
  for (let at = 0; at < turns.length; at++) {
    while (release.length <= at) await wait(1);
    release[at]?.();
  }
  await Promise.all(turns);
  assert.equal(most, 1);
  assert.equal(lanes.underWay, 0);
});

test('a full group is live first, and backlog keeps its few places', async () => {
  const core = await openCore();
  try {
    const group = createGroupCommit(core.ledger, (ms) => wait(ms));
    const order: string[] = [];
    const submit = (lane: 'live' | 'backlog') =>
      group.submit(lane, async () => void order.push(lane));
    const all = [
      ...Array.from({ length: 100 }, () => submit('backlog')),
      ...Array.from({ length: 100 }, () => submit('live')),
    ];
    await Promise.all(all);
    const first = order.slice(0, GROUP_BATCHES_MAX);
    assert.equal(first.filter((lane) => lane === 'backlog').length, 8);
    assert.equal(first[0], 'live');
    assert.equal(order.length, 200);
  } finally {
    await core.close();
    removeFolder(core.data_dir);
  }
});

test('a stop waits for what is still being verified', async () => {
  const core = await openCore();
  try {
    const agent = createTestAgent({ site: 'a', agent: 'do-1', start_ms: T0 });
    await enrolAgent(core, agent);
    const first = core.ingest.submitBatch(agent.next().body, FACTS);
    await core.ingest.close();
    assert.equal((await core.store.agent('a', 'do-1'))?.seq, 1);
    assert.equal((await first).kind, 'accepted');
  } finally {
    await core.close();
    removeFolder(core.data_dir);
  }
});

test('a full disk and a stopping collector say later, with a jittered time, and heal', async () => {
  let full = false;
  const core = await openCore({
    wrap: (store) => ({
      ...store,
      write: (work) =>
        full
          ? Promise.reject(new LanProofError('DISK_FULL', 'full', { hint: 'space', fatal: false }))
          : store.write(work),
    }),
  });
  try {
    const agent = createTestAgent({ site: 'a', agent: 'do-1', start_ms: T0 });
    await enrolAgent(core, agent);
    const batch = agent.next();
    full = true;
    const refused = await core.ingest.submitBatch(batch.body, FACTS);
    assert.ok(refused.kind === 'refused');
    assert.deepEqual([refused.status, refused.code], [503, 'DISK_FULL']);
    assert.ok((refused.retry_after_s ?? 0) >= 5);
    full = false;
    assert.equal((await core.ingest.submitBatch(batch.body, FACTS)).kind, 'accepted');
    await core.ingest.close();
    const stopped = await core.ingest.submitBatch(batch.body, FACTS);
    assert.equal(stopped.kind === 'refused' && stopped.code, 'STOPPING');
  } finally {
    await core.close();
    removeFolder(core.data_dir);
  }
});

test('a batch that was sealed long ago is taken through the backlog lane', async () => {
  const core = await openCore();
  try {
    const agent = createTestAgent({ site: 'a', agent: 'do-1', start_ms: T0 });
    await enrolAgent(core, agent);
    core.clock.now_ms = T0 + 3_600_000;
    const old = Array.from({ length: 5 }, () => agent.next());
    const results = await Promise.all(old.map(({ body }) => core.ingest.submitBatch(body, FACTS)));
    assert.ok(results.every(({ kind }) => kind === 'accepted'));
    const groups = core.ingest.stats().groups;
    assert.ok(groups >= 5, 'one at a time: each waits for the one before');
  } finally {
    await core.close();
    removeFolder(core.data_dir);
  }
});
