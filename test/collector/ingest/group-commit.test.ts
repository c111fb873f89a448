import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { createGroupCommit } from '../../../collector/ingest/group-commit.ts';
import { openCore, removeFolder } from '../../support/collector-core.ts';

const PER_GROUP_BESIDE_LIVE = 16;

test('beside live batches backlog goes in small groups; alone it fills them', async () => {
  const core = await openCore();
  try {
    const groups: string[] = [];
    const group = createGroupCommit(
      {
        commit: (work) => {
          groups.push('');
          return core.ledger.commit(work);
        },
      },
      (ms) => wait(ms),
    );
    const submit = (lane: 'live' | 'backlog'): Promise<unknown> =>
      group.submit(lane, async () => {
        groups.push((groups.pop() ?? '') + lane[0]);
      });
    const many = (count: number): Promise<unknown>[] =>
      Array.from({ length: count }, () => submit('backlog'));
    await Promise.all(many(64));
    assert.deepEqual(groups, ['b'.repeat(64)]);
    groups.length = 0;
    await Promise.all([...many(40), submit('live')]);
    const small = 'b'.repeat(PER_GROUP_BESIDE_LIVE);
    assert.deepEqual(groups, [`l${small}`, small, 'b'.repeat(8)]);
  } finally {
    await core.close();
    removeFolder(core.data_dir);
  }
});

test('what comes while groups are committed is read before the next one', async () => {
  const core = await openCore();
  try {
    const groups: string[] = [];
    const late: Promise<unknown>[] = [];
    const group = createGroupCommit(
      {
        commit: (work) => {
          if (groups.length === 0) setImmediate(() => late.push(submit('live')));
          groups.push('');
          return core.ledger.commit(work);
        },
      },
      (ms) => wait(ms),
    );
    const submit = (lane: 'live' | 'backlog'): Promise<unknown> =>
      group.submit(lane, async () => {
        groups.push((groups.pop() ?? '') + lane[0]);
      });
    await Promise.all(Array.from({ length: 100 }, () => submit('backlog')));
    await Promise.all(late);
    assert.deepEqual(groups.slice(0, 2), ['b'.repeat(64), `l${'b'.repeat(PER_GROUP_BESIDE_LIVE)}`]);
  } finally {
    await core.close();
    removeFolder(core.data_dir);
  }
});
