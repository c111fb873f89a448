import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Harness, openMeasuredOffice } from '../harness.ts';

const MINUTE = 60_000;
let harness: Harness;
let viewer: string;
let operator: string;

/** An hour in which the gateway was down for two minutes. */
before(async () => {
  ({ harness, viewer, operator } = await openMeasuredOffice());
});
after(() => harness.close());

const PERIOD = 'from=2026-11-23T08:00:00%2B07:00&to=2026-11-23T02:00:00Z';

test('periods are whole UTC minutes in RFC 3339', async () => {
  const cases: [string, string][] = [
    ['from=2026-11-23T00:00:01Z&to=2026-11-23T00:30:00Z', 'TIME_MINUTE'],
    ['from=2026-11-23T00:00:00Z&to=2026-11-23T00:30:00.5Z', 'TIME_MINUTE'],
    ['from=2026-11-23T00:00:00&to=2026-11-23T00:30:00Z', 'TIME_FORMAT'],
    ['from=yesterday&to=2026-11-23T00:30:00Z', 'TIME_FORMAT'],
    ['from=2026-11-31T00:00:00Z&to=2026-13-01T00:30:00Z', 'TIME_FORMAT'],
    ['from=2026-11-23T00:30:00Z&to=2026-11-23T00:30:00Z', 'TIME_PERIOD'],
    ['from=2020-11-23T00:30:00Z&to=2026-11-23T00:30:00Z', 'TIME_PERIOD'],
    ['from=2026-11-23T00:00:00Z', 'REQUEST_INVALID'],
  ];
  for (const [query, code] of cases) {
    for (const path of ['slots?device=gw&', 'availability?hours=all&']) {
      const answer = await harness.get(`/api/v1/sites/socson-hq/${path}${query}`, operator);
      assert.deepEqual([answer.status, answer.body.error.code], [400, code], query);
    }
  }
});

test('slots, strip and devices', async () => {
  const slots = await harness.get(`/api/v1/sites/socson-hq/slots?device=gw&${PERIOD}`, viewer);
  const [run] = slots.body.runs;
  assert.deepEqual(
    [run.slots, run.class, run.code, run.agent, run.seq],
    [1_800, 'reply', 'r', 'do-1', 1],
  );
  const strip = (await harness.get('/api/v1/sites/socson-hq/strip', viewer)).body;
  const gw = strip.items.find(({ device }: { device: string }) => device === 'gw');
  assert.equal(gw.cells.length, 60);
  assert.deepEqual(gw.cells.slice(29, 33), ['up', 'down', 'down', 'up']);
  const device = (await harness.get('/api/v1/sites/socson-hq/devices/gw', viewer)).body;
  assert.deepEqual([device.state, device.rtt_ms, device.age_ms], ['up', 0.3, 500]);
  const site = (await harness.get('/api/v1/sites/socson-hq', viewer)).body;
  assert.deepEqual([site.states.up, site.worst, site.agents[0].up], [5, 'up', true]);
});

test('what nobody can ask is named so, and the counts are all devices', async () => {
  const yaml = `unit: { code: xa-tan-lap, name: "Xã Tân Lập" }
site: { code: tanlap-hq, name: "Trụ sở Tân Lập" }
agents: [{ code: do-1 }]
devices:
  - { code: gw, kind: gateway, address: 10.78.0.1 }
  - { code: sw-1, kind: unmanaged-switch, attached: { device: gw }, witnesses: [cam-1, cam-2] }
  - { code: cam-1, kind: camera, address: 10.78.0.11, attached: { device: sw-1 } }
  - { code: cam-2, kind: camera, address: 10.78.0.12, attached: { device: sw-1 } }
  - { code: sw-2, kind: unmanaged-switch, attached: { device: gw }, witnesses: [pc-1, pc-2] }
  - { code: pc-1, kind: pc, address: 10.78.0.21, attached: { device: sw-2 } }
  - { code: pc-2, kind: pc, address: 10.78.0.22, attached: { device: sw-2 } }
`;
  const url = '/api/v1/sites/tanlap-hq';
  const headers = { 'content-type': 'application/yaml' };
  const put = { method: 'PUT', url: `${url}/inventory`, headers, payload: yaml } as const;
  assert.equal((await harness.send(put, operator)).status, 200);
  const { states, devices, worst } = (await harness.get(url, viewer)).body;
  const counts = Object.values<number>(states);
  assert.deepEqual([states.not_measured, states.pending, worst], [1, 6, 'pending']);
  assert.equal(
    counts.reduce((sum, count) => sum + count, 0),
    devices,
  );
  const shown = async (device: string) =>
    (await harness.get(`${url}/devices/${device}`, viewer)).body;
  assert.deepEqual((await shown('sw-1')).state, 'pending', 'its cameras will tell');
  const { state, reachability } = await shown('sw-2');
  assert.deepEqual([state, reachability], ['not_measured', 'none'], 'nothing but computers');
  const strip = (await harness.get(`${url}/strip`, viewer)).body.items;
  const codes = strip.map(({ device }: { device: string }) => device);
  assert.deepEqual([codes.includes('sw-1'), codes.includes('sw-2')], [true, false]);
});

test('lists are paged, and as CSV no cell is a formula', async () => {
  const first = await harness.get('/api/v1/sites/socson-hq/devices?limit=2', operator);
  assert.equal(first.body.items.length, 2);
  const more = await harness.get(
    `/api/v1/sites/socson-hq/devices?limit=9&after=${first.body.next}`,
    operator,
  );
  assert.deepEqual([more.body.items.length, more.body.next], [3, null]);
  const csv = await harness.get('/api/v1/sites/socson-hq/devices?format=csv', operator);
  assert.match(csv.text, /,'=cmd\(\),/);
});

test('metrics: no names, no addresses, no timestamps, nothing for what is unknown', async () => {
  const { store } = harness.deps;
  const metrics = await harness.get('/metrics', await harness.token('metrics'));
  assert.match(
    metrics.text,
    /lanproof_device_up\{site="socson-hq",device="gw",kind="gateway"\} 1\n/,
  );
  assert.match(
    metrics.text,
    /lanproof_device_up\{site="socson-hq",device="sw-core",kind="switch"\} 1/,
  );
  assert.ok(!/device="(may-in|pc-1)"/.test(metrics.text), 'infrastructure only');
  for (const secret of ['10.77.', 'Switch', 'Bộ']) assert.ok(!metrics.text.includes(secret));
  const samples = metrics.text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  assert.ok(samples.length > 20);
  for (const line of samples) {
    assert.match(line, /^lanproof_[a-z0-9_]+(\{[^}]*\})? (-?[0-9.e+-]+|NaN|\+Inf|Nan)$/, line);
  }
  const named = samples.map((line) => /^[a-z0-9_]+/.exec(line)?.[0] ?? '');
  assert.ok(named.includes('lanproof_store_free_bytes'));
  assert.equal((await store.health()).writable, true);
  assert.ok(samples.some((line) => line === 'lanproof_store_writable 1'));
});

test('ledger texts', async () => {
  const auditor = await harness.token('auditor');
  const checkpoint = await harness.get('/api/v1/ledger/1/checkpoint', auditor);
  assert.ok(checkpoint.text.startsWith(`${harness.deps.ledger.checkpoint().origin}\n`));
  const proof = await harness.get('/api/v1/ledger/current/proof?leaf=0', auditor);
  assert.ok(proof.text.startsWith('c2sp.org/tlog-proof@v1\nextra '));
  const size = Number(checkpoint.text.split('\n')[1]);
  const consistency = await harness.get(`/api/v1/ledger/1/consistency?from=1&to=${size}`, auditor);
  assert.equal(consistency.status, 200);
  for (const path of [
    `1/proof?leaf=${size}`,
    '9/checkpoint',
    `1/consistency?from=0&to=${size + 1}`,
  ]) {
    assert.equal((await harness.get(`/api/v1/ledger/${path}`, auditor)).status, 404, path);
  }
  assert.equal(
    (await harness.get('/api/v1/ledger/1/consistency?from=2&to=1', auditor)).status,
    400,
  );
});

test('a silent agent makes everything unknown, never up', async () => {
  harness.clock.now_ms += 10 * MINUTE;
  const site = (await harness.get('/api/v1/sites/socson-hq', viewer)).body;
  assert.deepEqual([site.states.unknown, site.worst, site.agents[0].up], [5, 'unknown', false]);
  const strip = (await harness.get('/api/v1/sites/socson-hq/strip', viewer)).body;
  for (const { cells } of strip.items) assert.equal(cells.at(-1), 'unknown');
  const metrics = await harness.get('/metrics', await harness.token('metrics'));
  assert.ok(!metrics.text.includes('lanproof_device_up{'));
  assert.match(metrics.text, /lanproof_agent_up\{site="socson-hq",agent="do-1"\} 0/);
});
