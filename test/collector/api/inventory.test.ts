import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { applyInventory } from '../../../collector/inventory/apply.ts';
import { fromBase64 } from '../../../shared/bytes.ts';
import { parseEnvelope } from '../../../shared/evidence/dsse.ts';
import { parseTargetList } from '../../../shared/measure/target-list.ts';
import { enrolTestAgent, type Harness, inventoryYaml, openHarness } from '../harness.ts';

let harness: Harness;
let admin: string;
const SITE = 'socson-hq';

before(async () => {
  harness = await openHarness();
  admin = await harness.token('admin');
});
after(() => harness.close());

function put(payload: string, query = '', type = 'application/yaml') {
  const url = `/api/v1/sites/${SITE}/inventory${query}`;
  return harness.send({ method: 'PUT', url, headers: { 'content-type': type }, payload }, admin);
}

test('a packed upload is not unpacked: a few bytes could become more than any limit', async () => {
  const size = leaves();
  const url = `/api/v1/sites/${SITE}/inventory`;
  const headers = { 'content-type': 'application/yaml', 'content-encoding': 'gzip' };
  const payload = gzipSync(inventoryYaml(SITE, 'xa-soc-son', 'ha-noi'));
  const answer = await harness.send({ method: 'PUT', url, headers, payload }, admin);
  assert.equal(answer.status, 400, answer.text);
  assert.equal(leaves(), size);
});

function leaves() {
  return harness.deps.ledger.checkpoint().size;
}

async function listOf(agent = 'do-1') {
  const row = await harness.deps.store.targets(SITE, agent);
  assert.ok(row);
  return parseTargetList(fromBase64(parseEnvelope(row.envelope).payload));
}

test('a dry run says what would change and writes nothing', async () => {
  const size = leaves();
  const answer = await put(inventoryYaml(SITE, 'xa-soc-son', 'ha-noi'), '?dry_run=1');
  assert.equal(answer.status, 200);
  assert.deepEqual([answer.body.dry_run, answer.body.created], [true, true]);
  assert.equal(leaves(), size);
  assert.equal(await harness.deps.store.site(SITE), null);
});

test('an import is one unit of work, and the second time changes nothing', async () => {
  const size = leaves();
  const first = await put(inventoryYaml(SITE, 'xa-soc-son', 'ha-noi'));
  assert.deepEqual(first.body.lists, [{ agent: 'do-1', version: 1 }]);
  assert.equal(leaves(), size + 2, 'a site document and a target list');
  const units = await harness.deps.store.units();
  assert.deepEqual(
    units.map(({ code, parent }) => [code, parent]),
    [
      ['ha-noi', null],
      ['xa-soc-son', 'ha-noi'],
    ],
  );
  const second = await put(inventoryYaml(SITE, 'xa-soc-son', 'ha-noi'));
  assert.equal(second.body.changed, false);
  assert.equal(leaves(), size + 2);
  const [document] = await harness.deps.store.documents(SITE, 'site');
  const text = Buffer.from(parseEnvelope(document?.text ?? '').payload, 'base64').toString();
  for (const secret of ['10.77.', 'Switch', 'Nguyễn', '0901234567']) {
    assert.ok(!text.includes(secret), secret);
  }
});

test('only what changed gets a new commitment; JSON and YAML are the same', async () => {
  const before = await listOf();
  const yaml = inventoryYaml(SITE, 'xa-soc-son', 'ha-noi').replace('10.77.0.20', '10.77.0.21');
  const answer = await put(yaml);
  assert.deepEqual(answer.body.devices, {
    added: [],
    removed: [],
    changed: [{ device: 'may-in', keys: ['address'] }],
  });
  const list = await listOf();
  assert.equal(list.version, 2);
  for (const [index, target] of list.targets.entries()) {
    const same = target.commitment === before.targets[index]?.commitment;
    assert.equal(same, target.code !== 'may-in', target.code);
  }
  const row = await harness.deps.store.site(SITE);
  assert.equal(row?.version, 2);
  // What changes no target makes no new list.
  const renamed = await put(yaml.replace('powered_by: mains', 'powered_by: ups'));
  assert.deepEqual([renamed.body.changed, renamed.body.lists], [true, []]);
});

test('a removed device leaves the list, a removed agent gets an empty one', async () => {
  const yaml = inventoryYaml(SITE, 'xa-soc-son', 'ha-noi')
    .split('\n')
    .filter((line) => !line.includes('pc-2'))
    .join('\n')
    .replace('[{ code: do-1, attached', '[{ code: do-9, attached');
  const answer = await put(yaml);
  assert.equal(answer.status, 200, answer.text);
  assert.deepEqual(answer.body.devices.removed, ['pc-2']);
  assert.deepEqual(answer.body.agents, { added: ['do-9'], removed: ['do-1'] });
  assert.deepEqual((await listOf('do-1')).targets, []);
  assert.equal((await listOf('do-9')).targets.length, 4);
});

test('after a restore the import gives an agent a list that it does not refuse as older', async () => {
  const agent = await enrolTestAgent(harness, SITE);
  const { store } = harness.deps;
  const { version } = await listOf(agent.agent);
  // What its header said of a list from the time that this store lost.
  const row = await store.agent(SITE, agent.agent);
  assert.ok(row);
  await store.write((tx) => tx.putAgent({ ...row, list_version: version + 5 }));
  const { inventory } = (await store.site(SITE)) ?? { inventory: '' };
  const again = await applyInventory(
    harness.deps,
    { inventory: JSON.parse(inventory), warnings: [] },
    { dry_run: false, scope: null, by: 'test' },
  );
  assert.deepEqual(again.lists, [{ agent: agent.agent, version: version + 6 }]);
  assert.equal((await listOf(agent.agent)).version, version + 6);
});

test('mistakes are all said, with their lines, and nothing is kept', async () => {
  const size = leaves();
  const yaml = inventoryYaml(SITE, 'xa-soc-son')
    .replace('kind: printer', 'kind: drucker')
    .replace('device: gw', 'device: nobody');
  const answer = await put(yaml, '?file=soc-son.yml');
  assert.equal(answer.status, 400);
  assert.equal(answer.body.error.code, 'CONFIG_INVALID');
  const places = answer.body.problems.map(({ place }: { place: string }) => place);
  assert.ok(
    places.every((place: string) => /^soc-son\.yml:\d+:\d+$/.test(place)),
    String(places),
  );
  const bad: [string, string, string, number][] = [
    ['{"a":', 'application/json', 'JSON_INVALID', 400],
    ['a: [', 'application/yaml', 'CONFIG_INVALID', 400],
    ['x', 'text/plain', 'MEDIA_TYPE', 415],
    [inventoryYaml('other-hq', 'xa-soc-son'), 'application/yaml', 'SITE_DIFFERS', 400],
    [inventoryYaml(SITE, 'ha-noi', 'xa-soc-son'), 'application/yaml', 'INVENTORY_UNIT_CYCLE', 400],
  ];
  for (const [payload, type, code, status] of bad) {
    const found = await put(payload, '', type);
    assert.deepEqual([found.status, found.body.error.code], [status, code]);
    assert.ok(found.body.error.request_id.length >= 8);
  }
  assert.equal(leaves(), size);
});

test('units.csv makes units, sites and tokens, all or nothing', async () => {
  const post = (payload: string, query = '') =>
    harness.send(
      {
        method: 'POST',
        url: `/api/v1/units${query}`,
        headers: { 'content-type': 'text/csv' },
        payload,
      },
      admin,
    );
  const csv = [
    'unit_code,unit_name,parent,site_code,site_name,contact_name,contact_phone,agents',
    'xa-a,"Xã A",tinh-x,a-hq,"Trụ sở A",Lan,0901,do-1 do-2',
    'tinh-x,Tỉnh X,,x-hq,Trụ sở X,,,',
    '',
  ].join('\r\n');
  const dry = await post(csv, '?dry_run=1');
  assert.deepEqual([dry.status, dry.body.changed.length, dry.body.tokens.length], [200, 2, 0]);
  const broken = await post(`${csv}xa-a,Khác,,a-hq,Trùng,,,\r\n`);
  assert.equal(broken.status, 400);
  assert.equal(await harness.deps.store.site('a-hq'), null);
  const made = await post(csv);
  assert.equal(made.status, 200, made.text);
  assert.equal(made.body.tokens.length, 3);
  assert.ok(made.body.tokens.every(({ token }: { token: string }) => token.startsWith('lpt1_')));
  const again = await post(csv);
  assert.deepEqual([again.body.changed, again.body.tokens], [[], []]);
  const renamed = await post(csv.replace('Trụ sở A', 'Nhà mới A'));
  assert.deepEqual(renamed.body.changed, ['a-hq']);
});
