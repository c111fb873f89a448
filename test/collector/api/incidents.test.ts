import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Harness, importSite, openMeasuredOffice, START_MS } from '../harness.ts';

const MINUTE = 60_000;
const URL = '/api/v1/sites/socson-hq';
const PERIOD = 'from=2026-11-23T01:00:00Z&to=2026-11-23T02:00:00Z';
let harness: Harness;
let viewer: string;
let operator: string;

/** The gateway is down from 01:30 to 01:32. */
before(async () => {
  ({ harness, viewer, operator } = await openMeasuredOffice());
});
after(() => harness.close());

test('an incident has every field of the contract', async () => {
  const { status, body, text } = await harness.get(`${URL}/incidents?${PERIOD}`, viewer);
  assert.equal(status, 200, text);
  assert.deepEqual([body.items.length, body.next, body.site], [1, null, 'socson-hq']);
  const [item] = body.items;
  for (const name of (
    'id kind phase cause confidence roots unreachable started_at_ms started_earliest_ms ' +
    'ended_at_ms ended_latest_ms working_ms device_ms facts notes original corrected'
  ).split(' ')) {
    assert.ok(Object.hasOwn(item, name), name);
  }
  assert.deepEqual([item.kind, item.roots, item.phase], ['outage', ['gw'], 'settled']);
  assert.deepEqual(
    [item.started_at_ms, item.ended_at_ms],
    [START_MS + 30 * MINUTE, START_MS + 32 * MINUTE],
  );
  assert.ok(item.started_earliest_ms < item.started_at_ms);
  assert.ok(item.ended_latest_ms >= item.ended_at_ms);
  assert.deepEqual([item.working_ms, item.device_ms], [2 * MINUTE, 2 * MINUTE]);
  assert.deepEqual(item.original, { cause: item.cause, confidence: item.confidence });
  assert.deepEqual([item.corrected, item.notes], [null, []]);
  const one = await harness.get(`${URL}/incidents/${item.id}`, viewer);
  assert.equal(one.body.id, item.id);
  assert.equal(one.body.device_ms, item.device_ms);
  const later = await harness.get(
    `${URL}/incidents?from=2026-11-23T01:32:00Z&to=2026-11-23T02:00:00Z`,
    viewer,
  );
  assert.deepEqual(later.body.items, []);
});

test('what people say stands beside what was measured, in incidents and in figures', async () => {
  const list = await harness.get(`${URL}/incidents?${PERIOD}`, operator);
  const { id, cause, confidence } = list.body.items[0];
  const availability = `${URL}/availability?hours=all&${PERIOD}`;
  const before = (await harness.get(availability, operator)).body;
  assert.equal(before.corrected, null);
  const post = async (path: string, payload: object) =>
    harness.send({ method: 'POST', url: `${URL}${path}`, payload }, operator);
  const noted = await post(`/incidents/${id}/notes`, { text: 'the fan stood still' });
  assert.equal(noted.status, 200, noted.text);
  const other = { cause: 'power', reason: 'letter 12 of the power company' };
  const said = await post(`/incidents/${id}/reclassify`, other);
  assert.equal(said.status, 200, said.text);
  const { body } = await harness.get(`${URL}/incidents/${id}`, viewer);
  assert.deepEqual(
    body.notes.map(({ text, device }: { text: string; device: string }) => [text, device]),
    [['the fan stood still', 'gw']],
  );
  assert.deepEqual([body.cause, body.original], [cause, { cause, confidence }]);
  assert.deepEqual(
    [body.corrected.cause, body.corrected.confidence, body.corrected.reason],
    ['power', 'declared', 'letter 12 of the power company'],
  );
  const after = (await harness.get(availability, operator)).body;
  const gw = ({ items }: { items: { device: string }[] }) =>
    items.find(({ device }) => device === 'gw');
  assert.deepEqual(gw(after), gw(before), 'the original figures stay');
  const corrected = Object(gw(after.corrected));
  assert.equal(corrected.down_ms, 2 * MINUTE);
  assert.deepEqual(Object.keys(corrected.down_by_cause_ms), ['power']);
  assert.deepEqual([corrected.lan_excluded_ms, corrected.availability_lan], [2 * MINUTE, 1]);
});

test('maintenance that was announced too late takes nothing away, and is shown beside', async () => {
  const window = { from: '2026-11-23T01:30:00Z', to: '2026-11-23T02:10:00Z', reason: 'new cables' };
  const url = `${URL}/maintenance`;
  const put = await harness.send({ method: 'POST', url, payload: window }, operator);
  assert.equal(put.status, 200, put.text);
  const query = `${URL}/availability?hours=all&${PERIOD}`;
  const { body } = await harness.get(query, operator);
  const gw = (items: { device: string }[]) => Object(items.find(({ device }) => device === 'gw'));
  assert.deepEqual([gw(body.items).maintenance_ms, gw(body.items).down_ms], [0, 2 * MINUTE]);
  const late = body.late_maintenance;
  assert.deepEqual(
    [gw(late.items).maintenance_ms, gw(late.items).down_ms, gw(late.items).outages],
    [30 * MINUTE, 0, 0],
  );
  assert.equal(late.windows[0].late_ms, 5 * 30 * MINUTE);
});

test('the list is paged and has a CSV; findings stand beside', async () => {
  const paged = await harness.get(`${URL}/incidents?${PERIOD}&limit=1`, operator);
  assert.equal(paged.body.next, null);
  const csv = await harness.get(`${URL}/incidents?${PERIOD}&format=csv`, operator);
  assert.match(csv.text.split('\r\n')[0] ?? '', /^\uFEFFid,kind,phase,cause,confidence,roots,/);
  const findings = await harness.get(`${URL}/findings?${PERIOD}`, operator);
  assert.deepEqual([findings.status, findings.body.items], [200, []]);
});

test('what is not there, or not asked rightly', async () => {
  const none = await harness.get(`${URL}/incidents/${'0'.repeat(64)}`, viewer);
  assert.deepEqual([none.status, none.body.error.code], [404, 'NOT_FOUND']);
  assert.equal((await harness.get(`${URL}/incidents/nothing`, viewer)).status, 400);
  assert.equal((await harness.get(`${URL}/incidents`, viewer)).status, 400);
  assert.equal((await harness.get(`/api/v1/sites/other/incidents?${PERIOD}`, viewer)).status, 404);
  await importSite(harness, 'khac-hq', 'xa-khac');
  const elsewhere = await harness.token('viewer', 'xa-khac');
  assert.equal((await harness.get(`${URL}/incidents?${PERIOD}`, elsewhere)).status, 404);
});
