import assert from 'node:assert/strict';
import test from 'node:test';
import { hourOf } from '../../../../shared/judge/chunk.ts';
import {
  byIncident,
  correctedIncidents,
  correctedIntervals,
  incidentOfKey,
  keyOfIncident,
  newestWords,
} from '../../../../shared/judge/day/corrected.ts';
import { joinWindows, settleWindow } from '../../../../shared/judge/day/join.ts';
import { cutWindow, judgeWindow } from '../../../../shared/judge/day/judge-window.ts';
import { deviceFigures } from '../../../../shared/judge/figures/device.ts';
import { fact } from '../site/world.ts';
import { inParts } from './parts.ts';
import { askOf, at, type History, rowsOf, T0 } from './world.ts';

const HOUR_S = 3600;
const CUT = at(2 * HOUR_S);

function told(history: Partial<History>) {
  return rowsOf({ end_s: 5 * HOUR_S, changes: {}, ...history });
}

test('an outage over a cut is settled backwards: the kept window takes its last word', () => {
  const rows = told({ changes: { gw: [[6000, 12_000, 'n']] } });
  const [day, tail] = inParts(rows, [CUT]);
  assert.ok(day !== undefined && tail !== undefined);
  const down = day.intervals.find(({ state }) => state === 'down');
  assert.deepEqual([down?.to_ms, down?.settled, down?.latest_ms], [CUT, false, null]);
  const settled = settleWindow(day, tail);
  const own = settled.intervals.find(({ state }) => state === 'down');
  assert.deepEqual([own?.cause, own?.settled], ['gateway', true]);
  assert.equal(settled.incidents[0]?.phase, 'settled');
  assert.equal(settleWindow(settled, tail), settled, 'nothing more to say');
  const joined = joinWindows([day, tail]).intervals.find(({ state }) => state === 'down');
  assert.deepEqual(
    [joined?.from_ms, joined?.to_ms, joined?.earliest_ms, joined?.latest_ms],
    [at(6000), at(12_000), at(5990) + 100, at(12_000) + 100],
  );
});

test('unknown time over several cuts is explained through all of them', () => {
  const everything = ['gw', 'core', 'sw-2', 'cam-1'];
  const changes = Object.fromEntries(
    everything.map((code) => [code, [[3000, 14_000, 'o']] as const]),
  );
  const facts = [fact(14_000, { what: 'agent_start', agent: 'do-1', new_boot: false })];
  const rows = told({ changes, facts });
  const windows = inParts(rows, [at(HOUR_S + 600), at(2 * HOUR_S + 900), at(3 * HOUR_S + 1200)]);
  const first = windows[0]?.intervals.find(({ state }) => state === 'unknown');
  assert.deepEqual([first?.cause, first?.settled], [null, false]);
  const own = joinWindows(windows).intervals.filter(
    ({ device, state }) => device === 'gw' && state === 'unknown',
  );
  assert.deepEqual(
    own.map((one) => [one.from_ms, one.to_ms, one.cause, one.settled]),
    [[at(3000), at(14_000), 'agent', true]],
  );
});

test('a window that nothing goes over is kept as it is', () => {
  const [day, tail] = inParts(told({ changes: { gw: [[600, 900, 'n']] } }), [CUT]);
  assert.ok(day !== undefined && tail !== undefined);
  assert.equal(settleWindow(day, tail), day);
  assert.ok(day.intervals.every(({ settled }) => settled));
});

test('what is seen after a window changes nothing in it', () => {
  const changes = { gw: [[6000, 12_000, 'n']] } as const;
  const late = [fact(9000, { what: 'restart', device: 'gw', evidence: 'uptime' }, 12_500)];
  const day = (rows: ReturnType<typeof told>) => {
    const ask = askOf(rows, T0, CUT + 3_600_000, null);
    return cutWindow(ask, CUT, judgeWindow(ask));
  };
  assert.deepEqual(day(told({ changes, facts: late })), day(told({ changes })));
});

test('the carry is plain JSON and names no more than what goes on', () => {
  const rows = told({ changes: { gw: [[600, 900, 'n']], 'cam-1': [[6000, 12_000, 'n']] } });
  const ask = askOf(rows, T0, CUT + 3_600_000, null);
  const { carry } = cutWindow(ask, at(7000), judgeWindow(ask));
  assert.deepEqual(JSON.parse(JSON.stringify(carry)), carry);
  assert.equal(carry.warm_ms, at(3400));
  assert.deepEqual(carry.incidents, []);
  const later = cutWindow(ask, CUT + 3_500_000, judgeWindow(ask)).carry;
  assert.equal(later.devices['cam-1']?.silent_since_ms, at(6000));
  assert.equal(later.incidents.length, 1);
  assert.equal(hourOf(later.at_ms), CUT);
});

test('people give causes to incidents, never states; the newest word stands', () => {
  const fell = ['sw-2', 'cam-2', 'cam-3', 'pc-2', 'printer'];
  const changes = Object.fromEntries(fell.map((code) => [code, [[600, 1200, 'n']] as const]));
  const rows = told({ changes: { ...changes, nas: [[3000, 3600, 'n']] } });
  const { intervals, incidents } = judgeWindow(askOf(rows, T0, rows.end_ms, null));
  const says = { reason: 'seen', author: 'operator', issued_ms: at(9000) };
  const key = { device: 'cam-2', from_ms: at(600) };
  const word = [
    { key, cause: 'device', ...says },
    { key: { device: 'sw-2', from_ms: at(600) }, cause: 'power', ...says },
    { key: { device: 'gw', from_ms: at(600) }, cause: 'wan', ...says },
  ] as const;
  const words = newestWords(word, (one) => incidentOfKey(intervals, one));
  const other = correctedIntervals(intervals, words);
  assert.deepEqual(
    other.map(({ state, from_ms, to_ms, incident }) => [state, from_ms, to_ms, incident]),
    intervals.map(({ state, from_ms, to_ms, incident }) => [state, from_ms, to_ms, incident]),
  );
  const causes = (list: typeof intervals) =>
    list
      .filter(({ cause }) => cause !== null)
      .map(({ device, cause, confidence }) => `${device} ${cause} ${confidence}`);
  assert.deepEqual(causes(other), [
    'cam-2 power declared',
    'cam-3 power declared',
    'nas device measured',
    'pc-2 power declared',
    'printer power declared',
    'sw-2 power declared',
  ]);
  assert.deepEqual(
    correctedIncidents(incidents, words).map(({ cause }) => cause),
    ['power', 'device'],
  );
  const sums = (list: typeof intervals) =>
    deviceFigures({
      intervals: list.filter(({ device }) => device === 'sw-2'),
      windows: rows.windows.filter(({ device }) => device === 'sw-2'),
      hours: [{ from_ms: T0, to_ms: rows.end_ms }],
      as_of_to_ms: rows.end_ms,
      known_to_ms: rows.end_ms,
    });
  assert.equal(sums(other).down_ms, sums(intervals).down_ms);
  assert.deepEqual(Object.keys(sums(other).down_by_cause_ms), ['power']);
  assert.equal(correctedIntervals(intervals, new Map())[0], intervals[0]);
});

test('remarks are found by any outage of the incident, and its key is its first bad slot', () => {
  const rows = told({ changes: { nas: [[3000, 3600, 'n']] } });
  const { intervals, incidents } = judgeWindow(askOf(rows, T0, rows.end_ms, null));
  const id = incidents[0]?.id ?? '';
  const key = { device: 'nas', from_ms: at(3000) };
  assert.deepEqual(keyOfIncident(intervals, id), key);
  assert.equal(incidentOfKey(intervals, key), id);
  assert.equal(incidentOfKey(intervals, { ...key, from_ms: at(3010) }), null);
  const said = { author: 'operator', issued_ms: at(5000), text: 'seen' };
  const remarks = [
    { kind: 'note', key, ...said },
    { kind: 'acknowledge', key: { device: 'gw', from_ms: at(3000) }, ...said },
  ] as const;
  const found = byIncident(remarks, (one) => incidentOfKey(intervals, one));
  assert.deepEqual([...found], [[id, [remarks[0]]]]);
  assert.equal(keyOfIncident(intervals, 'none'), null);
});
