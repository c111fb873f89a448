import assert from 'node:assert/strict';
import test from 'node:test';
import { createHeldSites } from '../../../collector/judge/held-sites.ts';
import { createAgent } from '../../../shared/judge/state.ts';
import { openCore, removeFolder } from '../../support/collector-core.ts';

test('states are held up to a weight; what is not stored yet is never let go', async () => {
  const core = await openCore();
  try {
    // One empty state weighs 1,000 bytes.
    const held = createHeldSites(() => core.clock.now_ms, 2_500);
    const load = (site: string) => core.store.read((unit) => held.load(site, unit));
    const a = await load('a');
    await load('b');
    assert.equal(held.crowded, false);
    a.unsaved = 1;
    const c = await load('c');
    assert.equal(held.crowded, true);
    held.shrink();
    assert.equal(held.crowded, false);
    assert.deepEqual(
      held.all().map(({ site }) => site),
      ['a', 'c'],
    );
    c.state.agents['do-1'] = { ...createAgent('do-1'), pending_ticks: 10 };
    held.weigh(c);
    assert.equal(held.crowded, true);
    held.shrink();
    assert.deepEqual(
      held.all().map(({ site }) => site),
      ['a'],
    );
    held.drop('a');
    assert.equal(held.crowded, false);
    assert.deepEqual(held.all(), []);
  } finally {
    await core.close();
    removeFolder(core.data_dir);
  }
});
