import assert from 'node:assert/strict';
import test from 'node:test';
import { createLanes } from '../../../collector/ingest/lanes.ts';

/** So many streams of backlog at once commit without a pause. */
const BUSY = 8;

function lanesBeside(backlog: number) {
  const turns = Promise.withResolvers<void>();
  const lanes = createLanes(() => turns.promise);
  const delivered = Promise.withResolvers<void>();
  const streams = Array.from({ length: backlog }, (_, k) =>
    lanes.enter('backlog', `site-${k}`, () => delivered.promise),
  );
  const end = async () => {
    turns.resolve();
    delivered.resolve();
    await Promise.all(streams);
  };
  return { lanes, end };
}

test('a live batch waits for its turn, but not beside a busy backlog', async () => {
  for (const backlog of [0, BUSY - 1, BUSY]) {
    const { lanes, end } = lanesBeside(backlog);
    let begun = false;
    const live = lanes.enter('live', 'xa-mau', async () => {
      begun = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(begun, backlog === BUSY, `${backlog} streams`);
    await end();
    await live;
    assert.equal(begun, true);
    assert.equal(lanes.underWay, 0);
  }
});
