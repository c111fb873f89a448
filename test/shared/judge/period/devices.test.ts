import assert from 'node:assert/strict';
import { test } from 'node:test';
import { availabilityFigures } from '../../../../collector/report/figures.ts';
import { overviewFigures } from '../../../../collector/report/figures-unit.ts';
import type { SiteVersion } from '../../../../shared/judge/day/types.ts';
import type { Judged } from '../../../../shared/judge/period/judged.ts';
import type { PeriodAsk } from '../../../../shared/judge/period/sums.ts';
import { figureTable } from '../../../../shared/judge/period/table.ts';
import type { SiteDocument } from '../../../../shared/measure/site-document.ts';
import {
  at,
  CODES,
  type Code,
  DAY,
  documents,
  HOUR,
  judgedOf,
  MONDAY,
  reader,
  siteDocument,
} from '../../../collector/report/judged.ts';

type Device = SiteDocument['devices'][number];

/** The inventory from a day after MONDAY on, without some devices and with others changed. */
function version(
  day: number,
  gone: readonly Code[],
  changed: Partial<Record<Code, Partial<Device>>> = {},
): SiteVersion {
  const first = siteDocument();
  const devices = first.devices
    .filter(({ code }) => !gone.some((one) => one === code))
    .map((device) => ({ ...device, ...changed[device.code as Code] }));
  return { from_ms: MONDAY + day * DAY, document: { ...first, devices } };
}

/** Everything was up; what an inventory took away was expected until then. */
function world(later: readonly SiteVersion[], until: Partial<Record<Code, number>> = {}): Judged {
  const end_ms = (code: string) => {
    const day = until[code as Code];
    return day === undefined ? null : MONDAY + day * DAY;
  };
  const up = CODES.map((code) => {
    return at(code, -30, until[code] === undefined ? null : until[code] * 24, 'up');
  });
  const raw = judgedOf(up, 24 * 20);
  return {
    ...raw,
    windows: raw.windows.map((window) => ({ ...window, to_ms: end_ms(window.device) })),
    documents: documents({ versions: [{ from_ms: 0, document: siteDocument() }, ...later] }),
  };
}

function days(from: number, to: number): PeriodAsk {
  const period = { from_ms: MONDAY + from * DAY, to_ms: MONDAY + to * DAY };
  return { ...period, hours: 'all', profile: null };
}
const OPEN = { by: 'device', device: null, hide_computers: false } as const;
const VIEWER = { ...OPEN, hide_computers: true } as const;

test('a removed device stays in the figures of the time in which it stood there', async () => {
  const judged = world([version(5, ['srv'])], { srv: 5 });
  const of = (from: number, to: number) => {
    const { items, totals } = figureTable(judged, days(from, to), OPEN);
    const srv = items.find(({ device }) => device === 'srv');
    return [srv?.expected_ms, totals.devices.expected_ms / DAY, items.length];
  };
  assert.deepEqual(of(0, 5), [5 * DAY, 5 * 6, 7]);
  assert.deepEqual(of(4, 6), [DAY, 2 * 5 + 1, 7], 'as far as it was expected');
  assert.deepEqual(of(5, 6), [undefined, 5, 6], 'no trace where it was not');
  assert.deepEqual(of(-3, -2), [DAY, 6, 7], 'the first inventory also holds before');
  const ask = (device: string, from: number) =>
    availabilityFigures({ judge: reader(judged) }, 's', days(from, from + 2), {
      ...{ by: 'day', device, hide_computers: false },
    });
  assert.deepEqual(
    (await ask('srv', 4)).items.map(({ expected_ms }) => expected_ms),
    [DAY, 0],
  );
  assert.deepEqual((await ask('srv', 8)).items.length, 2, 'it was there once');
  await assert.rejects(ask('nobody', 4), { status: 404 });
});

test('a device that is still measured after its removal stands there until it no longer is', () => {
  const judged = world([version(5, ['srv'], { srv: { kind: 'upstream' } })], { srv: 5.25 });
  const { items, totals } = figureTable(judged, days(5, 6), OPEN);
  assert.equal(items.find(({ device }) => device === 'srv')?.expected_ms, 6 * HOUR);
  assert.equal(totals.devices.expected_ms, 5 * DAY + 6 * HOUR);
});

test('what a device is, the newest inventory of the period says', () => {
  const judged = world([version(5, [], { srv: { kind: 'upstream', groups: ['net'] } })]);
  const own = (from: number, to: number) =>
    figureTable(judged, days(from, to), OPEN).totals.devices.expected_ms / DAY;
  assert.deepEqual([own(0, 5), own(5, 6), own(4, 6)], [5 * 6, 5, 2 * 5]);
  const groups = figureTable(judged, days(0, 5), { ...OPEN, by: 'group' }).items;
  assert.deepEqual(
    groups.map(({ group }) => group),
    ['', 'mot-cua'],
  );
});

test('hidden computers are in no sum that leaves them when the others are taken off', async () => {
  // pc-1 became a server: it was somebody's computer, and its past is told of with its present.
  const judged = world([version(5, [], { 'pc-1': { kind: 'server' } })]);
  for (const [from, to] of [
    [0, 5],
    [4, 6],
    [5, 6],
  ] as const) {
    const { items, totals } = figureTable(judged, days(from, to), VIEWER);
    assert.ok(!items.some(({ device }) => device?.startsWith('pc-')));
    const told = items.filter(({ device }) => device !== 'web');
    const sum = told.reduce((all, { expected_ms }) => all + expected_ms, 0);
    assert.equal(totals.devices.expected_ms, sum);
    const whole = figureTable(judged, days(from, to), OPEN).totals.devices.expected_ms;
    assert.equal(whole - sum, 2 * (to - from) * DAY);
  }
  const figures = (device: string, hide_computers: boolean) =>
    availabilityFigures({ judge: reader(judged) }, 's', days(5, 6), {
      ...{ by: 'hour', device, hide_computers },
    });
  await assert.rejects(figures('pc-1', true), { status: 404 });
  assert.equal((await figures('pc-1', false)).items.length, 168);
});

test('the difference of two groups is not one computer', () => {
  const first = siteDocument();
  const desk = first.devices.find(({ code }) => code === 'pc-1');
  assert.ok(desk);
  const desks = ['pc-3', 'pc-4', 'pc-5'].map((code) => ({ ...desk, code, groups: ['a', 'b'] }));
  const extra = { ...desk, code: 'pc-6', groups: ['b'] };
  const document = { ...first, devices: [...first.devices, ...desks, extra] };
  const judged = world([{ from_ms: MONDAY, document }]);
  const rows = (hide_computers: boolean) =>
    figureTable(judged, days(1, 2), { by: 'group', device: null, hide_computers })
      .items.filter(({ group }) => group !== '')
      .map(({ group, devices, left_out }) => [group, devices, left_out]);
  assert.deepEqual(rows(true), [
    ['a', 3, 0],
    ['b', 0, 4],
    ['mot-cua', 0, 2],
  ]);
  assert.deepEqual(rows(false), [
    ['a', 3, 0],
    ['b', 4, 0],
    ['mot-cua', 2, 0],
  ]);
});

test('the smallest outage that is seen goes by the longest interval of the period', () => {
  const raw = world([]);
  const windows = raw.windows.flatMap((window) => {
    if (window.device !== 'gw') return [window];
    const turn_ms = MONDAY + 2 * DAY;
    const slow = { ...window, to_ms: turn_ms, interval_ms: 10_000 };
    return [slow, { ...window, from_ms: turn_ms }];
  });
  const later = { ...windows[0], device: 'sw-1', agent: 'do-1', from_ms: MONDAY + 30 * DAY };
  const next = { ...later, to_ms: null, interval_ms: 60_000 };
  const judged = { ...raw, windows: [...windows, next] };
  const seen = (from: number, to: number, device = 'gw') =>
    figureTable(judged, days(from, to), OPEN).items.find((row) => row.device === device)
      ?.smallest_detectable_ms;
  assert.deepEqual([seen(0, 1), seen(1, 3), seen(2, 3)], [40_000, 40_000, 4_000]);
  assert.equal(seen(2, 40, 'sw-1'), 4_000, 'not after what has already happened');
  assert.equal(seen(2, 3, 'sw-2'), null, 'nothing probes it');
});

test('the totals of a unit leave out the same devices, and name the papers', async () => {
  const judged = world([version(5, ['srv'], { 'sw-1': { kind: 'upstream' } })], { srv: 5 });
  const settings_ref = { version: 2, hash: 'c2V0' };
  const said = { ...judged, documents: { ...judged.documents, settings_ref } };
  const judge = {
    ...reader(said),
    dayRows: async (sites: readonly string[]) => {
      const known = { to_ms: null, documents: said.documents, as_of: said.as_of };
      return { rows: [], sites: new Map(sites.map((site) => [site, known])) };
    },
  };
  for (const hide_computers of [false, true]) {
    for (const [from, to] of [
      [0, 5],
      [4, 6],
      [5, 6],
    ] as const) {
      const ask = { ...days(from, to), hide_computers };
      const { items, total } = await overviewFigures(judge, ['s'], ask);
      const { totals } = figureTable(said, ask, { ...OPEN, hide_computers });
      assert.equal(total.devices.expected_ms, totals.devices.expected_ms);
      assert.deepEqual([items[0]?.calendar, items[0]?.settings], [null, settings_ref]);
    }
  }
});
