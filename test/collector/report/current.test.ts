import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CurrentState } from '../../../collector/judge/read-types.ts';
import {
  countStates,
  groupComputers,
  SHOWN_STATES,
  shownDevices,
  worstState,
} from '../../../collector/report/current.ts';
import type { Device } from '../../../shared/measure/inventory-types.ts';

function device(code: string, more: Partial<Device> = {}): Device {
  return {
    code,
    name: code,
    kind: 'camera',
    agent: 'do-1',
    reachability: 'icmp',
    powered_by: 'mains',
    witnesses: [],
    groups: [],
    rtt_limit_ms: 50,
    probes: { tcp: [], dns: [], http: [] },
    ...more,
  } as Device;
}

function said(device: string, more: Partial<CurrentState> = {}): [string, CurrentState] {
  const common = { cause: null, confidence: null, incident: null, reason: null, rtt_us: null };
  const times = { since_ms: 1, closed_to_ms: 2, age_ms: 3, last_reply_ms: 1 };
  return [device, { device, agent: 'do-1', state: 'up', ...common, ...times, ...more }];
}

const DEVICES = [
  device('cam-1'),
  device('cam-2'),
  device('pc-1', { kind: 'pc', groups: ['mot-cua', 'tang-1'] }),
  device('sw-1', { kind: 'unmanaged-switch', reachability: 'none', witnesses: ['cam-1', 'pc-1'] }),
  device('sw-2', { kind: 'unmanaged-switch', reachability: 'none', witnesses: ['pc-1'] }),
  device('sw-3', { kind: 'unmanaged-switch', reachability: 'none' }),
];
const shown = (...current: readonly (readonly [string, CurrentState])[]) =>
  shownDevices(DEVICES, new Map(current));
const silent = { state: 'unknown', last_reply_ms: null } as const;

test('an unmanaged switch shows what its always-on witness proves', () => {
  for (const state of ['up', 'down', 'unreachable', 'maintenance'] as const) {
    const now = shown(said('cam-1'), said('sw-1', { state, last_reply_ms: null }));
    assert.equal(now.get('sw-1')?.state, state);
  }
  const late = shown(said('cam-1'), said('sw-1', { ...silent, reason: 'not_received' }));
  assert.equal(late.get('sw-1')?.state, 'unknown', 'its witness answered once');
  const never = shown(said('cam-1', silent), said('sw-1', { ...silent, reason: 'not_received' }));
  assert.equal(never.get('sw-1')?.state, 'pending');
  assert.equal(shown().get('sw-1')?.state, 'pending', 'not judged yet');
});

test('computers alone prove that a switch works, and nothing else', () => {
  const up = shown(said('pc-1'), said('sw-2', { last_reply_ms: null }));
  assert.equal(up.get('sw-2')?.state, 'up');
  for (const state of ['unknown', 'down', 'unreachable'] as const) {
    const now = shown(said('pc-1', { state: 'off' }), said('sw-2', { state }));
    assert.deepEqual(
      [now.get('sw-2')?.state, now.get('sw-2')?.current],
      ['not_measured', undefined],
    );
  }
  assert.equal(shown(said('sw-3')).get('sw-3')?.state, 'not_measured', 'without any witness');
});

test('what never answered is pending; later silence is not', () => {
  assert.equal(shown(said('cam-1', silent)).get('cam-1')?.state, 'pending');
  const late = said('cam-1', { state: 'unknown', reason: 'not_received' });
  assert.equal(shown(late).get('cam-1')?.state, 'unknown');
  const never = said('cam-1', { state: 'unknown', reason: 'never_answered' });
  assert.equal(shown(never).get('cam-1')?.state, 'pending');
});

test('counts are all devices; the worst is the first of a fixed order', () => {
  const now = shown(said('cam-1', { state: 'degraded' }), said('pc-1', { state: 'off' }));
  const counts = countStates([...now.values()].map(({ state }) => state));
  assert.equal(
    Object.values(counts).reduce((sum, count) => sum + count, 0),
    DEVICES.length,
  );
  assert.equal(worstState(counts), 'degraded');
  const order = ['down', 'unreachable', 'degraded', 'unknown', 'pending', 'maintenance', 'up'];
  const all = [...order, 'off', 'not_measured'];
  assert.deepEqual(new Set(all), new Set(SHOWN_STATES));
  for (const [k, state] of all.entries()) {
    const rest = SHOWN_STATES.filter((one) => all.indexOf(one) >= k);
    assert.equal(worstState(countStates(rest)), state);
  }
});

test('a computer of two groups counts in both', () => {
  const groups = groupComputers(shown(said('pc-1', { state: 'unreachable' })));
  assert.deepEqual(
    groups.map(({ group, total, states }) => [group, total, states.unreachable]),
    [
      ['mot-cua', 1, 1],
      ['tang-1', 1, 1],
    ],
  );
});
