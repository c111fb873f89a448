import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { createGroupCommit } from '../../../collector/ingest/group-commit.ts';
import { openCore, removeFolder } from '../../support/collector-core.ts';

const PER_GROUP_BESIDE_LIVE = 16;

type Submit = (lane: 'live' | 'backlog') => Promise<unknown>;

/** Group commits of a real ledger; each group is a text of the lanes of its jobs. */
async function openGroups(t: TestContext, onCommit: () => void = () => undefined) {
  const core = await openCore();
  t.after(async () => {
    await core.close();
    removeFolder(core.data_dir);
  });
  const groups: string[] = [];
  const commit: (typeof core.ledger)['commit'] = (work) => {
    onCommit();
    groups.push('');
    return core.ledger.commit(work);
  };
  const group = createGroupCommit({ commit }, (ms) => wait(ms));
  const submit: Submit = (lane) =>
    group.submit(lane, async () => {
      groups.push((groups.pop() ?? '') + lane[0]);
    });
  const backlog = (count: number) => Array.from({ length: count }, () => submit('backlog'));
  return { groups, submit, backlog };
}

test('beside live batches backlog goes in small groups; alone it fills them', async (t) => {
  const { groups, submit, backlog } = await openGroups(t);
  await Promise.all(backlog(64));
  assert.deepEqual(groups, ['b'.repeat(64)]);
  groups.length = 0;
  await Promise.all([...backlog(40), submit('live')]);
  const small = 'b'.repeat(PER_GROUP_BESIDE_LIVE);
  assert.deepEqual(groups, [`l${small}`, small, 'b'.repeat(8)]);
});

test('what comes while groups are committed is read before the next one', async (t) => {
  const late: Promise<unknown>[] = [];
  const { groups, submit, backlog } = await openGroups(t, () => {
    if (groups.length === 0) setImmediate(() => late.push(submit('live')));
  });
  await Promise.all(backlog(100));
  await Promise.all(late);
  assert.deepEqual(groups.slice(0, 2), ['b'.repeat(64), `l${'b'.repeat(PER_GROUP_BESIDE_LIVE)}`]);
});
