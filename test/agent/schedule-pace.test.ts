import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import type { SnmpPlan } from '../../agent/lists/plan.ts';
import { SnmpSchedule } from '../../agent/schedule.ts';
import { PACE_POLLS } from '../../agent/snmp/pace.ts';
import type { SnmpSession } from '../../agent/snmp/session.ts';
import { until } from '../support/agent-kit.ts';
import { COMMUNITY, lab, model, sessionTo } from './snmp/lab.ts';

const MINUTE_MS = 60_000;

test('a device that loses a third of the requests is polled more gently, and back when well', async (t) => {
  const { device } = await lab(t, model({ ports: 2 }), { faults: { lose_every: 3 } });
  let mono_ms = 0;
  const polled_ms: number[] = [];
  const paces: [number, number][] = [];
  const done = Promise.withResolvers<void>();
  const schedule = new SnmpSchedule({
    monotonic_ms: () => mono_ms,
    utc_ms: () => mono_ms,
    random: () => 0,
    async sleep(ms, signal) {
      mono_ms += ms;
      if (paces.length < 2) return;
      done.resolve();
      if (!signal.aborted) await once(signal, 'abort');
    },
    onPoll: () => polled_ms.push(mono_ms),
    onProblem: (_, error) => done.reject(error),
    onPace(target, interval_ms) {
      paces.push([target, interval_ms]);
      device.setFaults({});
    },
    open: () => sessionTo(t, device, { timeout_ms: 60 }),
  });
  const plan: SnmpPlan = {
    ...{ index: 3, code: 'sw-1', kind: 'switch', interval_ms: MINUTE_MS, decides: false },
    target: { address: device.address, port: device.port, version: '2c', community: COMMUNITY },
    uplinks: [],
  };
  await schedule.apply([plan], 1, 0);
  await done.promise;
  await schedule.stop();
  assert.deepEqual(paces, [
    [3, 2 * MINUTE_MS],
    [3, MINUTE_MS],
  ]);
  const gaps = polled_ms.slice(1).map((at, i) => at - (polled_ms[i] ?? 0));
  assert.ok(gaps.length >= 2 * PACE_POLLS - 2);
  const gentle = gaps.filter((gap) => gap === 2 * MINUTE_MS).length;
  assert.equal(gaps.filter((gap) => gap === MINUTE_MS).length + gentle, gaps.length);
  assert.equal(gentle, PACE_POLLS);
});

/** A schedule whose time passes by sleeping, until `rests` says that it stands still. */
function scheduleOf(
  rests: () => boolean,
  open: (plan: SnmpPlan) => SnmpSession,
  onPace: (interval_ms: number) => void,
) {
  let mono_ms = 0;
  return new SnmpSchedule({
    monotonic_ms: () => mono_ms,
    utc_ms: () => mono_ms,
    random: () => 0,
    async sleep(ms, signal) {
      mono_ms += ms;
      if (rests() && !signal.aborted) await once(signal, 'abort');
    },
    onPoll: () => undefined,
    onProblem: (_, error) => assert.fail(String(error)),
    onPace: (_, interval_ms) => onPace(interval_ms),
    open,
  });
}

function planOf(code: string, { address, port }: { address: string; port: number }): SnmpPlan {
  return {
    ...{ index: 3, code, kind: 'switch', interval_ms: MINUTE_MS, decides: false },
    target: { address, port, version: '2c', community: COMMUNITY },
    uplinks: [],
  };
}

test('the pace of a device outlives the move of another one, not the list', async (t) => {
  const { device } = await lab(t, model({ ports: 2 }), { faults: { lose_every: 3 } });
  const paces: number[] = [];
  let wanted = 1;
  const open = () => sessionTo(t, device, { timeout_ms: 60 });
  const schedule = scheduleOf(
    () => paces.length >= wanted,
    open,
    (ms) => void paces.push(ms),
  );
  await schedule.apply([planOf('sw-1', device)], 1, 0);
  await until(() => paces.length === 1, 'it is slowed');
  device.setFaults({});
  wanted = 2;
  await schedule.apply([planOf('sw-1', device)], 1, 0);
  await until(() => paces.length === 2, 'it is back at its pace');
  await schedule.stop();
  assert.deepEqual(paces, [2 * MINUTE_MS, MINUTE_MS]);
});

test('of plans that follow at once only the newest is polled, and none after the end', async (t) => {
  const { device } = await lab(t, model({ ports: 2 }));
  const opened: string[] = [];
  const open = ({ code }: SnmpPlan) => {
    opened.push(code);
    return sessionTo(t, device);
  };
  const schedule = scheduleOf(
    () => true,
    open,
    () => undefined,
  );
  await Promise.all(['a', 'b'].map((code) => schedule.apply([planOf(code, device)], 1, 0)));
  assert.deepEqual(opened, ['b']);
  await Promise.all([schedule.apply([planOf('c', device)], 2, 0), schedule.stop()]);
  await schedule.apply([planOf('d', device)], 3, 0);
  assert.deepEqual(opened, ['b']);
});
