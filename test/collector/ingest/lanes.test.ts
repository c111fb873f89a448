import assert from 'node:assert/strict';
import test from 'node:test';
import { createLanes } from '../../../collector/ingest/lanes.ts';

/** So many sites with backlog commit without a pause; one site's batches go one by one. */
const BUSY = 8;

function lanesBeside(names: readonly string[]) {
  const turns = Promise.withResolvers<void>();
  const lanes = createLanes(() => turns.promise);
  const delivered = Promise.withResolvers<void>();
  const streams = names.map((site) => lanes.enter('backlog', site, () => delivered.promise));
  const end = async () => {
    turns.resolve();
    delivered.resolve();
    await Promise.all(streams);
  };
  return { lanes, end };
}

test('a live batch waits for its turn, but not beside a busy backlog', async () => {
  const sites = Array.from({ length: BUSY }, (_, k) => `site-${k}`);
  const few = sites.slice(1);
  for (const backlog of [[], few, sites.map(() => 'one-site'), sites]) {
    const { lanes, end } = lanesBeside(backlog);
    let begun = false;
    const live = lanes.enter('live', 'xa-mau', async () => {
      begun = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(begun, backlog === sites, backlog.join(' '));
    await end();
    await live;
    assert.equal(begun, true);
    assert.equal(lanes.underWay, 0);
  }
});
