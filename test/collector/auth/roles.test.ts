import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { may, RIGHTS, rolesWith } from '../../../collector/auth/roles.ts';
import { ROLES, type Role } from '../../../collector/store/rows.ts';
import { type Harness, importSite, inventoryYaml, openHarness } from '../harness.ts';

let harness: Harness;

before(async () => {
  harness = await openHarness();
  await importSite(harness, 'socson-hq', 'xa-soc-son', 'ha-noi');
  await importSite(harness, 'dongphu-hq', 'xa-dong-phu', 'bac-ninh');
});
after(() => harness.close());

const PERIOD = 'from=2026-11-23T00:00:00Z&to=2026-11-23T00:30:00Z';
/** Route → roles that may use it; every other one is answered 403. */
const READS: Readonly<Record<string, readonly Role[]>> = {
  '/api/v1/me': ['admin', 'operator', 'viewer', 'auditor'],
  '/api/v1/sites': ['admin', 'operator', 'viewer', 'auditor'],
  '/api/v1/sites/socson-hq': ['admin', 'operator', 'viewer', 'auditor'],
  '/api/v1/sites/socson-hq/devices': ['admin', 'operator', 'viewer', 'auditor'],
  '/api/v1/sites/socson-hq/devices/gw': ['admin', 'operator', 'viewer', 'auditor'],
  '/api/v1/sites/socson-hq/strip': ['admin', 'operator', 'viewer', 'auditor'],
  [`/api/v1/sites/socson-hq/slots?device=gw&${PERIOD}`]: ['admin', 'operator', 'viewer', 'auditor'],
  [`/api/v1/sites/socson-hq/slots?device=pc-1&${PERIOD}`]: ['admin', 'operator'],
  [`/api/v1/sites/socson-hq/availability?hours=all&${PERIOD}`]: [
    'admin',
    'operator',
    'viewer',
    'auditor',
  ],
  '/api/v1/ledger/current/checkpoint': ['admin', 'operator', 'auditor'],
  '/metrics': ['admin', 'operator', 'metrics'],
};

test('each role reads what it may and nothing else', async () => {
  for (const role of ROLES) {
    const token = await harness.token(role);
    for (const [url, roles] of Object.entries(READS)) {
      const answer = await harness.get(url, token);
      assert.equal(answer.status, roles.includes(role) ? 200 : 403, `${role} ${url}`);
    }
  }
  for (const url of Object.keys(READS)) {
    assert.equal((await harness.get(url)).status, 401, url);
    assert.equal((await harness.get(url, 'lpa1_nonsense')).status, 401, url);
  }
});

test('a refusal names the role that is needed', async () => {
  const viewer = await harness.token('viewer');
  const { error } = (await harness.get('/metrics', viewer)).body;
  assert.equal(error.code, 'FORBIDDEN');
  assert.match(error.hint, /one of the roles metrics, operator, admin is needed.*--role metrics/);
  const url = '/api/v1/tokens';
  const post = await harness.send({ method: 'POST', url, payload: { role: 'viewer' } }, viewer);
  assert.match(post.body.error.hint, /^role admin is needed/);
  for (const right of RIGHTS) assert.equal(rolesWith(right).at(-1), 'admin', right);
});

test('changes need an operator, tokens an administrator', async () => {
  const writes = [
    ['PUT', '/api/v1/sites/socson-hq/inventory?dry_run=1', 'operate'],
    ['POST', '/api/v1/sites/socson-hq/enrol-tokens', 'operate'],
    ['POST', '/api/v1/tokens', 'administer'],
  ] as const;
  for (const role of ROLES) {
    const token = await harness.token(role);
    for (const [method, url, right] of writes) {
      const yaml = method === 'PUT';
      const answer = await harness.send(
        {
          method,
          url,
          headers: { 'content-type': yaml ? 'application/yaml' : 'application/json' },
          payload: yaml ? inventoryYaml('socson-hq', 'xa-soc-son', 'ha-noi') : '{"role":"viewer"}',
        },
        token,
      );
      const passed = ![401, 403].includes(answer.status);
      assert.equal(passed, may(role, right), `${role} ${url}: ${answer.text}`);
    }
  }
  assert.ok(RIGHTS.every((right) => may('admin', right)));
});

test('a unit sees its own subtree only, as if nothing else existed', async () => {
  for (const unit of ['xa-soc-son', 'ha-noi']) {
    const token = await harness.token('operator', unit);
    const list = await harness.get('/api/v1/sites', token);
    assert.deepEqual(
      list.body.items.map(({ site }: { site: string }) => site),
      ['socson-hq'],
    );
    for (const path of ['', '/devices', '/strip', `/availability?hours=all&${PERIOD}`]) {
      const answer = await harness.get(`/api/v1/sites/dongphu-hq${path}`, token);
      assert.equal(answer.status, 404, path);
    }
    const metrics = await harness.get('/metrics', token);
    assert.ok(!metrics.text.includes('dongphu'));
    const put = (site: string, yaml: string) =>
      harness.send(
        {
          method: 'PUT',
          url: `/api/v1/sites/${site}/inventory`,
          headers: { 'content-type': 'application/yaml' },
          payload: yaml,
        },
        token,
      );
    // Neither a foreign site, nor a foreign unit, nor pulling a foreign unit under one's own.
    assert.equal((await put('dongphu-hq', inventoryYaml('dongphu-hq', unit))).status, 404);
    assert.equal((await put('new-hq', inventoryYaml('new-hq', 'xa-dong-phu', unit))).status, 403);
    assert.equal((await put('new-hq', inventoryYaml('new-hq', 'bac-ninh'))).status, 403);
    assert.equal((await put('new-hq', inventoryYaml('new-hq', 'xa-khac', 'bac-ninh'))).status, 403);
    assert.equal((await put('new-hq', inventoryYaml('new-hq', 'xa-khac'))).status, 403);
    assert.equal((await put('new-hq', inventoryYaml('new-hq', unit, 'bac-ninh'))).status, 403);
    const foreign = { method: 'POST', url: '/api/v1/sites/dongphu-hq/enrol-tokens' } as const;
    assert.equal((await harness.send({ ...foreign, payload: {} }, token)).status, 404);
  }
  const local = await harness.token('admin', 'ha-noi');
  const make = (body: object) =>
    harness.send({ method: 'POST', url: '/api/v1/tokens', payload: body }, local);
  assert.equal((await make({ role: 'viewer', unit: 'bac-ninh' })).status, 403);
  assert.equal((await make({ role: 'viewer', unit: 'nowhere' })).status, 403);
  const own = await make({ role: 'viewer' });
  assert.equal(own.body.unit, 'ha-noi', 'without a unit it sees what its maker sees');
  assert.equal((await make({ role: 'viewer', unit: 'xa-soc-son' })).status, 200);
});

test('viewers get computers as counts, and no addresses', async () => {
  const viewer = await harness.token('viewer');
  const list = await harness.get('/api/v1/sites/socson-hq/devices', viewer);
  const codes = list.body.items.map(({ device }: { device: string }) => device);
  assert.deepEqual(codes, ['gw', 'may-in', 'sw-core']);
  assert.equal(list.body.computers[0].group, 'mot-cua');
  assert.equal(list.body.computers[0].total, 2);
  assert.ok(!list.text.includes('10.77.'));
  assert.equal((await harness.get('/api/v1/sites/socson-hq/devices/pc-1', viewer)).status, 404);
  const site = await harness.get('/api/v1/sites/socson-hq', viewer);
  assert.ok(!site.text.includes('0901234567'));
  const operator = await harness.token('operator');
  const full = await harness.get('/api/v1/sites/socson-hq/devices', operator);
  assert.equal(full.body.items.length, 5);
  assert.ok(full.text.includes('10.77.0.31'));
  assert.ok((await harness.get('/api/v1/sites/socson-hq', operator)).text.includes('0901234567'));
});

test("a look at a computer's slots is audited", async () => {
  const operator = await harness.token('operator');
  await harness.get(`/api/v1/sites/socson-hq/slots?device=pc-2&${PERIOD}`, operator);
  const [newest] = await harness.deps.store.audit(1);
  assert.equal(newest?.action, 'slots.read');
  assert.equal(newest?.site, 'socson-hq');
  assert.ok(newest?.detail.includes('pc-2'));
});
