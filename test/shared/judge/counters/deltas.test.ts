import assert from 'node:assert/strict';
import test from 'node:test';
import type { PlacedReading } from '../../../../shared/judge/counters/types.ts';
import { DAY_TICKS, feed, poll, UP_1G, UP_100M, type Values } from './device.ts';

const TWO_32 = 2n ** 32n;

/** Readings `step_s` apart of port 1 of a device that runs on. */
function run(rows: readonly Values[], step_s = 60, base: Values = UP_1G): PlacedReading[] {
  return rows.map((row, k) =>
    poll(k * step_s, DAY_TICKS + k * step_s * 100, { 1: { ...base, ...row } }),
  );
}

function verdicts(readings: readonly PlacedReading[], column?: string): unknown[] {
  return feed(readings)
    .deltas.filter((delta) => column === undefined || delta.column === column)
    .map(({ validity, reason, delta }) => (validity === 'invalid' ? reason : [validity, delta]));
}

test('a delta of 64 bits inside one epoch is valid, exact beyond 2^53', () => {
  const rows = [{ ifHCInOctets: 2n ** 60n }, { ifHCInOctets: 2n ** 60n + 12_345n }];
  assert.deepEqual(verdicts(run(rows)), [['valid', 12_345n]]);
});

test('nothing counted is a valid 0, and only that', () => {
  assert.deepEqual(verdicts(run([{ ifInErrors: 7 }, { ifInErrors: 7 }])), [['valid', 0n]]);
});

test('32 bits wrap: valid, marked', () => {
  const rows = [{ ifInOctets: TWO_32 - 1_000n }, { ifInOctets: 500 }];
  assert.deepEqual(verdicts(run(rows, 60, UP_100M)), [['wrap', 1_500n]]);
});

test('32 bits wrap while packets run on: more packets than the octets since could hold', () => {
  const rows = [
    { ifInOctets: TWO_32 - 1_000n, ifInUcastPkts: 4_000_000 },
    { ifInOctets: 500_000, ifInUcastPkts: 4_001_000 },
  ];
  assert.deepEqual(verdicts(run(rows, 300, UP_100M)), [
    ['wrap', 501_000n],
    ['valid', 1_000n],
  ]);
});

test('reboot: no delta, never 0', () => {
  const before = poll(0, DAY_TICKS, { 1: { ...UP_1G, ifHCInOctets: 900, ifInErrors: 0 } });
  const after = poll(60, 2_000, { 1: { ...UP_1G, ifHCInOctets: 5_000, ifInErrors: 0 } });
  const { deltas } = feed([before, after]);
  assert.deepEqual(
    deltas.map(({ delta, reason }) => [delta, reason]),
    [
      [null, 'reboot'],
      [null, 'reboot'],
    ],
  );
});

test('another ifCounterDiscontinuityTime: invalid; tables without that column share it', () => {
  const readings = [
    poll(0, 100_000, { 1: { ...UP_1G, ifCounterDiscontinuityTime: 0, ifHCInOctets: 10 } }),
    poll(1, 100_100, { 1: { dot3StatsSymbolErrors: 4 } }),
    poll(60, 106_000, { 1: { ...UP_1G, ifCounterDiscontinuityTime: 103_000, ifHCInOctets: 20 } }),
    poll(61, 106_100, { 1: { dot3StatsSymbolErrors: 5 } }),
    poll(120, 112_000, { 1: { ...UP_1G, ifCounterDiscontinuityTime: 103_000, ifHCInOctets: 35 } }),
  ];
  assert.deepEqual(verdicts(readings), ['discontinuity', 'discontinuity', ['valid', 15n]]);
});

test('cleared by an operator: a fall from the lower half, uptime running on', () => {
  assert.deepEqual(verdicts(run([{ ifInErrors: 40 }, { ifInErrors: 2 }])), ['cleared']);
  assert.deepEqual(verdicts(run([{ ifHCInOctets: 40 }, { ifHCInOctets: 2 }])), ['cleared']);
});

test('cleared: what looks like a wrap is none where another counter of the port was set back', () => {
  const rows = [
    { ifInOctets: TWO_32 - 1_000n, ifInErrors: 3_000_000, ifOutErrors: 0 },
    { ifInOctets: 500, ifInErrors: 1, ifOutErrors: 0 },
  ];
  assert.deepEqual(verdicts(run(rows, 60, UP_100M)), ['cleared', 'cleared', 'cleared']);
});

test('cleared: seen in one table it holds for the others, which cannot show it', () => {
  const readings = [
    poll(0, 100_000, { 1: { ...UP_100M, ifInErrors: 40 } }),
    poll(1, 100_100, { 1: { ifInOctets: TWO_32 - 1_000n } }),
    poll(300, 130_000, { 1: { ...UP_100M, ifInErrors: 0 } }),
    poll(301, 130_100, { 1: { ifInOctets: 900 } }),
    poll(600, 160_000, { 1: { ...UP_100M, ifInErrors: 1 } }),
    poll(601, 160_100, { 1: { ifInOctets: 1_000 } }),
  ];
  assert.deepEqual(verdicts(readings), ['cleared', 'cleared', ['valid', 1n], ['valid', 100n]]);
});

test('cleared: a counter too high to have come back did run on', () => {
  const rows = [
    { ifHCInOctets: 10n ** 13n, ifInErrors: 40 },
    { ifHCInOctets: 10n ** 13n + 5n, ifInErrors: 2 },
  ];
  assert.deepEqual(verdicts(run(rows)), [['valid', 5n], 'cleared']);
});

test('neither wrap nor clearing can be proved: no number', () => {
  const rows = [
    { ifInOctets: TWO_32 - 1_000n, ifInUcastPkts: 10 },
    { ifInOctets: 90_000_000, ifInUcastPkts: 20 },
  ];
  assert.deepEqual(verdicts(run(rows, 60, UP_100M), 'ifInOctets'), ['discontinuity']);
});

test('more than the line carries: invalid', () => {
  const most = 125_000_000n * 60n;
  const rows = [{ ifHCInOctets: 0 }, { ifHCInOctets: most }, { ifHCInOctets: most * 3n }];
  assert.deepEqual(verdicts(run(rows)), [['valid', most], 'rate_above_line']);
});

test('a port that fell from 1 Gb/s within the interval is held against 1 Gb/s', () => {
  const octets = 100_000_000n * 50n;
  const readings = run([{ ifHCInOctets: 0 }, { ifHCInOctets: octets }]);
  const slow = poll(60, DAY_TICKS + 6_000, { 1: { ...UP_100M, ifHCInOctets: octets } });
  assert.deepEqual(verdicts([...readings.slice(0, 1), slow]), [['valid', octets]]);
});

test('32 bits above 100 Mb/s are invalid at 5 minutes, at 100 Mb/s they are not', () => {
  const rows = [{ ifInOctets: 1_000 }, { ifInOctets: 2_000 }];
  assert.deepEqual(verdicts(run(rows, 300, UP_1G)), ['narrow_at_speed']);
  assert.deepEqual(verdicts(run(rows, 300, UP_100M)), [['valid', 1_000n]]);
  assert.deepEqual(verdicts(run(rows, 20, UP_1G)), [['valid', 1_000n]]);
});

test('32 bits on a port of unknown speed: nothing bounds them', () => {
  const unknown = { ...UP_1G, ifSpeed: 0, ifHighSpeed: 0 };
  const rows = [
    { ifInOctets: 1_000, ifInErrors: 0 },
    { ifInOctets: 2_000, ifInErrors: 1 },
  ];
  assert.deepEqual(verdicts(run(rows, 60, unknown)), ['narrow_at_speed', ['valid', 1n]]);
});

test('each port has its own choice of 64 bits', () => {
  const both = { ifHCInOctets: 2n ** 40n, ifInOctets: 5 };
  const readings = [0, 1].map((k) =>
    poll(k * 60, DAY_TICKS + k * 6_000, {
      1: { ...UP_1G, ...both, ifHCInOctets: 2n ** 40n + BigInt(k) },
      2: { ...UP_100M, ifInOctets: 100 + k, ifHCInOctets: null },
    }),
  );
  assert.deepEqual(
    feed(readings).deltas.map(({ port, column, delta }) => [port, column, delta]),
    [
      [1, 'ifHCInOctets', 1n],
      [2, 'ifInOctets', 1n],
    ],
  );
});

test('gap: too long a silence', () => {
  const rows = [{ ifHCInOctets: 1 }, { ifHCInOctets: 2 }];
  assert.deepEqual(verdicts(run(rows, 3_600)), ['gap']);
});

test('one lost poll only makes the interval longer', () => {
  const [first, , third] = run([1, 2, 3].map((n) => ({ ifHCInOctets: n })));
  assert.ok(first !== undefined && third !== undefined);
  const failed: PlacedReading = { ...poll(60, null), outcome: 'timeout' };
  assert.deepEqual(verdicts([first, failed, third]), [['valid', 2n]]);
});

test('missing: no such instance any more; it begins anew when it is back', () => {
  const rows = [4, null, 9, 11].map((n) => ({ ifInErrors: n }));
  assert.deepEqual(verdicts(run(rows)), ['missing', ['valid', 2n]]);
});

test('EtherLike only on physical ports', () => {
  const rows = [{ dot3StatsLateCollisions: 1 }, { dot3StatsLateCollisions: 415_840 }];
  assert.deepEqual(verdicts(run(rows, 60, { ...UP_1G, ifType: 53 })), []);
  assert.deepEqual(verdicts(run(rows, 60, { ...UP_1G, ifConnectorPresent: 2 })), []);
  assert.deepEqual(verdicts(run(rows, 60, { ...UP_1G, ifType: 117 })), [['valid', 415_839n]]);
});

test('a fall without a usable sysUpTime could be a restart: no number and no accusation', () => {
  const rows = [TWO_32 - 10n, 10n];
  const readings = rows.map((n, k) => poll(k * 60, null, { 1: { ...UP_100M, ifInOctets: n } }));
  assert.deepEqual(verdicts(readings), ['discontinuity']);
});

test('another ifType under the number is another port', () => {
  const readings = [
    poll(0, 100_000, { 1: { ...UP_1G, ifInErrors: 1 } }),
    poll(60, 106_000, { 1: { ...UP_1G, ifType: 53, ifInErrors: 5 } }),
  ];
  assert.deepEqual(verdicts(readings), []);
});
