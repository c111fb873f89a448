import assert from 'node:assert/strict';
import { test } from 'node:test';
import { siteDocument } from '../../../collector/inventory/site-document.ts';
import { utf8 } from '../../../shared/bytes.ts';
import { LanProofError } from '../../../shared/errors.ts';
import { parseSiteDocument } from '../../../shared/measure/site-document.ts';
import { loadInventory } from '../../../shared/node/inventory-file.ts';
import { PAPERS } from '../../fixtures/papers.ts';

const parse = (value: unknown) => parseSiteDocument(utf8(JSON.stringify(value)));
const DEVICE = PAPERS.site.devices[1];
const device = (change: object) => ({ devices: [{ ...DEVICE, ...change }] });
const ICMP = { interval_ms: 1_000, timeout_ms: 800 };

test('what the collector writes of an inventory is read as it was written', () => {
  const { inventory } = loadInventory('deploy/examples/inventory.yml');
  const facts = { log: 'demo/1', version: 7, issued_ms: 1_790_000_000_000, author: 'cli' };
  const document = siteDocument(inventory, facts);
  assert.deepEqual(parse(document), document);
  const text = JSON.stringify(document);
  for (const { code, address, mac, hostname, name } of inventory.devices) {
    for (const hidden of [address, mac, hostname]) {
      if (hidden !== undefined) assert.ok(!text.includes(hidden), hidden);
    }
    assert.ok(name === code || !text.includes(JSON.stringify(name)), name);
  }
});

test('members that an older program did not write are as the inventory fills them in', () => {
  const { groups, powered_by, witnesses, rtt_limit_ms, generation, ...old } = Object(DEVICE);
  const { calendar, workplaces, ...site } = PAPERS.site;
  const upstream = { ...old, code: 'u', kind: 'upstream', probes: {} };
  const read = parse({ ...site, devices: [old, upstream] });
  assert.deepEqual(read.devices[0], {
    ...DEVICE,
    ...{ groups: [], powered_by: 'unknown', witnesses: [], rtt_limit_ms: 50, generation: 1 },
  });
  assert.equal(read.devices[1]?.rtt_limit_ms, 300);
  assert.deepEqual(read.devices[1]?.probes, { tcp: [], dns: [], http: [] });
  assert.deepEqual([read.calendar, read.workplaces], ['hanh-chinh', {}]);
});

test('members of a later program are passed over', () => {
  const later = { ...PAPERS.site, colour: 'red', ...device({ colour: 'red' }) };
  assert.deepEqual(parse(later), { ...PAPERS.site, devices: [DEVICE] });
});

const REFUSED: readonly (readonly [object, string])[] = [
  [{ v: 2 }, 'v'],
  [{ log: '' }, 'log'],
  [{ site: 'Sóc Sơn' }, 'site'],
  [{ unit: undefined }, 'unit'],
  [{ version: 0 }, 'version'],
  [{ issued_ms: -5 }, 'issued_ms'],
  [{ author: '' }, 'author'],
  [{ calendar: 7 }, 'calendar'],
  [{ workplaces: [] }, 'workplaces'],
  [{ workplaces: { 'mot-cua': -1 } }, 'workplaces.mot-cua'],
  [{ workplaces: { 'Một cửa': 1 } }, 'workplaces.Một cửa'],
  [{ agents: [{ code: 'do-1' }, { code: 'do-1' }] }, 'agents[1].code'],
  [{ agents: [{ code: 'do-1', attached: 'gw' }] }, 'agents[0].attached'],
  [{ devices: {} }, 'devices'],
  [{ devices: [DEVICE, DEVICE] }, 'devices[1].code'],
  [device({ kind: 'toaster' }), 'devices[0].kind'],
  [device({ agent: undefined }), 'devices[0].agent'],
  [device({ reachability: 'post' }), 'devices[0].reachability'],
  [device({ attached: {} }), 'devices[0].attached.device'],
  [device({ attached: { device: 'gw', port: 1 } }), 'devices[0].attached.port'],
  [device({ groups: ['a', 7] }), 'devices[0].groups[1]'],
  [device({ powered_by: 'steam' }), 'devices[0].powered_by'],
  [device({ witnesses: ['A'] }), 'devices[0].witnesses[0]'],
  [device({ rtt_limit_ms: 0 }), 'devices[0].rtt_limit_ms'],
  [device({ generation: 0 }), 'devices[0].generation'],
  [device({ probes: undefined }), 'devices[0].probes'],
  [
    device({ probes: { icmp: { ...ICMP, interval_ms: 999 } } }),
    'devices[0].probes.icmp.interval_ms',
  ],
  [device({ probes: { arp: { ...ICMP, timeout_ms: 901 } } }), 'devices[0].probes.arp.timeout_ms'],
  [device({ probes: { tcp: [{ ...ICMP, port: 0 }] } }), 'devices[0].probes.tcp[0].port'],
  [device({ probes: { dns: [{}] } }), 'devices[0].probes.dns[0].interval_ms'],
];

for (const [change, place] of REFUSED) {
  test(`a site document that is odd at ${place} is refused there`, () => {
    assert.throws(
      () => parse({ ...PAPERS.site, ...change }),
      (error) =>
        error instanceof LanProofError &&
        error.code === 'SITE_FORMAT' &&
        error.place === place &&
        error.hint.length > 0,
    );
  });
}
