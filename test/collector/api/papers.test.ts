import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ROLES } from '../../../collector/store/rows.ts';
import { type Answer, type Harness, importSite, openHarness, START_MS } from '../harness.ts';
import { leaves, type Method, newest, refusal, write } from './papers-support.ts';

const SITE = 'socson-hq';
let harness: Harness;
let operator: string;
let viewer: string;

before(async () => {
  harness = await openHarness();
  await importSite(harness, SITE, 'xa-soc-son', 'ha-noi');
  await importSite(harness, 'dongphu-hq', 'xa-dong-phu', 'bac-ninh');
  operator = await harness.token('operator');
  viewer = await harness.token('viewer');
});
after(() => harness.close());

const send = (method: Method, path: string, payload?: object, token = operator) =>
  write(harness, token, method, `${SITE}/${path}`, payload);
const get = (path: string, token = viewer) => harness.get(`/api/v1/sites/${SITE}/${path}`, token);

async function addsNothing(request: () => Promise<Answer>): Promise<Answer> {
  const size = leaves(harness);
  const answer = await request();
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.body.changed, false);
  assert.equal(leaves(harness), size);
  return answer;
}

test('the built-in calendar holds until a person writes one', async () => {
  const built_in = await get('calendar');
  assert.equal(built_in.status, 200, built_in.text);
  const { version, hash, calendar } = built_in.body;
  assert.deepEqual([built_in.body.built_in, version, hash], [true, null, null]);
  assert.deepEqual([calendar.code, calendar.zone], ['hanh-chinh', 'Asia/Ho_Chi_Minh']);
  // What a person writes is pinned, also where it says the same as this program.
  const made = await send('PUT', 'calendar', calendar);
  assert.deepEqual([made.status, made.body.changed, made.body.version], [200, true, 1], made.text);
  const leafed = await newest(harness, SITE, 'calendar');
  assert.deepEqual(leafed.paper['calendar'], calendar);
  assert.equal(made.body.hash, leafed.hash);
  await addsNothing(() => send('PUT', 'calendar', calendar));
});

test('a calendar needs only what differs, and its days can be asked for', async () => {
  const { calendar } = (await get('calendar')).body;
  const morning = [{ from_min: 450, to_min: 720 }];
  const weekly = { ...calendar.weekly, sat: morning };
  const made = await send('PUT', 'calendar', { code: 'sang-thu-bay', weekly });
  assert.deepEqual([made.body.version, made.body.built_in], [2, false], made.text);
  const days = (await get('calendar?from=2026-11-27&to=2026-11-29')).body.days;
  assert.deepEqual(
    days.map((day: { date: string; weekday: string; working_ms: number }) => [
      day.date,
      day.weekday,
      day.working_ms / 3_600_000,
    ]),
    [
      ['2026-11-27', 'fri', 8],
      ['2026-11-28', 'sat', 4.5],
      ['2026-11-29', 'sun', 0],
    ],
  );
  assert.equal(days[1].hours[0].from, '2026-11-28T00:30:00.000Z');
  const holiday = (await get('calendar?from=2026-09-02&to=2026-09-02')).body.days[0];
  assert.deepEqual([holiday.kind, holiday.working_ms], ['holiday', 0]);
  assert.ok(holiday.name_vi && holiday.source && holiday.checked_on);
  const counter = await get('calendar?from=2026-11-28&to=2026-11-28&profile=mot-cua');
  assert.equal(counter.body.days[0].working_ms, 0);
  const csv = await get('calendar?from=2026-11-27&to=2026-11-29&format=csv');
  assert.ok(csv.text.includes('2026-11-28,sat,16200000'));
});

test('a calendar that cannot be read is refused with its place', async () => {
  const bad: [object, RegExp][] = [
    [{ weekly: { mon: [] } }, /weekly\.tue/],
    [{ zone: 'Hà Nội' }, /zone/],
    [{ hours: [] }, /hours/],
  ];
  for (const [body, message] of bad) {
    const found = await refusal(harness, () => send('PUT', 'calendar', body));
    assert.deepEqual([found.status, found.code], [400, 'CALENDAR_FORMAT']);
    assert.match(found.message, message);
  }
  const periods = [
    'from=2026-11-27',
    'from=2026-02-30&to=2026-03-01',
    'from=2026-01-01&to=2028-01-01',
  ];
  for (const query of periods) {
    const found = await get(`calendar?${query}`);
    assert.deepEqual([found.status, found.body.error.code], [400, 'TIME_PERIOD'], query);
  }
  const profile = await get('calendar?from=2026-11-27&to=2026-11-27&profile=none');
  assert.deepEqual([profile.status, profile.body.error.code], [400, 'CALENDAR_PROFILE']);
});

test('thresholds: in force, built in, and what each may be', async () => {
  const found = (await get('settings')).body;
  const settle = (body: { thresholds: { name: string }[] }) =>
    body.thresholds.find(({ name }) => name === 'settle_ms');
  assert.deepEqual(settle(found), {
    ...{ name: 'settle_ms', value: 900_000, default: 900_000 },
    ...{ min: 1_000, max: 1_800_000, unit: 'ms' },
  });
  assert.deepEqual([found.version, found.settings], [null, {}]);
  await addsNothing(() => send('PUT', 'settings', { settings: {} }));
  const settings = { settle_ms: 90_000, lossy_share: 0.2 };
  const made = await send('PUT', 'settings', { settings });
  assert.deepEqual([made.body.changed, made.body.version], [true, 1], made.text);
  assert.deepEqual((await newest(harness, SITE, 'settings')).paper['settings'], settings);
  const shown = (await get('settings')).body;
  assert.equal(settle(shown)?.['value' as 'name'], 90_000);
  await addsNothing(() =>
    send('PUT', 'settings', { settings: { lossy_share: 0.2, settle_ms: 90_000 } }),
  );
  for (const odd of [
    { settle_ms: 1 },
    { down_slots: 2 },
    { setle_ms: 5_000 },
    { flap_count: 2.5 },
  ]) {
    const found = await refusal(harness, () => send('PUT', 'settings', { settings: odd }));
    assert.deepEqual([found.status, found.code], [400, 'PAPER_FORMAT'], JSON.stringify(odd));
    assert.match(found.message, /settings\./);
  }
  assert.match((await get('settings?format=csv')).text, /settle_ms,90000,900000/);
  const back = await send('PUT', 'settings', { settings: {} });
  assert.deepEqual([back.body.changed, back.body.version], [true, 2]);
});

test('adopted links replace each other, in any order and direction', async () => {
  await addsNothing(() => send('PUT', 'topology', { links: [] }));
  const made = await send('PUT', 'topology', {
    links: [
      ['sw-core', 'may-in'],
      ['pc-1', 'gw'],
    ],
  });
  assert.equal(made.status, 200, made.text);
  const expected = [
    ['gw', 'pc-1'],
    ['may-in', 'sw-core'],
  ];
  assert.deepEqual((await newest(harness, SITE, 'topology')).paper['links'], expected);
  assert.deepEqual(made.body.links, expected);
  await addsNothing(() =>
    send('PUT', 'topology', {
      links: [
        ['pc-1', 'gw'],
        ['sw-core', 'may-in'],
      ],
    }),
  );
  const shown = await get('topology');
  assert.deepEqual(shown.body.links, [['may-in', 'sw-core']], 'viewers see no computer');
  const bad: [object, string][] = [
    [{ links: [['gw', 'nobody']] }, 'DEVICE_UNKNOWN'],
    [{ links: [['gw', 'gw']] }, 'PAPER_FORMAT'],
    [
      {
        links: [
          ['gw', 'pc-1'],
          ['pc-1', 'gw'],
        ],
      },
      'PAPER_FORMAT',
    ],
    [{ links: [['gw']] }, 'REQUEST_INVALID'],
  ];
  for (const [body, code] of bad) {
    const found = await refusal(harness, () => send('PUT', 'topology', body));
    assert.deepEqual([found.status, found.code], [400, code], JSON.stringify(body));
  }
});

test('declarations are added, never replaced, and read by period', async () => {
  const body = {
    kind: 'late_dossiers',
    from: '2026-11-02',
    to: '2026-11-06',
    value: 12,
    document: 'Báo cáo số 15/BC-UBND ngày 09/11/2026',
    by: 'Bộ phận Một cửa',
  };
  const made = await send('POST', 'declarations', body);
  assert.deepEqual([made.status, made.body.changed], [200, true], made.text);
  const { paper, hash } = await newest(harness, SITE, 'declaration');
  assert.deepEqual([paper['value'], paper['note'], made.body.hash], [12, '', hash]);
  const again = await addsNothing(() => send('POST', 'declarations', body));
  assert.equal(again.body.leaf, made.body.leaf);
  await send('POST', 'declarations', {
    ...body,
    kind: 'repair_cost',
    value: 1_500_000,
    note: 'a\r\nb',
  });
  const { items } = (await get('declarations?from=2026-11-06&to=2026-12-01')).body;
  assert.deepEqual(
    items.map((item: { kind: string; value: number; note: string }) => [
      item.kind,
      item.value,
      item.note,
    ]),
    [
      ['late_dossiers', 12, ''],
      ['repair_cost', 1_500_000, 'a\nb'],
    ],
  );
  assert.deepEqual((await get('declarations?from=2026-11-07')).body.items, []);
  assert.match((await get('declarations?format=csv')).text, /Báo cáo số 15/);
  const bad: [object, string][] = [
    [{ ...body, from: '2026-11-31' }, 'PAPER_FORMAT'],
    [{ ...body, to: '2026-11-01' }, 'PAPER_FORMAT'],
    [{ ...body, document: ' ' }, 'PAPER_FORMAT'],
    [{ ...body, value: -1 }, 'REQUEST_INVALID'],
    [{ ...body, kind: 'lost_days' }, 'REQUEST_INVALID'],
  ];
  for (const [odd, code] of bad) {
    const found = await refusal(harness, () => send('POST', 'declarations', odd));
    assert.deepEqual([found.status, found.code], [400, code], JSON.stringify(odd));
  }
});

test('operators write, viewers and auditors read, each in its units only', async () => {
  const from = new Date(START_MS + 3_600_000).toISOString();
  const to = new Date(START_MS + 7_200_000).toISOString();
  const writes: [Method, string, object][] = [
    ['POST', 'maintenance', { from, to, reason: 'x' }],
    ['POST', 'maintenance/m-0/cancel', {}],
    ['POST', 'incidents/0/notes', { text: 'x' }],
    ['POST', 'incidents/0/acknowledge', {}],
    ['POST', 'incidents/0/reclassify', { cause: 'power', reason: 'x' }],
    ['PUT', 'calendar', {}],
    ['PUT', 'settings', { settings: { settle_ms: 60_000 } }],
    ['PUT', 'topology', { links: [] }],
    ['POST', 'declarations', {}],
  ];
  const reads = ['maintenance', 'calendar', 'settings', 'topology', 'declarations'];
  for (const role of ROLES) {
    const token = await harness.token(role);
    for (const path of reads) {
      const { status } = await get(path, token);
      assert.equal(status, role === 'metrics' ? 403 : 200, `${role} ${path}`);
    }
    if (role === 'admin' || role === 'operator') continue;
    for (const [method, path, body] of writes) {
      const found = await refusal(harness, () => send(method, path, body, token));
      assert.deepEqual([found.status, found.code], [403, 'FORBIDDEN'], `${role} ${path}`);
    }
  }
  const foreign = await harness.token('admin', 'bac-ninh');
  for (const path of reads) assert.equal((await get(path, foreign)).status, 404, path);
  for (const [method, path, body] of writes) {
    // The body of a declaration is looked at before the site is.
    if (path === 'declarations') continue;
    const found = await refusal(harness, () => send(method, path, body, foreign));
    assert.equal(found.status, 404, path);
  }
  const own = await harness.token('admin', 'ha-noi');
  const made = await send('PUT', 'settings', { settings: { settle_ms: 60_000 } }, own);
  assert.equal(made.status, 200, made.text);
  for (const path of reads)
    assert.equal((await harness.get(`/api/v1/sites/${SITE}/${path}`)).status, 401);
});

test('two writes at one time are two versions, one after the other', async () => {
  const answers = await Promise.all(
    [40_000, 50_000].map((settle_ms) => send('PUT', 'settings', { settings: { settle_ms } })),
  );
  const versions = (await harness.deps.store.documents(SITE, 'settings')).length;
  for (const { status, text } of answers) assert.equal(status, 200, text);
  assert.equal((await get('settings')).body.version, versions);
  assert.ok(versions >= 4);
});

test('openapi.json describes every path with its body and answers', async () => {
  const { paths } = (await harness.get('/openapi.json')).body;
  const root = '/api/v1/sites/{site}';
  for (const path of ['maintenance', 'calendar', 'settings', 'topology', 'declarations']) {
    const { get: read, put, post } = paths[`${root}/${path}`];
    assert.ok(read.responses['200'].content['application/json'].schema.properties, path);
    assert.ok((put ?? post).requestBody.content['application/json'].schema, path);
  }
  for (const path of ['maintenance/{id}/cancel', 'incidents/{id}/notes']) {
    assert.ok(paths[`${root}/${path}`].post.summary, path);
  }
  for (const path of ['acknowledge', 'reclassify']) {
    assert.ok(paths[`${root}/incidents/{id}/${path}`].post.requestBody, path);
  }
});
