import assert from 'node:assert/strict';
import test from 'node:test';
import type { AsOf } from '../../../../shared/judge/period/judged.ts';
import {
  compareFigures,
  withoutDifferences,
} from '../../../../shared/judge/replay/figures-compare.ts';
import {
  type FiguresFile,
  figuresFile,
  figuresText,
  type NotRecomputable,
} from '../../../../shared/judge/replay/figures-file.ts';
import { HOUR_MS, SITE, withSite } from '../../../collector/judge/days-kit.ts';
import { T0 } from '../../../support/collector-core.ts';
import { askOf, bundled, fileOf, type History, replayOf } from './replay-kit.ts';
import { midnight, week, withComputers } from './story.ts';

const asIs = <T>(store: T): T => store;
const PERIOD = { from_ms: midnight(2), to_ms: midnight(5) };
const BEGIN_MS = midnight(1);
const PCS = new Set(['pc'] as const);

/** A file as a stranger reads it. */
function parsed(file: FiguresFile): FiguresFile {
  return JSON.parse(figuresText(file)) as FiguresFile;
}

function codes(list: readonly NotRecomputable[] | undefined, what: string): string[] {
  return (list ?? []).filter((one) => one.what === what).map(({ code }) => code);
}

/** The same without what is in `endpoints`. */
function masked(history: History): History {
  const inputs = history.inputs.map((input) =>
    input.kind === 'batch' ? { ...input, sections: input.sections.slice(0, 1) } : input,
  );
  return { ...history, inputs };
}

test('files of one judgement, whole and masked', () =>
  withSite(
    async (site, agent) => {
      const history = await week(site, agent);
      const { as_of } = await site.reader.judged(SITE, T0, agent.at_ms);
      const ask = { period: PERIOD, as_of, begin_ms: BEGIN_MS };
      const full = fileOf(history, ask);
      sameText(history, as_of, full);
      laterBatches(history, as_of, full);
      addsUp(history, as_of, full);
      const hidden = fileOf(masked(history), { ...ask, withheld_kinds: PCS });
      withoutComputers(full, hidden);
      namesTampering(full, hidden);
    },
    asIs,
    withComputers,
  ));

function sameText(history: History, as_of: AsOf, full: FiguresFile): void {
  const again = fileOf(history, { period: PERIOD, as_of, begin_ms: BEGIN_MS });
  assert.equal(figuresText(again), figuresText(full));
  assert.deepEqual(compareFigures(parsed(full), full), []);
  assert.ok(full.incidents.length > 5);
  assert.ok(
    full.hours.all.corrected !== undefined && full.hours.all.late_maintenance !== undefined,
  );
  assert.equal(full.not_recomputable, undefined);
  assert.ok(!figuresText(full).includes('Minh Anh'), 'notes may be withheld');
}

function laterBatches(history: History, as_of: AsOf, full: FiguresFile): void {
  const whole = askOf(history, { period: PERIOD, as_of, begin_ms: BEGIN_MS });
  const inputs = bundled(history, BEGIN_MS, whole.end_ms, as_of.size);
  const last = inputs.findLast(({ kind }) => kind === 'batch')?.leaf ?? 0;
  const kept = new Set(inputs);
  const more = history.inputs.filter((input) => kept.has(input) || input.leaf > last);
  assert.ok(more.length > inputs.length + 20);
  const { judged } = replayOf(whole, more);
  const file = figuresFile(judged, { site: SITE, period: PERIOD, begin: null });
  assert.equal(figuresText(file), figuresText(full));
}

function addsUp(history: History, as_of: AsOf, full: FiguresFile): void {
  const cuts = [PERIOD.from_ms, PERIOD.from_ms + 5 * HOUR_MS, midnight(4), PERIOD.to_ms];
  const parts = cuts.slice(1).map((to_ms, at) => {
    const period = { from_ms: cuts[at] ?? to_ms, to_ms };
    return fileOf(history, { period, as_of, begin_ms: BEGIN_MS });
  });
  const members = ['expected_ms', 'up_ms', 'degraded_ms', 'down_ms', 'unreachable_ms', 'off_ms'];
  for (const member of [...members, 'unknown_ms', 'maintenance_ms', 'outages', 'outages_ms']) {
    for (const hours of ['all', 'working'] as const) {
      const sum = (file: FiguresFile, device: string) =>
        Number(
          file.hours[hours].devices.find((row) => row.device === device)?.[member as 'up_ms'] ?? 0,
        );
      for (const { device = '' } of full.hours[hours].devices) {
        // What goes on behind a part's end is longer in the whole.
        if (member === 'outages_ms' && device.startsWith('switch')) continue;
        const added = parts.reduce((all, file) => all + sum(file, device), 0);
        assert.equal(added, sum(full, device), `${member} of ${device} in ${hours}`);
      }
    }
  }
}

function withoutComputers(full: FiguresFile, hidden: FiguresFile): void {
  const file = withoutDifferences(full, hidden);
  const lost = file.not_recomputable;
  assert.deepEqual(codes(lost, 'hours/all/devices'), ['pc-11', 'pc-13']);
  assert.deepEqual(codes(lost, 'hours/all/groups'), ['mot-cua']);
  assert.ok(codes(lost, 'hours/all/totals').includes('devices'));
  assert.ok(!codes(lost, 'hours/all/totals').includes('site'));
  assert.deepEqual(file.hours.all.totals.devices, undefined);
  const rows = new Map(full.hours.all.devices.map((row) => [row.device, row]));
  assert.equal(file.hours.all.devices.length, rows.size - 2);
  for (const row of file.hours.all.devices) assert.deepEqual(row, rows.get(row.device));
  const incidents = new Map(full.incidents.map((one) => [one.id, one]));
  assert.ok(file.incidents.length > 0);
  for (const one of file.incidents) assert.deepEqual(one, incidents.get(one.id));
  assert.deepEqual(compareFigures(parsed(file), hidden), []);
  assert.equal(withoutDifferences(full, full).not_recomputable, undefined);
  assert.equal(figuresText(withoutDifferences(full, full)), figuresText(full));
}

function namesTampering(full: FiguresFile, hidden: FiguresFile): void {
  const text = figuresText(full);
  const changed = (from: string | RegExp, to: string): string[] => {
    const other = text.replace(from, to);
    assert.notEqual(other, text);
    return compareFigures(JSON.parse(other), full).map(({ place }) => place);
  };
  const { up_ms } = full.hours.all.devices.find(({ device }) => device === 'switch-1') ?? {};
  assert.deepEqual(changed(`"up_ms":${up_ms}`, `"up_ms":${Number(up_ms) + 1}`), [
    'hours/all/devices/switch-1/up_ms',
  ]);
  assert.deepEqual(changed(/"rules":\d+/, '"rules":9'), ['rules']);
  const { id = '' } = full.incidents[1] ?? {};
  const moved = changed(`"id":"${id}"`, `"id":"${'0'.repeat(64)}"`);
  assert.deepEqual(moved.sort(), [
    'incidents/#order',
    `incidents/${'0'.repeat(64)}`,
    `incidents/${id}`,
  ]);
  // A row that is said twice, and one that is left out without a word.
  const { devices } = full.hours.all;
  const all = (rows: readonly unknown[]) =>
    compareFigures(
      {
        ...full,
        hours: { ...full.hours, all: { ...full.hours.all, devices: rows as typeof devices } },
      },
      full,
    ).map(({ place }) => place);
  assert.deepEqual(all(devices.slice(1)), [
    'hours/all/devices/#order',
    `hours/all/devices/${devices[0]?.device}`,
  ]);
  assert.ok(all([...devices, ...devices.slice(0, 1)]).length > 0);
  // A masked file that leaves out more than it names, or names its own head.
  const file = withoutDifferences(full, hidden);
  const fewer = { ...file, incidents: file.incidents.slice(1) };
  assert.equal(compareFigures(parsed(fewer), hidden).length, 2);
  const bold = { ...file, not_recomputable: [{ what: '', code: 'hours' }] };
  assert.ok(compareFigures(parsed(bold), hidden).length > 0);
  for (const odd of [null, [], 'text', 3, { hours: { all: [] } }]) {
    assert.ok(compareFigures(odd as unknown as FiguresFile, full).length > 0);
  }
}
