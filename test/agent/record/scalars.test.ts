import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { ScalarsRecord } from '../../../agent/record/scalars.ts';
import type { SystemPoll } from '../../../agent/snmp/system.ts';

function reading(at_ms: number, scalars: Readonly<Record<string, number>>): SystemPoll {
  const times = { requested_mono_ms: at_ms, response_ms: 3 };
  return { ok: true, ...times, sys_uptime_ticks: 1, scalars };
}

/** What a healthy device says `at_ms` after a moment. */
const healthy = (at_ms: number) => ({
  snmpEngineBoots: 4,
  snmpEngineTime: 100 + Math.floor(at_ms / 1_000),
  hrSystemUptime: 90_000 + Math.floor(at_ms / 10),
  ifTableLastChange: 17,
});

/** Which readings of one hour are written, each taken at once. */
function written(...readings: [number, Readonly<Record<string, number>>][]): boolean[] {
  const record = new ScalarsRecord();
  return readings.map(([at_ms, scalars]) => {
    record.add(reading(at_ms, scalars), 1);
    return record.take() !== undefined;
  });
}

test('clocks that run on are written once', () => {
  const late = fc.array(fc.integer({ min: 0, max: 3_590_000 }), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(late, (times) => {
      const [first, ...others] = times.sort((a, b) => a - b);
      const readings = [first ?? 0, ...others].map((at): [number, Record<string, number>] => [
        at,
        healthy(at),
      ]);
      assert.deepEqual(
        written(...readings),
        readings.map((_, i) => i === 0),
      );
    }),
  );
});

test('whatever did not run on as expected is written as it was said', () => {
  const at = 60_000;
  const changed: Record<string, number>[] = [
    { snmpEngineBoots: 5 },
    { snmpEngineTime: 3 },
    { hrSystemUptime: 500 },
    { hrSystemUptime: healthy(at).hrSystemUptime + 300 },
    { ifTableLastChange: 18 },
    { other: 1 },
  ];
  for (const change of changed) {
    const record = new ScalarsRecord();
    record.add(reading(0, healthy(0)), 1);
    record.take();
    const scalars = { ...healthy(at), ...change };
    record.add(reading(at, scalars), 1);
    assert.deepEqual(record.take(), scalars);
  }
  const { hrSystemUptime: _, ...fewer } = healthy(at);
  assert.deepEqual(written([0, healthy(0)], [at, fewer]), [true, true]);
});

test('an engine that counts in another unit is written each time, unaltered', () => {
  const odd = (at_ms: number) => ({ snmpEngineTime: 343 + Math.floor(at_ms / 3_600_000) });
  assert.deepEqual(written([0, odd(0)], [60_000, odd(60_000)]), [true, true]);
});

test('another hour writes them, and the newest of a batch counts', () => {
  const record = new ScalarsRecord();
  record.add(reading(0, healthy(0)), 1);
  record.add(reading(60_000, healthy(60_000)), 1);
  assert.deepEqual(record.take(), healthy(60_000));
  assert.equal(record.take(), undefined);
  record.add(reading(120_000, healthy(120_000)), 1);
  assert.equal(record.take(), undefined);
  record.add(reading(180_000, healthy(180_000)), 2);
  assert.deepEqual(record.take(), healthy(180_000));
  record.add(reading(240_000, {}), 3);
  assert.equal(record.take(), undefined);
});
