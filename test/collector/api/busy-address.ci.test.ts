/** The limit of a province behind one address: many requests, so not in each run. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openHarness } from '../harness.ts';

test('agents behind one address ask 20,000 times a minute, and no more', async (t) => {
  // The window is a minute of real time: on a slow machine it would begin anew meanwhile.
  t.mock.timers.enable({ apis: ['Date'] });
  const harness = await openHarness();
  t.after(() => harness.close());
  harness.deps.logger.level = 'warn';
  const ask = (remoteAddress: string) =>
    harness.app.inject({ method: 'GET', url: '/api/v1/agents/nonce', remoteAddress });
  for (let at = 1; at <= 20_000; at++) {
    const { statusCode } = await ask('192.0.2.1');
    if (statusCode !== 200) assert.fail(`request ${at}: ${statusCode}`);
  }
  const limited = await ask('192.0.2.1');
  assert.equal(limited.statusCode, 429);
  assert.equal(limited.json().error.code, 'TOO_MANY_REQUESTS');
  assert.equal((await ask('192.0.2.2')).statusCode, 200, 'another address');
  t.mock.timers.tick(60_000);
  assert.equal((await ask('192.0.2.1')).statusCode, 200, 'the next minute');
});
