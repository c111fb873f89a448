import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { WINDOW_MS } from '../../../../shared/judge/counters/ratios.ts';
import type { ErrorRatio, PlacedReading } from '../../../../shared/judge/counters/types.ts';
import { DAY_TICKS, feed, poll, T0_MS, UP_1G, type Values } from './device.ts';

const ticks = (s: number) => DAY_TICKS + s * 100;
/** Status each minute and traffic each 5, a second later, from 10 s past the window's begin. */
function minutes(
  count: number,
  status: (minute: number) => Values,
  traffic: (minute: number) => Values,
): PlacedReading[] {
  return Array.from({ length: count }, (_, minute) => {
    const at_s = minute * 60 + 10;
    const first = poll(at_s, ticks(at_s), { 1: { ...UP_1G, ...status(minute) } });
    if (minute % 5 !== 0) return [first];
    return [first, poll(at_s + 1, ticks(at_s + 1), { 1: traffic(minute) })];
  }).flat();
}
const packets = (minute: number) => ({
  ifHCInUcastPkts: minute * 1_000,
  ifHCInMulticastPkts: minute * 10,
  ifHCOutUcastPkts: minute * 500,
});
const short = ({ metric, from_ms, errors, packets: all, ratio }: ErrorRatio) => [
  metric,
  (from_ms - T0_MS) / WINDOW_MS,
  errors,
  all,
  ratio,
];

test('errors over packets and errors of a window, from its first reading to the next one', () => {
  const readings = minutes(
    6,
    (minute) => ({
      ifInErrors: 5 + minute * 10,
      dot3StatsFCSErrors: minute * 2,
      dot3StatsAlignmentErrors: 0,
      dot3StatsLateCollisions: minute,
    }),
    packets,
  );
  const { ratios } = feed(readings);
  assert.deepEqual(ratios.map(short), [
    ['in_errors', 0, 50n, 5_050n, 50 / 5_100],
    ['fcs', 0, 10n, 5_050n, 10 / 5_060],
    ['alignment', 0, 0n, 5_050n, 0],
    ['late_collisions', 0, 5n, 2_500n, 5 / 2_505],
  ]);
  const [first] = ratios;
  assert.equal(first?.measured_from_ms, T0_MS + 11_000);
  assert.equal(first?.measured_to_ms, T0_MS + 311_000);
});

test('null where an end lacks its errors', () => {
  const lost = (minute: number) => (minute === 5 ? { ifInErrors: null } : { ifInErrors: minute });
  assert.deepEqual(feed(minutes(6, lost, packets)).ratios.map(short), [
    ['in_errors', 0, null, null, null],
  ]);
});

test('null where the next window has no packets, and where errors were cleared inside', () => {
  const status = (minute: number) => ({ ifInErrors: minute });
  const silent = minutes(11, status, packets).filter(
    ({ at_ms }) => at_ms < T0_MS + 300_000 || at_ms > T0_MS + 600_000,
  );
  assert.deepEqual(feed(silent).ratios.map(short), [['in_errors', 0, null, null, null]]);
  const cleared = (minute: number) => ({ ifInErrors: minute < 3 ? 50 : minute });
  assert.deepEqual(feed(minutes(6, cleared, packets)).ratios.map(short), [
    ['in_errors', 0, null, null, null],
  ]);
});

test('null, not 0, across a reboot; no traffic has no ratio', () => {
  const status = () => ({ ifInErrors: 3 });
  const rebooted = minutes(6, status, packets).map((reading) => {
    if (reading.at_ms < T0_MS + 200_000) return reading;
    return { ...reading, sys_uptime_ticks: (reading.at_ms - T0_MS - 190_000) / 10 };
  });
  assert.deepEqual(feed(rebooted).ratios.map(short), [['in_errors', 0, null, null, null]]);
  const idle = minutes(6, status, () => ({ ifHCInUcastPkts: 5 }));
  assert.deepEqual(feed(idle).ratios.map(short), [['in_errors', 0, 0n, 0n, null]]);
});

test('a counter that came up inside the window is not all of it', () => {
  const late = (minute: number) => ({
    ifInErrors: minute,
    dot3StatsFCSErrors: minute < 2 ? null : minute,
  });
  const found = feed(minutes(6, late, packets)).ratios.map(short);
  assert.deepEqual(found, [['in_errors', 0, 5n, 5_050n, 5 / 5_055]]);
});

test('EtherLike of a port that is not physical has no ratio', () => {
  const vlan = (minute: number) => ({
    ...{ ifType: 53, ifInErrors: 0 },
    dot3StatsLateCollisions: 415_840 + minute,
  });
  const metrics = feed(minutes(6, vlan, packets)).ratios.map(({ metric }) => metric);
  assert.deepEqual(metrics, ['in_errors']);
});

test('ratios of whole hours equal a naive sum of what was counted between the readings', () => {
  const minute = fc.record({ errors: fc.nat(50), packets: fc.nat(80_000) });
  fc.assert(
    fc.property(fc.array(minute, { minLength: 6, maxLength: 40 }), (grown) => {
      const sum = (key: 'errors' | 'packets', to: number) =>
        grown.slice(0, to).reduce((all, one) => all + one[key], 0);
      const readings = minutes(
        grown.length,
        (k) => ({ ifInErrors: sum('errors', k) }),
        (k) => ({ ifHCInUcastPkts: sum('packets', k) }),
      );
      const naive: unknown[] = [];
      for (let k = 0; k + 5 < grown.length; k += 5) {
        const errors = sum('errors', k + 5) - sum('errors', k);
        const all = sum('packets', k + 5) - sum('packets', k);
        const ratio = errors + all === 0 ? null : errors / (errors + all);
        naive.push(['in_errors', k / 5, BigInt(errors), BigInt(all), ratio]);
      }
      assert.deepEqual(feed(readings).ratios.map(short), naive);
    }),
    { numRuns: 200 },
  );
});
