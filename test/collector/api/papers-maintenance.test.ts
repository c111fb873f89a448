import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  deliver,
  enrolTestAgent,
  type Harness,
  importSite,
  openHarness,
  START_MS,
} from '../harness.ts';
import { leaves, newest, refusal, write } from './papers-support.ts';

const SITE = 'socson-hq';
const PATH = `${SITE}/maintenance`;
const HOUR_MS = 3_600_000;
let harness: Harness;
let operator: string;

before(async () => {
  harness = await openHarness();
  await importSite(harness, SITE, 'xa-soc-son', 'ha-noi');
  operator = await harness.token('operator');
});
after(() => harness.close());

const post = (body: object) => write(harness, operator, 'POST', PATH, body);
const cancel = (id: string, body?: object) =>
  write(harness, operator, 'POST', `${PATH}/${id}/cancel`, body);
const list = (query = '', token = operator) => harness.get(`/api/v1/sites/${PATH}${query}`, token);
const at = (ms: number) => new Date(ms).toISOString();

test('a window is a signed leaf with its audit row; the same once more adds nothing', async () => {
  const from_ms = START_MS + HOUR_MS;
  const body = {
    devices: ['sw-core', 'gw', 'gw'],
    from: '2026-11-23T09:00:00+07:00',
    to: '2026-11-23T11:00:00+07:00',
    reason: '  Thay switch lõi ',
  };
  const made = await post(body);
  assert.equal(made.status, 200, made.text);
  assert.equal(made.body.changed, true);
  const [item] = made.body.items;
  assert.deepEqual(
    [item.state, item.from_ms, item.to, item.devices, item.late, item.reason],
    ['planned', from_ms, at(from_ms + 2 * HOUR_MS), ['gw', 'sw-core'], null, 'Thay switch lõi'],
  );
  const { paper, leaf, action } = await newest(harness, SITE, 'maintenance');
  assert.equal(item.leaf, leaf);
  assert.equal(action, 'maintenance.plan');
  assert.deepEqual(
    [paper['id'], paper['devices'], paper['windows'], paper['reason']],
    [
      made.body.id,
      ['gw', 'sw-core'],
      [{ from_ms, to_ms: from_ms + 2 * HOUR_MS }],
      'Thay switch lõi',
    ],
  );
  const size = leaves(harness);
  const again = await post({ ...body, devices: ['gw', 'sw-core'] });
  assert.deepEqual([again.body.changed, again.body.id], [false, made.body.id]);
  assert.equal(leaves(harness), size);
});

test('a weekly series is written out for a year, ends of months included', async () => {
  const series = { days: ['sat', 'sun'], start: '22:00', minutes: 180, until: '2027-11-23' };
  const made = await post({ recurring: series, reason: 'Sao lưu' });
  assert.equal(made.status, 200, made.text);
  assert.equal(made.body.items.length, 104);
  const { paper } = await newest(harness, SITE, 'maintenance');
  assert.equal(paper['devices'], null);
  const starts = made.body.items.map(({ from }: { from: string }) => from);
  // Saturday and Sunday, 22:00 in Hà Nội: 15:00 UTC of the same day.
  for (const date of ['2026-11-28', '2027-01-31', '2027-02-28', '2027-05-01', '2027-10-31']) {
    assert.ok(starts.includes(`${date}T15:00:00.000Z`), date);
  }
  assert.ok(made.body.items.every(({ state }: { state: string }) => state === 'planned'));
  const first = await list('?limit=60&from=2026-11-24T00:00:00Z');
  assert.equal(first.body.items.length, 60);
  const rest = await list(`?limit=60&from=2026-11-24T00:00:00Z&after=${first.body.next}`);
  assert.deepEqual([rest.body.items.length, rest.body.next], [44, null]);
  const seen = await list('?from=2027-02-01T00:00:00Z&to=2027-03-01T00:00:00Z');
  assert.equal(seen.body.items.length, 8);
});

test('a cancellation takes back what has not begun and ends what runs', async () => {
  const now_ms = harness.clock.now_ms;
  const made = await post({
    recurring: { days: ['mon', 'tue'], start: '10:00', minutes: 60, until: '2026-12-01' },
    reason: 'Kéo cáp',
  });
  assert.equal(made.body.items.length, 4, made.text);
  // Tomorrow, in the middle of the second window.
  harness.clock.now_ms = made.body.items[1].from_ms + HOUR_MS / 2;
  const ended = await cancel(made.body.id, { reason: 'Xong sớm' });
  assert.equal(ended.status, 200, ended.text);
  const shown = (items: { state: string; to_ms: number; cancelled_ms: number | null }[]) =>
    items.map(({ state, to_ms, cancelled_ms }) => [state, to_ms, cancelled_ms]);
  const to_ms = made.body.items.map((item: { to_ms: number }) => item.to_ms);
  const { now_ms: cut_ms } = harness.clock;
  const expected = [
    ['over', to_ms[0], null],
    ['over', cut_ms, cut_ms],
    ['cancelled', to_ms[2], cut_ms],
    ['cancelled', to_ms[3], cut_ms],
  ];
  assert.deepEqual(shown(ended.body.items), expected);
  const { paper, action } = await newest(harness, SITE, 'maintenance');
  assert.deepEqual([paper['cancels'], paper['reason']], [made.body.id, 'Xong sớm']);
  assert.equal(action, 'maintenance.cancel');
  const size = leaves(harness);
  const twice = await cancel(made.body.id);
  assert.deepEqual([twice.status, twice.body.changed], [200, false]);
  assert.equal(leaves(harness), size);
  // What was taken back may be announced anew.
  const anew = await post({
    recurring: { days: ['mon', 'tue'], start: '10:00', minutes: 60, until: '2026-12-01' },
    reason: 'Kéo cáp',
  });
  assert.deepEqual([anew.body.changed, anew.body.items.length], [true, 2]);
  harness.clock.now_ms = now_ms;
});

test('without a body it is cancelled, too; what is over or unknown is not', async () => {
  const window = { from: at(START_MS + 5 * HOUR_MS), to: at(START_MS + 6 * HOUR_MS) };
  const made = await post({ ...window, reason: 'Thử' });
  const done = await cancel(made.body.id);
  assert.deepEqual([done.status, done.body.items[0].state], [200, 'cancelled']);
  const past = { from: at(START_MS - 2 * HOUR_MS), to: at(START_MS - HOUR_MS) };
  const late = await post({ ...past, reason: 'Báo muộn' });
  assert.deepEqual([late.body.items[0].late, late.body.items[0].state], [null, 'over']);
  const over = await refusal(harness, () => cancel(late.body.id));
  assert.deepEqual([over.status, over.code], [409, 'MAINTENANCE_OVER']);
  const unknown = await refusal(harness, () => cancel('m-0000'));
  assert.deepEqual([unknown.status, unknown.code], [404, 'NOT_FOUND']);
});

test('what is malformed never becomes a leaf', async () => {
  const from = at(START_MS + HOUR_MS);
  const to = at(START_MS + 2 * HOUR_MS);
  const recurring = { days: ['sat'], start: '22:00', minutes: 60, until: '2027-11-23' };
  const bad: [object, string, RegExp][] = [
    [{ from, to }, 'REQUEST_INVALID', /reason/],
    [{ from, to, reason: '   ' }, 'PAPER_FORMAT', /reason.*empty/],
    [{ from, to, reason: 'a\u0007b' }, 'PAPER_FORMAT', /reason/],
    [{ from, to, reason: 'x', devices: ['nobody'] }, 'DEVICE_UNKNOWN', /nobody/],
    [{ from, to, reason: 'x', devices: [] }, 'REQUEST_INVALID', /devices/],
    [{ from, to, reason: 'x', device: 'gw' }, 'REQUEST_INVALID', /additional/],
    [{ from: to, to: from, reason: 'x' }, 'TIME_PERIOD', /empty/],
    [{ from: '2026-11-23 09:00', to, reason: 'x' }, 'TIME_FORMAT', /from/],
    [{ from, to: '2027-03-01T00:00:00Z', reason: 'x' }, 'PAPER_FORMAT', /31 days/],
    [{ from, reason: 'x' }, 'MAINTENANCE_WINDOW', /to/],
    [{ reason: 'x' }, 'MAINTENANCE_WINDOW', /when/],
    [{ from, to, recurring, reason: 'x' }, 'MAINTENANCE_WINDOW', /when/],
    [{ recurring: { ...recurring, until: '2028-01-01' }, reason: 'x' }, 'TIME_RECURRING', /until/],
    [{ recurring: { ...recurring, days: ['day'] }, reason: 'x' }, 'REQUEST_INVALID', /days/],
    [{ recurring: { ...recurring, minutes: 1_441 }, reason: 'x' }, 'REQUEST_INVALID', /minutes/],
  ];
  for (const [body, code, message] of bad) {
    const found = await refusal(harness, () => post(body));
    assert.deepEqual([found.status, found.code], [400, code], JSON.stringify(body));
    assert.match(found.message, message);
  }
});

test('the list is a file for a spreadsheet, and viewers see no computer by its name', async () => {
  const window = { from: at(START_MS + 8 * HOUR_MS), to: at(START_MS + 9 * HOUR_MS) };
  await post({ ...window, devices: ['pc-1', 'pc-2', 'gw'], reason: '=1+1' });
  const viewer = await harness.token('viewer');
  const query = `?from=${window.from}&to=${window.to}`;
  const shown = await list(query, viewer);
  assert.equal(shown.status, 200, shown.text);
  assert.deepEqual(
    shown.body.items.map((item: { devices: string[]; computers: number }) => [
      item.devices,
      item.computers,
    ]),
    [[['gw'], 2]],
  );
  const full = await list(query);
  assert.deepEqual(full.body.items[0].devices, ['gw', 'pc-1', 'pc-2']);
  const csv = await list(`${query}&format=csv`);
  assert.match(String(csv.headers['content-type']), /text\/csv/);
  assert.ok(csv.text.includes("'=1+1"));
  assert.ok(csv.text.includes('gw pc-1 pc-2'));
});

test('agents are asked to renew until a checkpoint that they saw covers the window', async () => {
  const agent = await enrolTestAgent(harness, SITE);
  const renew = async (size: number): Promise<boolean> => {
    const { body } = agent.next({ header: { seen: { log: agent.origin, size } } });
    harness.clock.now_ms = Math.max(harness.clock.now_ms, agent.at_ms + 500);
    const answer = await deliver(harness, body);
    assert.equal(answer.status, 200, answer.text);
    return answer.body.renew;
  };
  assert.equal(await renew(leaves(harness)), false);
  const { now_ms } = harness.clock;
  const from_ms = Math.ceil(now_ms / HOUR_MS) * HOUR_MS;
  const window = { from: at(from_ms), to: at(from_ms + HOUR_MS) };
  const made = await post({ ...window, reason: 'Đổi bộ chuyển nguồn' });
  const { leaf } = made.body.items[0];
  // Newer than all before, but signed before the window was announced.
  assert.equal(await renew(leaf), true);
  assert.equal(await renew(leaf + 1), false);
});
