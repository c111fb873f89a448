import assert from 'node:assert/strict';
import test from 'node:test';
import type { PlacedReading, Restart } from '../../../../shared/judge/counters/types.ts';
import { DAY_TICKS, feed, poll, T0_MS, UP_1G } from './device.ts';

/** Of each restart what was said last. */
function restarts(readings: readonly PlacedReading[]): Restart[] {
  const last = new Map<number, Restart>();
  for (const restart of feed(readings).restarts) last.set(restart.seen_ms, restart);
  return [...last.values()];
}

const WRAP = 2 ** 32;

test('sysUpTime that runs on is nothing, neither with jitter nor after a gap', () => {
  const readings = [
    poll(0, 1_000_000),
    poll(60, 1_006_004),
    poll(61, 1_006_004), // an answer that the device kept
    poll(62, 1_005_990), // and an older one
    poll(7_200, 1_720_300), // a clock that is 3 s ahead after two hours
  ];
  assert.deepEqual(restarts(readings), []);
});

test('497 days: sysUpTime wraps and nothing restarted, boots the same', () => {
  const scalars = { snmpEngineBoots: 4, hrSystemUptime: WRAP - 3_000 };
  const readings = [
    poll(0, WRAP - 3_000, { 1: { ...UP_1G, ifHCInOctets: 5_000 } }, scalars),
    poll(
      60,
      3_000,
      { 1: { ...UP_1G, ifHCInOctets: 6_000 } },
      { ...scalars, hrSystemUptime: 3_000 },
    ),
  ];
  const [wrap, ...others] = restarts(readings);
  assert.deepEqual(others, []);
  assert.equal(wrap?.kind, 'wrap');
  assert.deepEqual(wrap?.evidence, ['uptime_wrapped']);
  assert.ok((wrap?.earliest_ms ?? 0) <= T0_MS + 30_000 && (wrap?.latest_ms ?? 0) >= T0_MS + 30_000);
  const deltas = feed(readings).deltas;
  assert.deepEqual(
    deltas.map(({ validity, delta }) => [validity, delta]),
    [['valid', 1_000n]],
  );
});

test('497 days: a wrap inside a silence of some hours is still a wrap', () => {
  const [wrap] = restarts([poll(0, WRAP - 360_000), poll(7_200, 360_000)]);
  assert.equal(wrap?.kind, 'wrap');
});

test('a reboot near 497 days that is not at the expected place is no wrap', () => {
  const [restart] = restarts([poll(0, WRAP - DAY_TICKS), poll(60, 2_000)]);
  assert.equal(restart?.kind, 'restart');
  assert.deepEqual(restart?.evidence, ['uptime_fell']);
});

test('reboot: uptime fell and boots grew, with bounds by the new uptime', () => {
  const [reboot] = restarts([
    poll(0, 50 * DAY_TICKS, null, { snmpEngineBoots: 7 }),
    poll(300, 4_000, null, { snmpEngineBoots: 8 }),
  ]);
  assert.equal(reboot?.kind, 'reboot');
  assert.deepEqual(reboot?.evidence, ['uptime_fell', 'boots_grew']);
  assert.equal(reboot?.last_ms, T0_MS);
  // 300 s − 40 s, with the device's second and the answer's 20 ms.
  assert.ok((reboot?.earliest_ms ?? 0) >= T0_MS + 258_000);
  assert.ok((reboot?.latest_ms ?? 0) <= T0_MS + 262_000);
});

test('reboot: boots come with a later reading of the same batch and are said again', () => {
  const readings = [
    poll(0, 50 * DAY_TICKS, null, { snmpEngineBoots: 7 }),
    poll(300, 4_000),
    poll(360, 10_000, null, { snmpEngineBoots: 8 }),
  ];
  assert.deepEqual(
    feed(readings).restarts.map(({ kind, seen_ms }) => [kind, seen_ms - T0_MS]),
    [
      ['restart', 300_000],
      ['reboot', 300_000],
    ],
  );
});

test('reboot: the host uptime fell too', () => {
  const [reboot] = restarts([
    poll(0, 500_000, null, { hrSystemUptime: 600_000 }),
    poll(120, 1_000, null, { hrSystemUptime: 4_000 }),
  ]);
  assert.equal(reboot?.kind, 'reboot');
  assert.deepEqual(reboot?.evidence, ['uptime_fell', 'host_uptime_fell']);
});

test('SNMP agent restart: sysUpTime fell, the host ran on (read, or known to run on)', () => {
  const first = poll(0, 500_000, null, { hrSystemUptime: 90 * DAY_TICKS });
  const read = [
    first,
    poll(60, 1_000),
    poll(120, 7_000, null, { hrSystemUptime: 90 * DAY_TICKS + 12_000 }),
  ];
  const implied = [first, poll(60, 1_000, null, 'ran_on'), poll(120, 7_000, null, 'ran_on')];
  for (const readings of [read, implied]) {
    const [restart, ...others] = restarts(readings);
    assert.deepEqual(others, []);
    assert.equal(restart?.kind, 'agent_restart');
    assert.deepEqual(restart?.evidence, ['uptime_fell', 'host_uptime_ran_on']);
  }
});

test('SNMP agent restart across the 497-day wrap of the host uptime', () => {
  const [restart] = restarts([
    poll(0, 500_000, null, { snmpEngineBoots: 1, hrSystemUptime: WRAP - 3_000 }),
    poll(60, 1_000, null, { snmpEngineBoots: 2, hrSystemUptime: 3_000 }),
  ]);
  assert.equal(restart?.kind, 'agent_restart');
});

test('SNMP engine restart: boots grew while sysUpTime ran on', () => {
  const [restart] = restarts([
    poll(0, 500_000, null, { snmpEngineBoots: 1 }),
    poll(60, 506_000, null, { snmpEngineBoots: 2 }),
  ]);
  assert.equal(restart?.kind, 'agent_restart');
  assert.deepEqual(restart?.evidence, ['uptime_ran_on', 'boots_grew']);
});

test('the engine time that is not reset (RouterOS) does not hide a reboot', () => {
  const [reboot] = restarts([
    poll(0, 40 * DAY_TICKS, null, { snmpEngineTime: 3_700_000, hrSystemUptime: 40 * DAY_TICKS }),
    poll(600, 30_000, null, { snmpEngineTime: 3_700_600, hrSystemUptime: 30_000 }),
  ]);
  assert.equal(reboot?.kind, 'reboot');
});

test('reboot inside a long silence: the new uptime passed the old one', () => {
  const [restart] = restarts([poll(0, 10_000), poll(3_600, 20_000)]);
  assert.equal(restart?.kind, 'restart');
  assert.deepEqual(restart?.evidence, ['uptime_behind']);
  assert.ok((restart?.earliest_ms ?? 0) >= T0_MS + 3_398_000);
});

test('two reboots within a minute of each other are two', () => {
  const found = restarts([poll(0, DAY_TICKS), poll(60, 2_000), poll(120, 3_000)]);
  assert.deepEqual(
    found.map(({ evidence }) => evidence),
    [['uptime_fell'], ['uptime_behind']],
  );
});

test('reboot: counters and ifLastChange of the ports fell', () => {
  const row = { ...UP_1G, ifHCInOctets: 9_000_000, ifInErrors: 12, ifLastChange: 400_000 };
  const after = { ...UP_1G, ifHCInOctets: 8_000, ifInErrors: 0, ifLastChange: 1_200 };
  const [reboot] = restarts([
    poll(0, 500_000, { 1: row, 2: row }),
    poll(60, 3_000, { 1: after, 2: after }),
  ]);
  assert.equal(reboot?.kind, 'reboot');
  assert.deepEqual(reboot?.evidence, ['uptime_fell', 'counters_fell', 'last_change_fell']);
});

test('a device without sysUpTime: its host uptime tells the reboot', () => {
  const [reboot] = restarts([
    poll(0, null, null, { hrSystemUptime: 600_000 }),
    poll(120, null, null, { hrSystemUptime: 4_000 }),
  ]);
  assert.equal(reboot?.kind, 'reboot');
  assert.deepEqual([reboot?.earliest_ms, reboot?.latest_ms], [T0_MS, T0_MS + 120_020]);
});

test('a sysUpTime that stands at 0 (ICX) says nothing', () => {
  assert.deepEqual(restarts([poll(0, 0), poll(60, 0), poll(3_600, 0)]), []);
});

test('a sysUpTime that stands does not deny the restart that boots and host uptime tell', () => {
  const [reboot] = restarts([
    poll(0, 0, null, { snmpEngineBoots: 1, hrSystemUptime: 900_000 }),
    poll(60, 0, null, { snmpEngineBoots: 2, hrSystemUptime: 3_000 }),
  ]);
  assert.equal(reboot?.kind, 'reboot');
  assert.deepEqual(reboot?.evidence, ['boots_grew', 'host_uptime_fell']);
});

test('failed polls, and the restart of the measuring agent, are no restart', () => {
  const failed: PlacedReading = { ...poll(60, null), outcome: 'timeout' };
  assert.deepEqual(restarts([poll(0, 500_000), failed, poll(1_800, 680_000)]), []);
});

test('a clock of the agent that was placed anew and earlier begins again, without a restart', () => {
  const row = (octets: number) => ({ 1: { ...UP_1G, ifHCInOctets: octets } });
  const readings = [poll(600, 500_000, row(1_000)), poll(0, 506_000, row(2_000))];
  assert.deepEqual(restarts(readings), []);
  assert.deepEqual(feed(readings).deltas, []);
});
