import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { joinWindows } from '../../../../shared/judge/day/join.ts';
import { judgeWindow } from '../../../../shared/judge/day/judge-window.ts';
import { materialOf } from '../../../../shared/judge/day/material.ts';
import type { FinalInterval } from '../../../../shared/judge/final.ts';
import type { SiteDocumentDevice } from '../../../../shared/measure/site-document.ts';
import { cutsOf, history } from './histories.ts';
import { inParts } from './parts.ts';
import { askOf, at, type History, NODES, type Rows, rowsOf, T0 } from './world.ts';

type Change = (device: SiteDocumentDevice) => SiteDocumentDevice | null;

/** Rows of a history whose inventory changes at `s`. */
function changedAt(rows: Rows, s: number, change: Change): Rows {
  const [first] = rows.documents.versions;
  assert.ok(first !== undefined);
  const devices = first.document.devices.flatMap((device) => change(device) ?? []);
  const second = { from_ms: at(s), document: { ...first.document, version: 2, devices } };
  return { ...rows, documents: { ...rows.documents, versions: [first, second] } };
}

/** Another slot grid of a device from `s` on. */
function regridded(rows: Rows, device: string, s: number, interval_ms: number): Rows {
  const windows = rows.windows.flatMap((one) => {
    if (one.device !== device) return [one];
    return [
      { ...one, to_ms: at(s) },
      { ...one, from_ms: at(s), interval_ms },
    ];
  });
  return { ...rows, windows };
}

const rowsFor = (told: Partial<History>) => rowsOf({ end_s: 14_400, changes: {}, ...told });
const ask = (rows: Rows) => askOf(rows, T0, rows.end_ms, null);
const statesOf = (list: readonly FinalInterval[], code: string) =>
  list
    .filter(({ device }) => device === code)
    .map(({ from_ms, state }) => [(from_ms - T0) / 1000, state]);
const judge = (rows: Rows, code: string) => statesOf(judgeWindow(ask(rows)).intervals, code);
const only =
  (code: string, more: Partial<SiteDocumentDevice> | null): Change =>
  (device) =>
    device.code !== code ? device : more === null ? null : { ...device, ...more };

test('a change of the inventory leaves the hours before it as they were', () => {
  const changes = {
    'cam-1': [
      [600, 1200, 'n'],
      [3000, 3600, 'a'],
    ],
    'pc-1': [[4200, 14_400, 'n']],
  } as const;
  const rows = rowsFor({ changes });
  const plain = judge(rows, 'cam-1');
  assert.deepEqual(
    plain.map(([, state]) => state),
    ['up', 'down', 'up', 'degraded', 'up'],
  );
  for (const more of [{ kind: 'kiosk' }, { reachability: 'tcp' }, null] as const) {
    assert.deepEqual(judge(changedAt(rows, 7200, only('cam-1', more)), 'cam-1'), plain);
  }
  assert.deepEqual(judge(changedAt(rows, 7200, only('pc-1', null)), 'pc-1'), [
    [0, 'up'],
    [4200, 'off'],
  ]);
});

test('an ARP reply counts as one from the change to a kiosk on', () => {
  const rows = rowsFor({ changes: { 'cam-1': [[6000, 9000, 'a']] } });
  const said = judge(changedAt(rows, 7200, only('cam-1', { kind: 'kiosk' })), 'cam-1');
  assert.deepEqual(
    said.map(([, state]) => state),
    ['up', 'degraded', 'up'],
  );
  const end_s = Number(said[2]?.[0]);
  assert.ok(end_s >= 7200 && end_s <= 7200 + 240, String(end_s));
});

test('another slot interval leaves degraded time and shares of loss as they were', () => {
  const rows = rowsFor({
    changes: {
      gw: [
        [600, 1800, 'lossy', 4],
        [3000, 3060, 'n'],
        [3100, 3120, 'n'],
      ],
    },
  });
  const later = regridded(rows, 'gw', 7200, 60_000);
  assert.deepEqual(judge(later, 'gw'), judge(rows, 'gw'));
  assert.ok(judge(later, 'gw').some(([, state]) => state === 'degraded'));
  const device = (one: Rows) =>
    materialOf(ask(one)).site.devices.find((material) => material.device === 'gw');
  assert.deepEqual(device(later)?.base, device(rows)?.base);
  assert.deepEqual(device(later)?.minutes, device(rows)?.minutes);
});

test('minutes of a slow probe are never degraded, though it becomes a fast one', () => {
  const rows = rowsFor({
    interval_s: ({ code }) => (code === 'gw' ? 60 : 300),
    nodes: NODES.filter(({ code }) => code === 'gw' || code === 'core'),
    changes: { gw: [[600, 3600, 'lossy', 2]] },
  });
  const slow = regridded(rows, 'gw', 7200, 5000);
  assert.deepEqual(judge(slow, 'gw'), judge(rows, 'gw'));
});

test('an inventory that changes says the same in windows as all time at once', () => {
  const to: readonly (Partial<SiteDocumentDevice> | null)[] = [
    null,
    { kind: 'kiosk' },
    { kind: 'camera' },
    { rtt_limit_ms: 1000 },
  ];
  const change = fc.record({
    code: fc.constantFrom('cam-1', 'cam-2', 'pc-1', 'pc-2', 'printer', 'nas', 'gw'),
    more: fc.constantFrom(...to),
    s: fc.integer({ min: 0, max: 6 * 60 }).map((minute) => minute * 60),
  });
  fc.assert(
    fc.property(history, cutsOf, change, (told, cuts, { code, more, s }) => {
      const rows = changedAt(rowsOf(told), s, only(code, more));
      const whole = judgeWindow(ask(rows)).intervals;
      const parts = joinWindows(inParts(rows, cuts.map(at))).intervals;
      const short = (list: readonly FinalInterval[]) =>
        statesOf(list, code).filter(([, state], k, all) => all[k - 1]?.[1] !== state);
      assert.deepEqual(short(parts), short(whole));
    }),
    { numRuns: Number(process.env['RUNS'] ?? 80) },
  );
});
