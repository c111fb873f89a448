import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  type Harness,
  importSite,
  inventoryYaml,
  openMeasuredOffice,
  START_MS,
} from '../harness.ts';

const MINUTE = 60_000;
const TO = START_MS + 60 * MINUTE;
const URL = '/api/v1/sites/socson-hq/availability';
/** 08:00 to 09:00 of a working Monday in Vietnam. */
const PERIOD = 'from=2026-11-23T08:00:00%2B07:00&to=2026-11-23T02:00:00Z';
let harness: Harness;
let viewer: string;
let operator: string;

interface Row {
  readonly [name: string]: number | string | null | object;
}

/** An hour in which the gateway was down for two minutes. */
before(async () => {
  ({ harness, viewer, operator } = await openMeasuredOffice());
});
after(() => harness.close());

async function rows(query: string, token = operator): Promise<Row[]> {
  const answer = await harness.get(`${URL}?${query}`, token);
  assert.equal(answer.status, 200, answer.text);
  return answer.body.items;
}

const rowOf = (items: readonly Row[], device: string) =>
  items.find((row) => row['device'] === device);

test('availability has every field of the contract, and the bounds', async () => {
  const url = `${URL}?hours=all&${PERIOD}`;
  const { body } = await harness.get(url, operator);
  const row = body.items.find(({ device }: { device: string }) => device === 'gw');
  for (const name of (
    'device expected_ms up_ms degraded_ms down_ms unreachable_ms off_ms unknown_ms unknown_by ' +
    'maintenance_ms down_by_cause_ms coverage availability worst best availability_lan worst_lan ' +
    'lan_excluded_ms outages outages_ms longest_ms mttr_ms mtbf_ms flags smallest_detectable_ms'
  ).split(' ')) {
    assert.ok(Object.hasOwn(row, name), name);
  }
  assert.equal(row.expected_ms, 60 * MINUTE);
  assert.equal(row.down_ms, 2 * MINUTE);
  assert.equal(row.availability, 58 / 60);
  assert.deepEqual([row.coverage, row.outages, row.longest_ms], [1, 1, 2 * MINUTE]);
  const causes = Object.values<{ down_ms: number }>(row.down_by_cause_ms);
  assert.equal(
    causes.reduce((sum, { down_ms }) => sum + down_ms, 0),
    2 * MINUTE,
  );
  assert.deepEqual([row.flags, row.smallest_detectable_ms, row.mtbf_ms], [[], 4_000, null]);
  assert.equal(body.rules, 1);
  const head = harness.deps.ledger.checkpoint();
  const at_ms = harness.clock.now_ms;
  assert.deepEqual(body.as_of, {
    log: head.origin,
    size: head.size,
    to_ms: TO,
    to: new Date(TO).toISOString(),
    at_ms,
    at: new Date(at_ms).toISOString(),
  });
  assert.deepEqual(body.calendar, {
    ...{ code: 'hanh-chinh', profile: null, version: null, hash: null },
  });
  assert.equal(body.settings, null);
  assert.deepEqual([body.late_maintenance, body.corrected, body.hours], [null, null, 'all']);
  assert.equal(body.totals.site.expected_ms, 60 * MINUTE);
});

test('an outage is counted where it starts, also when the period is cut inside it', async () => {
  const half = async (from: string, to: string) =>
    rowOf(await rows(`hours=all&from=${from}&to=${to}`), 'gw');
  const first = await half('2026-11-23T01:00:00Z', '2026-11-23T01:31:00Z');
  const second = await half('2026-11-23T01:31:00Z', '2026-11-23T02:00:00Z');
  assert.deepEqual([first?.['outages'], second?.['outages']], [1, 0]);
  assert.equal(Number(first?.['down_ms']) + Number(second?.['down_ms']), 2 * MINUTE);
});

test('a viewer sees computers as groups only, and as CSV a table says what it is of', async () => {
  const seen = await rows(`hours=all&${PERIOD}`, viewer);
  assert.ok(!seen.some(({ device }) => String(device).startsWith('pc-')));
  const groups = await rows(`hours=all&by=group&${PERIOD}`, viewer);
  assert.deepEqual(
    groups.map(({ group, devices, left_out }) => [group, devices, left_out]),
    [
      ['', 3, 0],
      ['mot-cua', 0, 2],
    ],
  );
  const other = await harness.get(`${URL}?by=day&device=pc-1&${PERIOD}`, viewer);
  assert.equal(other.status, 404);
  const whole = await harness.get(`${URL}?hours=all&${PERIOD}`, operator);
  const told = await harness.get(`${URL}?hours=all&${PERIOD}`, viewer);
  assert.equal(whole.body.totals.devices.expected_ms, 5 * 60 * MINUTE);
  assert.equal(told.body.totals.devices.expected_ms, 3 * 60 * MINUTE, 'nothing is left over');
  const csv = await harness.get(`${URL}?hours=all&${PERIOD}&format=csv`, operator);
  assert.ok(String(csv.headers['content-type']).startsWith('text/csv'));
  assert.match(
    csv.text.split('\r\n')[0] ?? '',
    /^\uFEFFdevice,.*as_of_log,as_of_size,as_of_to_ms,rules$/,
  );
});

test('working hours are the default, by the calendar or by one of its profiles', async () => {
  const night = 'from=2026-11-22T20:00:00Z&to=2026-11-23T02:00:00Z';
  const both = await Promise.all([rows(night), rows(`hours=working&${night}`)]);
  assert.deepEqual(both[0], both[1]);
  const [working, all] = [
    rowOf(both[0] ?? [], 'gw'),
    rowOf(await rows(`hours=all&${night}`), 'gw'),
  ];
  assert.deepEqual([working?.['expected_ms'], working?.['down_ms']], [60 * MINUTE, 2 * MINUTE]);
  assert.equal(all?.['expected_ms'], 60 * MINUTE, 'before it was measured it was not expected');
  const counter = await harness.get(`${URL}?profile=mot-cua&${PERIOD}`, viewer);
  assert.equal(counter.body.calendar.profile, 'mot-cua');
  for (const [query, code] of [
    ['profile=nobody', 'CALENDAR_PROFILE'],
    ['profile=mot-cua&hours=all', 'PROFILE_HOURS'],
    ['device=gw', 'DEVICE_BY'],
    ['by=week', 'REQUEST_INVALID'],
  ] as const) {
    const { status, body } = await harness.get(`${URL}?${query}&${PERIOD}`, operator);
    assert.deepEqual([status, body.error.code], [400, code], query);
  }
});

test('by day and by hour of the week, of the site or of one device', async () => {
  const days = await rows(
    'by=day&hours=all&device=gw&from=2026-11-22T17:00:00Z&to=2026-11-24T17:00:00Z',
  );
  assert.deepEqual(
    days.map(({ day, down_ms, outages }) => [day, down_ms, outages]),
    [
      ['2026-11-23', 2 * MINUTE, 1],
      ['2026-11-24', 0, 0],
    ],
  );
  const hours = await rows(`by=hour&hours=all&device=gw&${PERIOD}`);
  assert.equal(hours.length, 168);
  const [mondayAt8, at9] = [hours[8], hours[9]];
  assert.deepEqual(
    [mondayAt8?.['weekday'], mondayAt8?.['hour'], mondayAt8?.['down_ms'], at9?.['expected_ms']],
    ['mon', 8, 2 * MINUTE, 0],
  );
  const site = await rows(`by=hour&${PERIOD}`, viewer);
  assert.equal(site[8]?.['expected_ms'], 60 * MINUTE);
});

test('a unit: a row per visible site, and their sum', async () => {
  const url = `/api/v1/units/xa-soc-son/availability?hours=all&${PERIOD}`;
  const { body } = await harness.get(url, viewer);
  assert.deepEqual(
    body.items.map(({ site }: { site: string }) => site),
    ['socson-hq'],
  );
  const [item] = body.items;
  assert.equal(item.totals.devices.down_ms, 2 * MINUTE);
  assert.deepEqual(body.total, item.totals);
  assert.deepEqual([item.calendar, item.settings], [null, null]);
  assert.equal(body.rules, 1);
  const { totals } = (await harness.get(`${URL}?hours=all&${PERIOD}`, viewer)).body;
  assert.equal(item.totals.site.availability, totals.site.availability);
  const { total } = (await harness.get(url, operator)).body;
  assert.equal(total.devices.expected_ms, 5 * 60 * MINUTE);
  assert.deepEqual(item.totals.devices.expected_ms, totals.devices.expected_ms);
  const csv = await harness.get(`${url}&format=csv`, viewer);
  assert.match(csv.text.split('\r\n')[0] ?? '', /^\uFEFFsite,name,unit,site_expected_ms,/);
  for (const path of ['xa-khac', 'nobody']) {
    const missing = await harness.get(`/api/v1/units/${path}/availability?${PERIOD}`, viewer);
    assert.equal(missing.status, 404);
  }
  await importSite(harness, 'khac-hq', 'xa-khac');
  const elsewhere = await harness.token('viewer', 'xa-khac');
  assert.equal((await harness.get(url, elsewhere)).status, 404);
});

test('a device that is removed later stands in the figures of its time', async () => {
  const removed = inventoryYaml('socson-hq', 'xa-soc-son').replace(/^.*may-in.*\n/m, '');
  const put = {
    method: 'PUT',
    url: '/api/v1/sites/socson-hq/inventory',
    headers: { 'content-type': 'application/yaml' },
    payload: removed,
  } as const;
  assert.equal((await harness.send(put, await harness.token('admin'))).status, 200);
  const printer = rowOf(await rows(`hours=all&${PERIOD}`, viewer), 'may-in');
  assert.equal(printer?.['expected_ms'], 60 * MINUTE);
  const { totals } = (await harness.get(`${URL}?hours=all&${PERIOD}`, operator)).body;
  assert.equal(totals.devices.expected_ms, 5 * 60 * MINUTE);
  const unit = await harness.get(
    `/api/v1/units/xa-soc-son/availability?hours=all&${PERIOD}`,
    operator,
  );
  assert.equal(unit.body.total.devices.expected_ms, 5 * 60 * MINUTE);
  const [day] = await rows(`by=day&device=may-in&hours=all&${PERIOD}`);
  assert.equal(day?.['expected_ms'], 60 * MINUTE);
  const after = await rows('hours=all&from=2026-11-23T02:00:00Z&to=2026-11-23T03:00:00Z');
  assert.ok(!after.some(({ device }) => device === 'may-in'));
  const missing = await harness.get(`${URL}?by=day&device=nobody&${PERIOD}`, operator);
  assert.equal(missing.status, 404);
});
