import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { workingSpans } from '../../../../shared/calendar/working.ts';
import { entriesOf, inventoriesOf } from '../../../../shared/judge/day/infrastructure.ts';
import { judgeWindow } from '../../../../shared/judge/day/judge-window.ts';
import { addDays, daySums, decodeSums, encodeSums } from '../../../../shared/judge/day/sums.ts';
import type { DaySums, JudgedWindow } from '../../../../shared/judge/day/types.ts';
import type { SiteNode } from '../../../../shared/judge/site/material.ts';
import { cutsOf, END_S, history } from './histories.ts';
import { inParts } from './parts.ts';
import { askOf, at, documentsOf, type History, NODES, type Rows, rowsOf, T0 } from './world.ts';

function sumsOf(
  rows: Rows,
  judged: JudgedWindow,
  from_ms: number,
  to_ms: number,
  hours: 'all' | 'working',
): DaySums {
  const { documents, windows, end_ms } = rows;
  return daySums({
    ...{ documents, windows, judged, from_ms, to_ms, as_of_to_ms: end_ms },
    hours:
      hours === 'all'
        ? [{ from_ms, to_ms }]
        : workingSpans(documents.calendar, null, from_ms, to_ms),
    known_to_ms: new Map([['do-1', end_ms]]),
  });
}

function judgedOf(told: Partial<History>) {
  const rows = rowsOf({ end_s: END_S, changes: {}, ...told });
  const judged = judgeWindow(askOf(rows, T0, rows.end_ms, null));
  return { rows, judged, sums: sumsOf(rows, judged, T0, rows.end_ms, 'all') };
}

test('parts of a period add up to the whole; kept windows give the same as all time', () => {
  fc.assert(
    fc.property(history, cutsOf, fc.constantFrom('all', 'working'), (told, cuts, hours) => {
      const rows = rowsOf(told);
      const judged = judgeWindow(askOf(rows, T0, rows.end_ms, null));
      const whole = sumsOf(rows, judged, T0, rows.end_ms, hours);
      const bounds = [T0, ...cuts.map(at), rows.end_ms];
      const parts = bounds
        .slice(1)
        .map((to_ms, k) => sumsOf(rows, judged, bounds[k] ?? to_ms, to_ms, hours));
      assert.deepEqual(addDays(parts), whole);
      const windows = inParts(rows, cuts.map(at));
      const kept = windows.map((one) => sumsOf(rows, one, one.from_ms, one.to_ms, hours));
      const times = (sums: DaySums) =>
        Object.entries(sums.devices).map(([code, { down_by_cause_ms, ...one }]) => {
          const { lan_excluded_ms, undetermined_ms, ...rest } = one;
          return [code, rest];
        });
      assert.deepEqual(times(addDays(kept)), times(whole));
    }),
    { numRuns: 60 },
  );
});

test('sums are read back as they were written', () => {
  fc.assert(
    fc.property(history, fc.constantFrom('all', 'working'), (told, hours) => {
      const rows = rowsOf(told);
      const judged = judgeWindow(askOf(rows, T0, rows.end_ms, null));
      const sums = sumsOf(rows, judged, T0, rows.end_ms, hours);
      assert.deepEqual(decodeSums(encodeSums(sums)), sums);
      assert.equal(encodeSums(decodeSums(encodeSums(sums))), encodeSums(sums));
    }),
    { numRuns: 60 },
  );
});

test('outages are kept where somebody counted them, and an odd name breaks nothing', () => {
  const { sums } = judgedOf({ changes: { gw: [[600, 1200, 'n']] } });
  const gw = sums.devices['gw'];
  assert.ok(gw !== undefined);
  assert.equal(gw.outages, 0);
  const counted = { ...gw, outages: 2, outages_ms: 5, ended: 1, ended_ms: 2, longest_ms: 3 };
  const odd = { devices: { '12': counted, 'a"b': gw }, site: counted, workplaces: gw };
  assert.deepEqual(decodeSums(encodeSums(odd)), odd);
});

test('a steady day is one number per device', () => {
  const { sums } = judgedOf({});
  assert.ok(encodeSums(sums).startsWith('[{"app":18000000,"cam-1":18000000,'));
  assert.equal(sums.site.up_ms, END_S * 1000);
});

test('the site is down with its ways in, or with most of its infrastructure', () => {
  const core = judgedOf({ changes: { core: [[600, 1200, 'n']], gw: [[600, 900, 'n']] } });
  assert.equal(core.sums.site.down_ms, 300_000, 'only while gateway and core both are');
  const cams = ['cam-1', 'cam-2', 'cam-3', 'cam-4', 'cam-5', 'sw-2', 'nas'];
  const most = Object.fromEntries(cams.map((code) => [code, [[600, 1200, 'n']]] as const));
  // With them the unmanaged switch, by its witnesses: eight of eleven.
  assert.equal(judgedOf({ changes: most as History['changes'] }).sums.site.down_ms, 600_000);
});

test('workplaces are down while what lies between them and the gateway is', () => {
  const fell = ['sw-2', 'cam-2', 'cam-3', 'pc-2', 'printer'];
  const branch = Object.fromEntries(fell.map((code) => [code, [[600, 1200, 'n']]] as const));
  const asleep = { 'pc-1': [[0, 18_000, 'n']] } as const;
  const { sums } = judgedOf({ changes: { ...branch, ...asleep } as History['changes'] });
  // Four places behind the core, three behind sw-2, two of which nobody knows where they hang.
  assert.equal(sums.workplaces.expected_ms, 9 * END_S * 1000);
  assert.equal(sums.workplaces.down_ms, 3 * 600_000);
  assert.equal(sums.workplaces.unknown_ms, 2 * END_S * 1000);
  assert.equal(sums.workplaces.up_ms, 7 * END_S * 1000 - 3 * 600_000);
  assert.deepEqual(Object.keys(sums.workplaces.down_by_cause_ms), ['lan_switch']);
});

test('ways into the site: gateways and the switches on their cords, else the uppermost switch', () => {
  const entries = (nodes: readonly SiteNode[]) => {
    const [inventory] = inventoriesOf(documentsOf({ end_s: 1, changes: {}, nodes }), T0, at(60));
    assert.ok(inventory !== undefined);
    return [...entriesOf(inventory)].sort();
  };
  assert.deepEqual(entries(NODES), ['core', 'gw']);
  assert.deepEqual(entries(NODES.filter(({ code }) => code !== 'gw')), ['core']);
  const turned = NODES.map((node): SiteNode => {
    if (node.code === 'gw') return { ...node, attached: { device: 'core', port: '1' } };
    return node.code === 'core' ? { ...node, attached: null } : node;
  });
  assert.deepEqual(entries(turned), ['core', 'gw']);
});

test('an empty site and no days are nothing', () => {
  const none = addDays([]);
  assert.deepEqual(none.devices, {});
  assert.equal(none.site.expected_ms, 0);
  assert.deepEqual(decodeSums(encodeSums(none)), none);
});
