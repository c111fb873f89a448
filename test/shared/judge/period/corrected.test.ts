import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MaintenanceWindow, Reclassification } from '../../../../shared/judge/day/types.ts';
import { correctedOf, lateMaintenanceOf } from '../../../../shared/judge/period/corrected.ts';
import {
  at,
  type Code,
  DAY,
  documents,
  HOUR,
  idOf,
  incident,
  judgedOf,
  MONDAY,
} from '../../../collector/report/judged.ts';

const PERIOD = { from_ms: MONDAY, to_ms: MONDAY + 7 * DAY };

function said(device: Code, h: number, cause: Reclassification['cause']): Reclassification {
  const key = { device, from_ms: MONDAY + h * HOUR };
  return { key, cause, reason: 'see letter 12', author: 'token:1', issued_ms: MONDAY + 9 * DAY };
}

function window(from_h: number, to_h: number, more: Partial<MaintenanceWindow> = {}) {
  return {
    ...{ id: 'm', devices: null, from_ms: MONDAY + from_h * HOUR, to_ms: MONDAY + to_h * HOUR },
    ...{ reason: 'new cables', author: 'token:1', issued_ms: MONDAY, leaf: 4, cancelled_ms: null },
    ...more,
  } satisfies MaintenanceWindow;
}

const bad = { incident: idOf('a'), cause: 'lan_switch', confidence: 'inferred' } as const;
const STORY = [
  at('sw-1', 0, 9, 'up'),
  at('sw-1', 9, 10, 'down', bad),
  at('sw-1', 10, 10.5, 'maintenance'),
  at('sw-1', 10.5, 11, 'down', bad),
  at('sw-1', 11, 30, 'up'),
  at('sw-1', 30, 31, 'unknown', { reason: 'clock_invalid' }),
  at('sw-1', 31, null, 'up'),
  at('srv', 0, 9, 'up'),
  at('srv', 9, 11, 'unreachable', bad),
  at('srv', 11, null, 'up'),
];
const INCIDENTS = [incident('a', ['sw-1'], { unreachable: ['srv'] })];

test('the last word holds for the whole incident; what changes nothing is no correction', () => {
  const causes = (reclassifications: readonly Reclassification[], period = PERIOD) =>
    correctedOf(
      judgedOf(STORY, 48, {
        incidents: INCIDENTS,
        documents: documents({ reclassifications }),
      }),
      period,
    )
      ?.filter(({ cause }) => cause !== null)
      .map(({ device, cause, confidence }) => [device, cause, confidence]);
  assert.deepEqual(causes([said('sw-1', 9, 'power')]), [
    ['srv', 'power', 'declared'],
    ['sw-1', 'power', 'declared'],
    ['sw-1', 'power', 'declared'],
  ]);
  const changedMind = [said('sw-1', 9, 'wan'), said('sw-1', 9, 'lan_switch')];
  assert.equal(causes(changedMind), undefined, 'the last word says what the facts said');
  assert.equal(causes([]), undefined);
  assert.equal(causes([said('sw-1', 12, 'power')]), undefined, 'nothing was bad then');
  const behind = { ...PERIOD, from_ms: PERIOD.to_ms - HOUR };
  assert.equal(causes([said('sw-1', 9, 'power')], behind), undefined, 'it was over before');
});

test('maintenance that came late: what it would take, and how much', () => {
  const late = (maintenance: readonly MaintenanceWindow[]) =>
    lateMaintenanceOf(judgedOf(STORY, 48, { documents: documents({ maintenance }) }), PERIOD);
  const own = { devices: ['sw-1'] };
  const found = late([window(9, 11, own)]);
  assert.deepEqual(
    found?.windows.map(({ id, late_ms }) => [id, late_ms / HOUR]),
    [['m', 1.5]],
  );
  const switched = found?.intervals.filter(({ device }) => device === 'sw-1') ?? [];
  assert.deepEqual(
    switched
      .slice(0, 5)
      .map(({ from_ms, to_ms, state }) => [
        (from_ms - MONDAY) / HOUR,
        to_ms === null ? null : (to_ms - MONDAY) / HOUR,
        state,
      ]),
    [
      [0, 9, 'up'],
      [9, 10, 'maintenance'],
      [10, 10.5, 'maintenance'],
      [10.5, 11, 'maintenance'],
      [11, 30, 'up'],
    ],
  );
  assert.ok(found?.intervals.some(({ device, state }) => device === 'srv' && state !== 'up'));
  assert.equal(late([window(10, 10.5, own)]), null, 'it was known in time');
  assert.equal(late([window(60, 70)]), null, 'it has not come yet');
  assert.equal(late([window(9, 11, { ...own, cancelled_ms: MONDAY + 8 * HOUR })]), null);
  const cut = late([window(9, 11, { ...own, cancelled_ms: MONDAY + 9.5 * HOUR })]);
  assert.equal(cut?.windows[0]?.late_ms, HOUR / 2, 'up to where it was cancelled');
  assert.equal(late([window(30, 31, own)]), null, 'slots that cannot be placed stay unknown');
  assert.equal(late([window(-24 * 20, -24 * 19, own)]), null, 'outside the period');
});

test('late maintenance over time that goes on keeps both sides of it', () => {
  const maintenance = [window(40, 44, { devices: ['sw-1'] })];
  const found = lateMaintenanceOf(
    judgedOf(STORY, 48, { documents: documents({ maintenance }) }),
    PERIOD,
  );
  const last = found?.intervals.filter(({ device }) => device === 'sw-1').slice(-3) ?? [];
  assert.deepEqual(
    last.map(({ to_ms, state }) => [to_ms === null ? null : (to_ms - MONDAY) / HOUR, state]),
    [
      [40, 'up'],
      [44, 'maintenance'],
      [null, 'up'],
    ],
  );
});
