import assert from 'node:assert/strict';
import test from 'node:test';
import { speedOf } from '../../../../shared/judge/counters/facts.ts';
import { bestSpeeds, createCounters, PORTS_MAX } from '../../../../shared/judge/counters/state.ts';
import type { PlacedReading } from '../../../../shared/judge/counters/types.ts';
import { DAY_TICKS, feed, poll, T0_MS, UP_1G, type Values } from './device.ts';

/** Readings of port 1 at these seconds, of a device that runs on. */
function run(rows: readonly (readonly [number, Values])[]): PlacedReading[] {
  return rows.map(([s, row]) => poll(s, DAY_TICKS + s * 100, { 1: { ...UP_1G, ...row } }));
}
const DOWN = { ifOperStatus: 2 };
const UP = { ifOperStatus: 1 };
const s = (ms: number | null | undefined) => (ms == null ? ms : (ms - T0_MS) / 1_000);

test('speed: ifSpeed where it can say it, else ifHighSpeed; 0 and nonsense are unknown', () => {
  assert.equal(speedOf(1_000_000_000n, 0n), 1_000);
  assert.equal(speedOf(4_294_967_295n, 10_000n), 10_000);
  assert.equal(speedOf(1_410_065_408n, 10_000n), 10_000);
  assert.equal(speedOf(100_000_000n, 100_000_000n), 100);
  assert.equal(speedOf(0n, 0n), null);
  assert.equal(speedOf(null, null), null);
  assert.equal(speedOf(4_294_967_295n, null), null);
});

test('the first facts of a port, then each change between its bounds', () => {
  const { changes } = feed(
    run([
      [0, UP],
      [60, UP],
      [120, DOWN],
    ]),
  );
  assert.deepEqual(
    changes
      .slice(0, 4)
      .map(({ fact, before, value, earliest_ms }) => [fact, before, value, earliest_ms]),
    [
      ['speed', null, 1_000, null],
      ['duplex', null, 'full', null],
      ['admin', null, 'up', null],
      ['oper', null, 'up', null],
    ],
  );
  const [down, ...others] = changes.slice(4);
  assert.deepEqual(others, []);
  assert.deepEqual([down?.fact, down?.before, down?.value], ['oper', 'up', 'down']);
  assert.deepEqual([s(down?.earliest_ms), s(down?.latest_ms)], [60, 120.02]);
});

test('ifLastChange narrows the bounds and shows what came and went between two polls', () => {
  const at = (second: number) => ({ ifLastChange: DAY_TICKS + second * 100 });
  const { changes } = feed(
    run([
      [0, { ...UP, ...at(-9_000) }],
      [60, { ...DOWN, ...at(42) }],
      [120, { ...UP, ...at(70) }],
      [180, { ...UP, ...at(150) }],
      [240, { ...UP, ...at(150) }],
    ]),
  );
  const oper = changes.filter((change) => change.fact === 'oper' && change.before !== null);
  assert.deepEqual(
    oper.map((change) => [
      change.value,
      'changes' in change && change.changes,
      s(change.earliest_ms),
      s(change.latest_ms),
    ]),
    [
      ['down', 1, 41, 43.02],
      ['up', 1, 69, 71.02],
      ['up', 2, 149, 151.02],
    ],
  );
});

test('ifLastChange at 0, beyond sysUpTime, or anew after a reboot shows nothing', () => {
  const zero = feed(
    run([
      [0, { ifLastChange: 0 }],
      [60, { ifLastChange: 0 }],
    ]),
  );
  const beyond = feed(
    run([
      [0, { ifLastChange: 5 }],
      [60, { ifLastChange: DAY_TICKS * 9 }],
    ]),
  );
  const reboot = feed([
    poll(0, DAY_TICKS, { 1: { ...UP_1G, ifLastChange: 900 } }),
    poll(60, 2_000, { 1: { ...UP_1G, ifLastChange: 1_500 } }),
  ]);
  for (const { changes } of [zero, beyond, reboot]) {
    assert.equal(changes.filter(({ fact }) => fact === 'oper').length, 1);
  }
});

test('flapping: three changes in 10 minutes, not two, and not three in more', () => {
  assert.deepEqual(
    feed(
      run([
        [0, UP],
        [60, DOWN],
        [120, UP],
      ]),
    ).flaps,
    [],
  );
  assert.deepEqual(
    feed(
      run([
        [0, UP],
        [60, DOWN],
        [360, UP],
        [660, DOWN],
      ]),
    ).flaps,
    [],
  );
  const { flaps } = feed(
    run([
      [0, UP],
      [60, DOWN],
      [120, UP],
      [180, DOWN],
      [240, UP],
      [300, UP],
      [900, UP],
    ]),
  );
  assert.deepEqual(
    flaps.map(({ from_ms, to_ms, changes }) => [s(from_ms), s(to_ms), changes]),
    [
      [60.02, null, 3],
      [60.02, null, 4],
      [60.02, 240.02, 4],
    ],
  );
});

test('a link that went and came back between polls is two changes of a flapping', () => {
  const at = (second: number) => ({ ifLastChange: DAY_TICKS + second * 100 });
  const { flaps } = feed(
    run([
      [0, at(-5)],
      [60, at(30)],
      [120, at(90)],
    ]),
  );
  assert.deepEqual(
    flaps.map(({ changes }) => changes),
    [4],
  );
});

test('switched off and on by its admin, or notPresent in between, is no flapping', () => {
  const off = { ifAdminStatus: 2, ifOperStatus: 2 };
  assert.deepEqual(
    feed(
      run([
        [0, UP],
        [60, off],
        [120, UP],
        [180, off],
        [240, UP],
      ]),
    ).flaps,
    [],
  );
  const gone = { ifOperStatus: 6 };
  assert.deepEqual(
    feed(
      run([
        [0, UP],
        [60, gone],
        [120, UP],
        [180, gone],
        [240, UP],
      ]),
    ).flaps,
    [],
  );
});

test('half duplex: only while up, only on physical ports', () => {
  const half = { dot3StatsDuplexStatus: 2 };
  const { findings } = feed(
    run([
      [0, {}],
      [60, half],
      [120, half],
      [180, { ...half, ...DOWN }],
    ]),
  );
  assert.deepEqual(
    findings.map(({ finding, from_ms, to_ms }) => [finding, s(from_ms), s(to_ms)]),
    [
      ['half_duplex', 60, null],
      ['half_duplex', 60, 180],
    ],
  );
  assert.deepEqual(feed(run([[0, { ...half, ifType: 53 }]])).findings, []);
});

test('slow: below the best speed so far while up; unknown and down are not slow', () => {
  const slow = { ifSpeed: 100_000_000, ifHighSpeed: 100 };
  const unknown = { ifSpeed: 0, ifHighSpeed: 0 };
  const { findings } = feed(
    run([
      [0, {}],
      [60, unknown],
      [120, { ...slow, ...DOWN }],
      [180, slow],
      [240, {}],
    ]),
  );
  assert.deepEqual(
    findings.map(({ finding, from_ms, to_ms, speed_mbps, best_mbps }) => [
      finding,
      s(from_ms),
      s(to_ms),
      speed_mbps,
      best_mbps,
    ]),
    [
      ['slow', 180, null, 100, 1_000],
      ['slow', 180, 240, 100, 1_000],
    ],
  );
});

test('the best speed comes from before, where a document tells it, and goes on into one', () => {
  const state = createCounters(new Map([[1, 1_000]]));
  const slow = { ifSpeed: 100_000_000, ifHighSpeed: 100 };
  assert.deepEqual(
    feed(run([[0, slow]]), state).findings.map(({ finding }) => finding),
    ['slow'],
  );
  assert.deepEqual(bestSpeeds(state), new Map([[1, 1_000]]));
});

test('after a long silence nothing is said of the time between', () => {
  const half = { dot3StatsDuplexStatus: 2 };
  const { findings } = feed(
    run([
      [0, half],
      [60, half],
      [7_200, half],
    ]),
  );
  assert.deepEqual(
    findings.map(({ from_ms, to_ms }) => [s(from_ms), s(to_ms)]),
    [
      [0, null],
      [0, 60],
      [7_200, null],
    ],
  );
});

test('memory is bounded: ports that come and go push out the oldest', () => {
  const state = createCounters();
  const rows = (from: number) =>
    Object.fromEntries(Array.from({ length: 1_500 }, (_, k) => [from + k, UP_1G]));
  for (const k of [0, 1, 2, 3]) feed([poll(k * 60, 1_000 + k * 6_000, rows(1 + k * 1_500))], state);
  const ports = Object.keys(state.ports).map(Number);
  assert.ok(ports.length <= PORTS_MAX && ports.length > PORTS_MAX / 2);
  assert.ok(ports.includes(6_000) && !ports.includes(1));
});
