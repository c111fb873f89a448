import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { watchLoop } from '../../../collector/metrics/loop-delay.ts';

const HELD_MS = 2_500;

test('a loop that is held up shows at once and until the next look that comes in time', async (t) => {
  const loop = watchLoop(() => performance.now());
  t.after(() => loop.stop());
  assert.ok(loop.late_ms() <= 0);
  const until_ms = performance.now() + HELD_MS;
  while (performance.now() < until_ms);
  assert.ok(loop.late_ms() >= HELD_MS - 1_000 - 1, 'before its timer could run');
  await sleep(0);
  assert.ok(loop.late_ms() >= HELD_MS - 1_000 - 1, 'and after it');
  const end_ms = performance.now() + 20_000;
  while (loop.late_ms() > 500 && performance.now() < end_ms) await sleep(50);
  assert.ok(loop.late_ms() <= 500);
});
