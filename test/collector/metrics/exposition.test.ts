import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import test from 'node:test';
import { openHarness } from '../harness.ts';

const found = spawnSync('promtool', ['--version']).status === 0;
const missing = 'promtool is missing: apt install prometheus';

test('promtool accepts the exposition', {
  skip: !found && process.env['CI'] !== 'true' && missing,
}, async (t) => {
  assert.ok(found, missing);
  const h = await openHarness();
  t.after(() => h.close());
  const { status, text } = await h.get('/metrics', await h.token('metrics'));
  assert.equal(status, 200);
  assert.match(text, /^lanproof_/m);
  const check = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
  assert.equal(check.status, 0, check.stdout + check.stderr);
});
