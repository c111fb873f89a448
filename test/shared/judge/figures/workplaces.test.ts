import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ratiosOf } from '../../../../shared/judge/figures/ratios.ts';
import type { Track } from '../../../../shared/judge/figures/sweep.ts';
import {
  type WorkplaceGroup,
  workplaceFigures,
} from '../../../../shared/judge/figures/workplaces.ts';
import type { FinalInterval } from '../../../../shared/judge/final.ts';
import { HOUR, interval } from './world.ts';

const ALWAYS = [{ from_ms: 0, to_ms: null }];

function track(device: string, states: readonly FinalInterval['state'][]): Track {
  return {
    device,
    intervals: states.map((state, i) => interval(i * HOUR, (i + 1) * HOUR, state, { device })),
    windows: ALWAYS,
    known_to_ms: states.length * HOUR,
  };
}

function figures(groups: readonly WorkplaceGroup[], tracks: readonly Track[], length: number) {
  return workplaceFigures({
    groups,
    tracks,
    hours: [{ from_ms: 0, to_ms: length * HOUR }],
    as_of_to_ms: length * HOUR,
  });
}

test('one switch of two down for an hour: ten of forty workplace hours are lost', () => {
  const tracks = [
    track('GW', ['up', 'up', 'up', 'up']),
    track('SW1', ['up', 'down', 'up', 'up']),
    track('SW2', ['up', 'up', 'up', 'degraded']),
  ];
  const room = (group: string, workplaces: number, way: string[]): WorkplaceGroup => {
    return { group, workplaces, ways: [way], windows: ALWAYS };
  };
  const f = figures([room('A', 6, ['SW1', 'GW']), room('B', 4, ['SW2', 'GW'])], tracks, 4);
  assert.equal(f.expected_ms, 40 * HOUR);
  assert.equal(f.up_ms, 34 * HOUR);
  assert.equal(ratiosOf(f).availability, 34 / 40);
  assert.equal(f.outages, 6, 'workplaces hit');
  assert.equal(f.longest_ms, HOUR);
});

test('one whole way is enough; the best of the others says what is left', () => {
  const tracks = [
    track('GW', ['up', 'up', 'up', 'up', 'down', 'up']),
    track('A', ['up', 'down', 'down', 'down', 'up', 'unknown']),
    track('B', ['down', 'up', 'unknown', 'maintenance', 'up', 'maintenance']),
  ];
  const ways = [
    ['A', 'GW'],
    ['B', 'GW'],
  ];
  const f = figures([{ group: 'R', workplaces: 1, ways, windows: ALWAYS }], tracks, 6);
  assert.equal(f.up_ms, 2 * HOUR);
  assert.equal(f.unknown_ms, 2 * HOUR, 'an unknown way may have been whole');
  assert.equal(f.maintenance_ms, HOUR);
  assert.equal(f.down_ms, HOUR);
});

test('a workplace whose place or device is not known lowers coverage, not availability', () => {
  const tracks = [track('GW', ['up', 'up'])];
  const known: WorkplaceGroup = { group: 'A', workplaces: 3, ways: [['GW']], windows: ALWAYS };
  const lost = { ...known, group: 'B', workplaces: 1, ways: [] };
  const other = { ...known, group: 'C', workplaces: 1, ways: [['NOBODY', 'GW']] };
  const { availability, coverage, worst } = ratiosOf(figures([known, lost, other], tracks, 2));
  assert.deepEqual([availability, coverage, worst], [1, 0.6, 0.6]);
});

test('workplaces count only while they exist, and never before data do', () => {
  const windows = [{ from_ms: HOUR, to_ms: 2 * HOUR }];
  const group = { group: 'A', workplaces: 5, ways: [['GW']], windows };
  const f = figures([group], [track('GW', ['up', 'up', 'up'])], 3);
  assert.deepEqual([f.expected_ms, f.up_ms], [5 * HOUR, 5 * HOUR]);
  const late = { ...track('GW', ['up']), windows: [{ from_ms: 0, to_ms: HOUR }] };
  assert.equal(figures([group], [late], 3).unknown_ms, 5 * HOUR);
});
