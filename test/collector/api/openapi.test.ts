import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { csvCell, toCsv } from '../../../collector/api/csv.ts';
import { LanProofError } from '../../../shared/errors.ts';
import { type Harness, openHarness } from '../harness.ts';

let harness: Harness;
let dist: string;

before(async () => {
  dist = mkdtempSync(join(tmpdir(), 'lanproof-web-'));
  mkdirSync(join(dist, 'assets'));
  writeFileSync(join(dist, 'index.html'), '<!doctype html><title>page</title>');
  writeFileSync(join(dist, 'assets', 'main-ABC.js'), `"x".repeat(1);${' '.repeat(4_000)}`);
  harness = await openHarness({ web_dist: dist });
});
after(async () => {
  await harness.close();
  rmSync(dist, { recursive: true, force: true });
});

test('openapi.json lists every route, and every operation has its answers', async () => {
  const { body, status } = await harness.get('/openapi.json');
  assert.equal(status, 200);
  assert.match(body.openapi, /^3\.1/);
  const listed = new Set<string>();
  for (const [path, methods] of Object.entries<Record<string, { summary?: string }>>(body.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      listed.add(`${method.toUpperCase()} ${path}`);
      assert.ok(operation.summary, `${method} ${path} says what it does`);
    }
  }
  for (const route of [
    'POST /api/v1/agents/enrol',
    'POST /api/v1/agents/reintroduce',
    'POST /api/v1/batches',
    'GET /api/v1/agents/nonce',
    'GET /api/v1/agents/self/targets',
    'GET /api/v1/agents/self/logs',
    'GET /api/v1/agents/self/proof',
    'GET /api/v1/agents/self/consistency',
    'POST /api/v1/agents/self/rotate',
    'GET /api/v1/agents/pending',
    'GET /api/v1/tokens',
    'POST /api/v1/tokens/{id}/revoke',
    'POST /api/v1/sites/{site}/agents/{agent}/revoke',
    'GET /api/v1/sites',
    'GET /api/v1/sites/{site}',
    'GET /api/v1/sites/{site}/devices',
    'GET /api/v1/sites/{site}/devices/{device}',
    'PUT /api/v1/sites/{site}/inventory',
    'GET /api/v1/sites/{site}/availability',
    'GET /api/v1/sites/{site}/slots',
    'GET /api/v1/sites/{site}/strip',
    'GET /api/v1/live',
    'GET /api/v1/ledger/{log}/checkpoint',
    'GET /api/v1/ledger/{log}/proof',
    'GET /api/v1/ledger/{log}/consistency',
    'GET /metrics',
    'GET /healthz',
    'GET /readyz',
  ]) {
    assert.ok(listed.has(route), route);
  }
  // Everything that the router knows stands in the description, but for the page itself.
  const routes = harness.app.printRoutes({ commonPrefix: false });
  assert.ok(routes.includes('enrol-tokens'));
  const text = JSON.stringify(body);
  assert.ok(!text.includes('"$ref":"#/components/schemas/undefined"'));
});

test('the page, its files and their caching', async () => {
  for (const url of ['/', '/sites/socson-hq']) {
    const page = await harness.get(url);
    assert.deepEqual([page.status, page.headers['cache-control']], [200, 'no-cache'], url);
    assert.match(page.text, /<title>page/);
    const policy = String(page.headers['content-security-policy']);
    assert.match(policy, /default-src 'self'/);
    assert.ok(!policy.includes('unsafe'));
  }
  const script = await harness.send({
    method: 'GET',
    url: '/assets/main-ABC.js',
    headers: { 'accept-encoding': 'gzip' },
  });
  assert.match(String(script.headers['cache-control']), /max-age=31536000, immutable/);
  assert.equal(script.headers['content-encoding'], 'gzip');
  for (const url of ['/assets/none.js', '/assets/../../package.json', '/assets/%2e%2e/x', '/x']) {
    const answer = await harness.get(url);
    assert.equal(answer.status, 404, url);
    assert.equal(answer.body.error.code, 'NOT_FOUND');
  }
  assert.ok((await harness.get('/%E0%A4%A')).body.error.request_id);
});

test('health: alive, ready, and why not', async () => {
  assert.deepEqual((await harness.get('/healthz')).body, { ok: true });
  // A process that has just begun, on a busy machine, says that it is busy for a moment.
  const end = performance.now() + 20_000;
  let ready = (await harness.get('/readyz')).body;
  while (ready.ready !== true && performance.now() < end) {
    assert.deepEqual(
      ready.reasons.map(({ code }: { code: string }) => code),
      ['UNDER_PRESSURE'],
    );
    await new Promise((resolve) => setTimeout(resolve, 50));
    ready = (await harness.get('/readyz')).body;
  }
  assert.deepEqual(ready, { ready: true, reasons: [] });
  // The look at the clock is due once a second: one second late is allowed, 1 ms more is not.
  harness.clock.now_ms += 2_000;
  assert.equal((await harness.get('/readyz')).status, 200);
  harness.clock.now_ms += 1;
  const late = await harness.get('/readyz');
  const codes = late.body.reasons.map(({ code }: { code: string }) => code);
  assert.deepEqual([late.status, codes], [503, ['UNDER_PRESSURE']]);
  harness.drain();
  const { status, body } = await harness.get('/readyz');
  assert.deepEqual([status, body.ready, body.reasons[0].code], [503, false, 'DRAINING']);
});

test('a fault of ours is hidden from the asker and found in the log by its id', async () => {
  const token = await harness.token('viewer');
  const { store } = harness.deps;
  const sites = store.sites;
  store.sites = () => Promise.reject(new Error('secret detail of the inside'));
  const answer = await harness.get('/api/v1/sites', token);
  store.sites = sites;
  assert.deepEqual([answer.status, answer.body.error.code], [500, 'INTERNAL']);
  assert.ok(!answer.text.includes('secret detail'));
  const line = harness
    .log()
    .split('\n')
    .find((text) => text.includes(answer.body.error.request_id) && text.includes('"level":50'));
  assert.match(line ?? '', /secret detail of the inside/);
});

test('what is busy is told in one line of the log, without a stack', async () => {
  const token = await harness.token('viewer');
  const { store } = harness.deps;
  const { sites } = store;
  store.sites = () => Promise.reject(new LanProofError('STORE_BUSY', 'full', { hint: 'wait' }));
  const busy = await harness.get('/api/v1/sites', token);
  store.sites = sites;
  const line = harness.logged(busy.body.error.request_id);
  assert.deepEqual([busy.status, line['level'], line['reason']], [503, 40, 'full']);
  assert.equal(line['err'], undefined);
});

test('cells that a spreadsheet would run are quoted', () => {
  for (const bad of ['=1+1', '+84', '-x', '@SUM(A1)', '\tx', '\rx']) {
    assert.ok(csvCell(bad).replace(/^"/, '').startsWith("'"), JSON.stringify(bad));
  }
  assert.equal(csvCell(-5), '-5');
  assert.equal(toCsv(['a', 'b'], [['x,"y"', null]]), 'a,b\r\n"x,""y""",\r\n');
});
