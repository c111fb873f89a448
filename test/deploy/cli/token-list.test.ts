import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Harness, openHarness } from '../../collector/harness.ts';
import { type Ran, ran } from './cli-kit.ts';

let harness: Harness;
let url: string;
/** Beside the collector, and from another machine. */
let beside: string[];
let far: string[];

before(async () => {
  harness = await openHarness();
  url = await harness.app.listen({ host: '127.0.0.1', port: 0 });
  const file = join(harness.data_dir, 'collector.yml');
  writeFileSync(file, `data_dir: ${harness.data_dir}\n`);
  beside = ['--config', file];
  far = ['--collector', url, '--token', await harness.token('admin')];
});
after(() => harness.close());

function create(where: readonly string[]): Promise<Ran> {
  return ran(['token', 'create', '--role', 'viewer', '--label', 'phòng VH-XH', ...where]);
}

const idOf = ({ err }: Ran) =>
  /lanproof token revoke (api:[A-Za-z0-9_-]{12})$/.exec(err)?.[1] ?? '';

test('beside and over HTTP: made, listed, revoked, refused by the running collector', async () => {
  for (const where of [beside, far]) {
    const made = await create(where);
    const [id, secret] = [idOf(made), made.out];
    assert.equal((await harness.get('/api/v1/me', secret)).status, 200, made.err);
    const listed = await ran(['token', 'list', ...where]);
    assert.equal(listed.code, 0, listed.err);
    assert.match(listed.out, new RegExp(`^${id} +valid +viewer +- .* phòng VH-XH$`, 'm'));
    assert.ok(!listed.out.includes(secret) && !/lp[as]1_/.test(listed.out));
    const done = await ran(['token', 'revoke', id, ...where]);
    assert.deepEqual([done.code, done.out], [0, `revoked: ${id}, with 0 sessions`], done.err);
    const refused = await harness.get('/api/v1/me', secret);
    assert.deepEqual([refused.status, refused.body.error.code], [401, 'UNAUTHORIZED']);
    const after = await ran(['token', 'list', ...where]);
    assert.match(after.out, new RegExp(`^${id} +revoked `, 'm'));
    const again = await ran(['token', 'revoke', id, ...where]);
    assert.deepEqual([again.code, /^TOKEN_REVOKED/.test(again.err)], [1, true]);
    const unknown = await ran(['token', 'revoke', 'api:aaaaaaaaaaaa', ...where]);
    assert.match(unknown.err, /^TOKEN_UNKNOWN/);
  }
  const actors = (await harness.deps.store.auditOf('api.revoke')).map(({ actor }) => actor);
  assert.equal(actors[0], 'command line');
  assert.match(actors[1] ?? '', /^api:/);
});

test('tokens that a revoked one made are named', async () => {
  const admin = await ran(['token', 'create', '--role', 'admin', ...beside]);
  const made = await create(['--collector', url, '--token', admin.out]);
  const done = await ran(['token', 'revoke', idOf(admin), ...beside]);
  assert.equal(done.err, `made with it and still valid: ${idOf(made)}`);
});

test('a secret that is typed instead of an ID is not shown', async () => {
  const made = await create(beside);
  const wrong = await ran(['token', 'revoke', made.out, ...beside]);
  assert.equal(wrong.code, 2);
  assert.ok(!wrong.err.includes(made.out.slice(5)), wrong.err);
  const viewer = await ran(['token', 'list', ...far.slice(0, 3), made.out]);
  assert.match(viewer.err, /^FORBIDDEN/);
});
