import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DeviceMemory } from '../../../agent/snmp/device-memory.ts';
import type { SystemPoll } from '../../../agent/snmp/system.ts';

const WRAP = 2 ** 32;

function reading(
  at_s: number,
  ticks: number | null,
  scalars: Readonly<Record<string, number>> = {},
): SystemPoll {
  const times = { requested_mono_ms: at_s * 1_000, response_ms: 3 };
  return { ok: true, ...times, sys_uptime_ticks: ticks, scalars };
}

/** Whether each reading after the first is taken for one after a restart. */
function judged(...readings: SystemPoll[]): boolean[] {
  const memory = new DeviceMemory();
  return readings.map((one) => memory.restarted(one)).slice(1);
}

test('a restart: sysUpTime fell, or is far less than it would have run to', () => {
  assert.deepEqual(judged(reading(0, 900_000), reading(60, 906_000)), [false]);
  assert.deepEqual(judged(reading(0, 900_000), reading(60, 500)), [true]);
  assert.deepEqual(judged(reading(0, 1_000), reading(10, 500)), [true]);
  // A day of silence; the device runs longer now than it did then.
  assert.deepEqual(judged(reading(0, 1_000), reading(86_400, 5_000)), [true]);
});

test('after 497 days sysUpTime begins anew without a restart', () => {
  assert.deepEqual(judged(reading(0, WRAP - 1_000), reading(60, 5_000)), [false]);
  assert.deepEqual(judged(reading(0, WRAP - 1_000), reading(3_600, 20_000)), [true]);
});

test('engineBoots that rose is a restart by itself; where it never counts it says nothing', () => {
  const boots = (value: number) => ({ snmpEngineBoots: value });
  assert.deepEqual(judged(reading(0, 1_000, boots(3)), reading(60, 7_000, boots(4))), [true]);
  assert.deepEqual(judged(reading(0, 1_000, boots(0)), reading(60, 7_000, boots(0))), [false]);
  assert.deepEqual(judged(reading(0, 1_000), reading(60, 7_000, boots(9))), [false]);
});

test('a clock that stands still or is not told is no restart', () => {
  assert.deepEqual(judged(reading(0, 0), reading(60, 0), reading(7_200, 0)), [false, false]);
  assert.deepEqual(judged(reading(0, null), reading(60, 100), reading(120, null)), [false, false]);
});

test('names are due after a restart until they were read, and once an hour where rows changed', () => {
  const memory = new DeviceMemory();
  const rows = (value: number) => ({ ifTableLastChange: value });
  const due = (at_s: number, ticks: number, change: number): boolean => {
    memory.restarted(reading(at_s, ticks, rows(change)));
    return memory.names_due;
  };
  assert.equal(due(0, 100_000, 1), false);
  assert.equal(due(60, 100, 1), true);
  assert.equal(due(120, 6_100, 1), true);
  memory.named(120_000);
  assert.equal(due(180, 12_100, 1), false);
  assert.equal(due(240, 18_100, 2), false);
  assert.equal(due(3_900, 384_100, 3), true);
});
