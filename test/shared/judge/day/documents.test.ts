import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { utf8 } from '../../../../shared/bytes.ts';
import {
  BUILT_IN_TZDATA,
  type LedgeredDocument,
  readSiteDocuments,
} from '../../../../shared/judge/day/documents.ts';
import { referencesOf, topologyVersions } from '../../../../shared/judge/day/topology.ts';
import { DEFAULT_SETTINGS } from '../../../../shared/judge/site/settings.ts';
import { CALENDAR_DEFAULT } from '../../../../shared/measure/inventory-defaults.ts';
import { PAPER_KINDS, type PaperKind, type Papers } from '../../../../shared/papers/types.ts';
import { CANCELLATION, PAPERS } from '../../../fixtures/papers.ts';

const MINUTE_MS = 60_000;
/** A whole minute. */
const T0 = 1_790_000_040_000;

function ledgered(leaf: number, kind: LedgeredDocument['kind'], paper: unknown): LedgeredDocument {
  const payload = typeof paper === 'string' ? utf8(paper) : utf8(JSON.stringify(paper));
  return { kind, payload, hash: `hash ${leaf}`, leaf, recv_ms: T0 + leaf };
}

/** Leaf numbers follow the order given. */
function read(...papers: readonly (readonly [PaperKind, object])[]) {
  return readSiteDocuments(papers.map(([kind, paper], leaf) => ledgered(leaf, kind, paper)));
}

function site(issued_ms: number, change: Partial<Papers['site']> = {}): [PaperKind, object] {
  return ['site', { ...PAPERS.site, issued_ms, ...change }];
}

function links(issued_ms: number, ...pairs: Papers['topology']['links']): [PaperKind, object] {
  return ['topology', { ...PAPERS.topology, issued_ms, links: pairs }];
}

test('without documents what is built in holds', () => {
  const documents = read();
  assert.deepEqual(documents.versions, []);
  assert.deepEqual(topologyVersions(documents), []);
  assert.deepEqual(referencesOf(documents), []);
  assert.equal(documents.calendar.code, CALENDAR_DEFAULT);
  assert.equal(documents.calendar.tzdata, BUILT_IN_TZDATA);
  assert.equal(documents.calendar_ref, null);
  assert.equal(documents.settings_ref, null);
  assert.deepEqual(documents.settings, DEFAULT_SETTINGS);
});

test('the built-in calendar has the offset that the zone database gives', () => {
  const zone = new Intl.DateTimeFormat('en', { timeZone: 'Asia/Ho_Chi_Minh', hour: '2-digit' });
  for (let year = 2000; year < 2036; year++) {
    for (const month of [0, 6]) assert.equal(zone.format(Date.UTC(year, month, 1)), '07 AM');
  }
  assert.deepEqual(
    read().calendar.offsets.map((offset) => offset.offset_min),
    [420],
  );
});

test('the newest calendar and settings stand; settings not named are as built in', () => {
  const { calendar } = PAPERS.calendar;
  const documents = read(
    ['calendar', PAPERS.calendar],
    ['settings', { ...PAPERS.settings, settings: { flap_count: 4 } }],
    ['settings', PAPERS.settings],
    ['calendar', { ...PAPERS.calendar, version: 3, calendar: { ...calendar, code: 'ca-kip' } }],
  );
  assert.equal(documents.calendar.code, 'ca-kip');
  assert.deepEqual(documents.calendar_ref, { version: 3, hash: 'hash 3' });
  const { version } = PAPERS.settings;
  assert.deepEqual(documents.settings_ref, { version, hash: 'hash 2' });
  assert.deepEqual(documents.settings, {
    ...DEFAULT_SETTINGS,
    settle_ms: 90_000,
    lossy_share: 0.25,
  });
});

test('site versions hold from the minute that they were issued in; of one minute the last', () => {
  const { versions } = read(
    site(T0 + 59_999, { version: 1 }),
    site(T0 + 3 * MINUTE_MS, { version: 2 }),
    site(T0 + 3 * MINUTE_MS + 1, { version: 3 }),
    site(T0 + 9 * MINUTE_MS + 7, { version: 4 }),
  );
  assert.deepEqual(
    versions.map(({ from_ms, document }) => [from_ms - T0, document.version]),
    [
      [0, 1],
      [3 * MINUTE_MS, 3],
      [9 * MINUTE_MS, 4],
    ],
  );
});

test('under a clock that was set back the ledger decides which version is the later one', () => {
  const { versions } = read(
    site(T0, { version: 1 }),
    site(T0 + 9 * MINUTE_MS, { version: 2 }),
    site(T0 + 5 * MINUTE_MS, { version: 3 }),
  );
  assert.deepEqual(
    versions.map(({ from_ms, document }) => [from_ms - T0, document.version]),
    [
      [0, 1],
      [9 * MINUTE_MS, 3],
    ],
  );
});

test('a cancellation ends an earlier plan at its own time; the first of two stands', () => {
  const later = { ...CANCELLATION, issued_ms: CANCELLATION.issued_ms + 5 };
  const { maintenance, skipped } = read(
    ['maintenance', CANCELLATION],
    ['maintenance', PAPERS.maintenance],
    ['maintenance', { ...PAPERS.maintenance, id: 'm-other', devices: null }],
    ['maintenance', { ...PAPERS.maintenance, reason: 'id đã dùng' }],
    ['maintenance', CANCELLATION],
    ['maintenance', later],
  );
  // The first row cancels what does not exist yet, the fourth takes an id that is taken.
  assert.equal(skipped, 2);
  assert.deepEqual(
    maintenance.map(({ id, devices, leaf, cancelled_ms }) => [id, devices, leaf, cancelled_ms]),
    [
      ['m-00010203', ['sw-core', 'sw-tang2'], 1, CANCELLATION.issued_ms],
      ['m-00010203', ['sw-core', 'sw-tang2'], 1, CANCELLATION.issued_ms],
      ['m-other', null, 2, null],
      ['m-other', null, 2, null],
    ],
  );
  const [first] = maintenance;
  const { reason, author, issued_ms } = PAPERS.maintenance;
  assert.deepEqual([first?.reason, first?.author, first?.issued_ms], [reason, author, issued_ms]);
});

test('what people say is kept in the order of the ledger, without the head', () => {
  const { remarks, reclassifications, declarations } = read(
    ['note', PAPERS.note],
    ['reclassify', { ...PAPERS.reclassify, cause: 'device' }],
    ['note', { ...PAPERS.note, kind: 'acknowledge', text: '' }],
    ['reclassify', PAPERS.reclassify],
    ['declaration', PAPERS.declaration],
  );
  const { key, author, issued_ms, text } = PAPERS.note;
  assert.deepEqual(remarks, [
    { kind: 'note', key, author, issued_ms, text },
    { kind: 'acknowledge', key, author, issued_ms, text: '' },
  ]);
  assert.deepEqual(
    reclassifications.map(({ cause }) => cause),
    ['device', 'power'],
  );
  const { v, log, site: _, ...said } = PAPERS.declaration;
  assert.deepEqual(declarations, [said]);
});

test('what cannot be read is skipped and counted; other leaves are passed over', () => {
  const documents = readSiteDocuments([
    ledgered(4, 'settings', { ...PAPERS.settings, v: 2 }),
    ledgered(5, 'site', '{"v":1'),
    ledgered(6, 'note', 'no JSON'),
    ledgered(7, 'calendar', { ...PAPERS.calendar, calendar: {} }),
    ledgered(8, 'day', 'a day is not read here'),
    ledgered(9, 'enrol', 'nor is this'),
    ledgered(3, 'settings', PAPERS.settings),
  ]);
  assert.equal(documents.skipped, 4);
  assert.equal(documents.settings.settle_ms, 90_000);
  assert.equal(documents.calendar_ref, null);
  assert.deepEqual(documents.versions, []);
});

/** Rows of every kind with changing times, ids and contents. */
const rows = fc
  .array(
    fc.record({
      kind: fc.constantFrom(...PAPER_KINDS),
      at_min: fc.nat(50),
      cancels: fc.boolean(),
      id: fc.constantFrom('m-1', 'm-2'),
      broken: fc.nat(9),
    }),
    { maxLength: 14 },
  )
  .map((list) =>
    list.map(({ kind, at_min, cancels, id, broken }, leaf) => {
      const issued_ms = T0 + at_min * MINUTE_MS;
      const paper =
        kind === 'maintenance' && cancels
          ? { ...CANCELLATION, issued_ms, cancels: id }
          : { ...PAPERS[kind], issued_ms, ...(kind === 'maintenance' ? { id } : {}) };
      return ledgered(leaf * 3, kind, broken === 0 ? { ...paper, v: 9 } : paper);
    }),
  );

test('the order of the rows, and rows that stand twice, change nothing', () => {
  const shuffled = rows.chain((list) =>
    fc.tuple(
      fc.constant(list),
      fc.shuffledSubarray([...list, ...list], { minLength: 2 * list.length }),
    ),
  );
  fc.assert(
    fc.property(shuffled, ([list, other]) => {
      const [one, two] = [readSiteDocuments(list), readSiteDocuments(other)];
      assert.deepEqual(two, one);
      assert.deepEqual(topologyVersions(two), topologyVersions(one));
    }),
    { numRuns: 200 },
  );
});

test('versions and links are strictly ascending; a later leaf never changes earlier time', () => {
  fc.assert(
    fc.property(rows, (list) => {
      const whole = readSiteDocuments(list);
      for (const held of [whole.versions, whole.links, topologyVersions(whole)]) {
        const times = held.map(({ from_ms }) => from_ms);
        assert.deepEqual(
          times,
          [...new Set(times)].sort((a, b) => a - b),
        );
      }
      const before = readSiteDocuments(list.slice(0, -1));
      // The newest may be replaced; what came before it stands.
      for (const name of ['versions', 'links'] as const) {
        const kept = before[name].slice(0, -1);
        assert.deepEqual(whole[name].slice(0, kept.length), kept);
      }
    }),
    { numRuns: 200 },
  );
});

test('a plan is cut where inventory or links change; links need both of their ends', () => {
  const devices = PAPERS.site.devices;
  const fewer = devices.filter(({ code }) => code !== 'may-in-3');
  const versions = topologyVersions(
    read(
      site(T0),
      links(T0 + 2 * MINUTE_MS, ['may-in-3', 'sw-core'], ['gw', 'sw-tang2']),
      site(T0 + 5 * MINUTE_MS, { devices: fewer }),
      links(T0 + 5 * MINUTE_MS, ['may-in-3', 'sw-core'], ['gw', 'may-in-2']),
      links(T0 + 7 * MINUTE_MS),
    ),
  );
  assert.deepEqual(
    versions.map(({ from_ms, nodes, links: held }) => [from_ms - T0, nodes.length, held]),
    [
      [0, 6, []],
      [
        2 * MINUTE_MS,
        6,
        [
          ['may-in-3', 'sw-core'],
          ['gw', 'sw-tang2'],
        ],
      ],
      [5 * MINUTE_MS, 5, [['gw', 'may-in-2']]],
      [7 * MINUTE_MS, 5, []],
    ],
  );
});

test('links that came before the first inventory wait for it', () => {
  const versions = topologyVersions(read(links(T0 - MINUTE_MS, ['gw', 'sw-tang2']), site(T0)));
  assert.deepEqual(
    versions.map(({ from_ms, links: held }) => [from_ms, held]),
    [[T0, [['gw', 'sw-tang2']]]],
  );
});

test('nodes say what the site judge reads; references name their operator', () => {
  const documents = read(['site', PAPERS.site]);
  const [version] = topologyVersions(documents);
  assert.deepEqual(
    version?.nodes.find(({ code }) => code === 'sw-core'),
    {
      code: 'sw-core',
      kind: 'switch',
      agent: 'do-1',
      attached: { device: 'gw', port: '1' },
      powered_by: 'mains',
      witnesses: [],
      groups: [],
      rtt_limit_ms: 50,
      snmp: true,
    },
  );
  const unmanaged = version?.nodes.find(({ code }) => code === 'sw-tang2');
  assert.deepEqual(unmanaged?.attached, { device: 'sw-core', port: null });
  assert.deepEqual(unmanaged?.witnesses, ['may-in-2', 'may-in-3']);
  assert.equal(unmanaged?.snmp, false);
  assert.deepEqual(version?.agents, [
    { code: 'do-1', attached: { device: 'sw-core', port: '4' } },
    { code: 'do-2', attached: null },
  ]);
  const [dns] = PAPERS.site.devices.filter(({ kind }) => kind === 'upstream');
  const upstream = [
    { ...dns, code: 'z', groups: [] },
    { ...dns, code: 'm', reachability: 'none' },
    { ...dns, code: 'a', groups: ['viettel'] },
  ];
  assert.deepEqual(referencesOf(read(['site', { ...PAPERS.site, devices: upstream }])), [
    { device: 'a', operator: 'viettel' },
    { device: 'z', operator: 'z' },
  ]);
});
