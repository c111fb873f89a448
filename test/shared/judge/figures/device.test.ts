import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  dayFigures,
  deviceFigures,
  type FiguresAsk,
  type HourCell,
  hourWeekdayFigures,
  MATRIX_CELLS,
} from '../../../../shared/judge/figures/device.ts';
import { ratiosOf } from '../../../../shared/judge/figures/ratios.ts';
import { addAll, addEach, addSums, scaleSums } from '../../../../shared/judge/figures/sums.ts';
import { clip } from '../../../../shared/judge/spans.ts';
import { naiveFigures } from './naive.ts';
import { ask, HOUR, interval, moment, question, S, WORLD_S } from './world.ts';

const sum = (table: object): number => Object.values(table).reduce((a: number, b) => a + b, 0);

test('figures are those of asking every second', () => {
  fc.assert(
    fc.property(question, (one) => assert.deepEqual(deviceFigures(one), naiveFigures(one))),
    { numRuns: 1_500 },
  );
});

test('the states sum to the expected time, the tables to their states', () => {
  fc.assert(
    fc.property(question, (one) => {
      const f = deviceFigures(one);
      const { up_ms, degraded_ms, down_ms, unreachable_ms, off_ms, unknown_ms } = f;
      const states = up_ms + degraded_ms + down_ms + unreachable_ms + off_ms + unknown_ms;
      assert.equal(states + f.maintenance_ms, f.expected_ms);
      assert.equal(sum(f.unknown_by), unknown_ms);
      const causes = Object.values(f.down_by_cause_ms);
      assert.equal(sum(causes.map((cause) => cause.down_ms)), down_ms);
      assert.equal(sum(causes.map((cause) => cause.unreachable_ms)), unreachable_ms);
      assert.ok(f.undetermined_ms <= f.lan_excluded_ms);
      assert.ok(f.lan_excluded_ms <= down_ms + unreachable_ms);
    }),
    { numRuns: 3_000 },
  );
});

test('the parts of a split period add up to the whole, outages and tables too', () => {
  fc.assert(
    fc.property(question, fc.array(moment, { maxLength: 5 }), (one, cuts) => {
      const whole = deviceFigures(one);
      const edges = [...new Set([0, ...cuts, WORLD_S * S])].sort((a, b) => a - b);
      const days = dayFigures(one, edges);
      assert.equal(days.length, edges.length - 1);
      assert.deepEqual(addAll(days), whole);
      const parts = edges.slice(1).map((to_ms, i) => {
        const hours = clip(one.hours, edges[i] ?? 0, to_ms);
        return deviceFigures({ ...one, hours });
      });
      assert.deepEqual(days, parts);
      assert.equal(JSON.stringify(parts.reduceRight(addSums)), JSON.stringify(addAll(parts)));
    }),
    { numRuns: 2_000 },
  );
});

test('hours of the week add up to the whole, each in its own cell', () => {
  const cells = Array.from({ length: WORLD_S / 20 }, (_, i): HourCell => {
    return { from_ms: i * 20 * S, to_ms: (i + 1) * 20 * S, weekday: i % 7, hour: (i * 5) % 24 };
  });
  fc.assert(
    fc.property(question, question, (one, other) => {
      const rows = hourWeekdayFigures(one, cells);
      assert.equal(rows.length, MATRIX_CELLS);
      assert.deepEqual(addAll(rows), deviceFigures(one));
      const both = addEach(rows, hourWeekdayFigures(other, cells));
      assert.deepEqual(addAll(both), addSums(deviceFigures(one), deviceFigures(other)));
    }),
    { numRuns: 500 },
  );
});

test('worst <= observed <= best, and no LAN figure below its worst', () => {
  fc.assert(
    fc.property(question, (one) => {
      const { worst, availability, best, coverage, ...lan } = ratiosOf(deviceFigures(one));
      if (availability !== null) {
        assert.ok(worst !== null && worst <= availability);
        assert.ok(best !== null && availability <= best);
        assert.ok(lan.availability_lan === null || availability <= lan.availability_lan);
      }
      if (lan.availability_lan !== null) {
        assert.ok(lan.worst_lan !== null && lan.worst_lan <= lan.availability_lan);
      }
      if (coverage !== null) assert.ok(coverage >= 0 && coverage <= 1);
    }),
    { numRuns: 3_000 },
  );
});

test('time that is maintenance elsewhere changes nothing', () => {
  const outage = [interval(0, HOUR, 'up'), interval(HOUR, 2 * HOUR, 'down', { cause: 'device' })];
  const calm = deviceFigures(ask(0, 8 * HOUR, [...outage, interval(2 * HOUR, null, 'up')]));
  const planned = deviceFigures(
    ask(0, 8 * HOUR, [
      ...outage,
      interval(2 * HOUR, 4 * HOUR, 'up'),
      interval(4 * HOUR, 6 * HOUR, 'maintenance'),
      interval(6 * HOUR, null, 'up'),
    ]),
  );
  assert.equal(planned.down_ms, calm.down_ms);
  assert.deepEqual(planned.down_by_cause_ms, calm.down_by_cause_ms);
  assert.equal(planned.up_ms, calm.up_ms - 2 * HOUR);
  assert.equal(planned.outages_ms, HOUR);
});

test('any up time may become maintenance: nothing else changes', () => {
  fc.assert(
    fc.property(question, fc.nat(13), (one, pick) => {
      const intervals = one.intervals.map((old, i) =>
        i === pick && old.state === 'up' ? { ...old, state: 'maintenance' as const } : old,
      );
      const before = deviceFigures(one);
      const after = deviceFigures({ ...one, intervals });
      const moved = after.maintenance_ms - before.maintenance_ms;
      const up_ms = before.up_ms - moved;
      assert.deepEqual(after, { ...before, up_ms, maintenance_ms: after.maintenance_ms });
    }),
    { numRuns: 1_000 },
  );
});

test('an outage counts once, where it starts, with its whole length', () => {
  const story = [
    interval(0, HOUR, 'up'),
    interval(HOUR, 3 * HOUR, 'down', { cause: 'power' }),
    interval(3 * HOUR, 4 * HOUR, 'down', { cause: 'device' }),
    interval(4 * HOUR, 4 * HOUR + 59 * S, 'up'),
    interval(4 * HOUR + 59 * S, 4 * HOUR + 118 * S, 'down'),
    interval(4 * HOUR + 118 * S, 5 * HOUR, 'up'),
    interval(5 * HOUR, 6 * HOUR, 'unreachable'),
    interval(6 * HOUR, null, 'up'),
  ];
  const [first, second] = dayFigures(ask(0, 8 * HOUR, story), [0, 2 * HOUR, 8 * HOUR]);
  assert.equal(first?.outages, 1);
  assert.equal(first?.outages_ms, 3 * HOUR);
  assert.equal(first?.down_ms, HOUR);
  assert.equal(second?.outages, 0, '59 s is time, but no outage; unreachable is the root’s outage');
  assert.equal(second?.down_ms, 2 * HOUR + 59 * S);
  assert.equal(second?.longest_ms, null);
});

test('an outage before work counts where work begins, if the calendar is known', () => {
  const calendar = [8, 32].map((h) => ({ from_ms: h * HOUR, to_ms: (h + 4) * HOUR }));
  const story = [
    interval(0, 11 * HOUR, 'up'),
    interval(11 * HOUR, 33 * HOUR, 'down'),
    interval(33 * HOUR, null, 'up'),
  ];
  const base = { calendar, as_of_to_ms: 48 * HOUR, known_to_ms: 48 * HOUR };
  const monday = deviceFigures(ask(0, 0, story, { ...base, hours: clip(calendar, 0, 24 * HOUR) }));
  const tuesday = deviceFigures(
    ask(0, 0, story, { ...base, hours: clip(calendar, 24 * HOUR, 48 * HOUR) }),
  );
  assert.equal(monday.outages, 1);
  assert.equal(monday.outages_ms, 2 * HOUR, 'working time only: an hour on each day');
  assert.equal(monday.ended_ms, 2 * HOUR);
  assert.equal(tuesday.outages, 0);
  const night = [interval(0, 2 * HOUR, 'up'), interval(2 * HOUR, null, 'down')];
  const opened = deviceFigures(ask(0, 0, night, { ...base, hours: calendar }));
  assert.equal(opened.outages, 1);
  assert.equal(opened.outages_ms, 8 * HOUR);
  assert.equal(opened.ended, 0);
});

test('an outage that ends with the device’s removal was not repaired', () => {
  const story = [interval(0, HOUR, 'up'), interval(HOUR, 2 * HOUR, 'down')];
  const windows = [{ from_ms: 0, to_ms: 2 * HOUR }];
  const f = deviceFigures(ask(0, 4 * HOUR, story, { windows }));
  assert.equal(f.expected_ms, 2 * HOUR);
  assert.deepEqual([f.outages, f.ended], [1, 0]);
  assert.equal(ratiosOf(f).mttr_ms, null);
});

test('an outage that ends where the figures end is open for them, as it was judged then', () => {
  const story = (end: number | null) => [interval(0, HOUR, 'up'), interval(HOUR, end, 'down')];
  const then = deviceFigures(ask(0, 2 * HOUR, story(null)));
  const later = deviceFigures(ask(0, 2 * HOUR, story(2 * HOUR), { known_to_ms: 3 * HOUR }));
  const longer = deviceFigures(ask(0, 2 * HOUR, story(3 * HOUR), { known_to_ms: 3 * HOUR }));
  assert.deepEqual(later, then);
  assert.deepEqual(longer, then);
  assert.deepEqual([then.outages, then.outages_ms, then.ended], [1, HOUR, 0]);
});

test('a cause explains unknown time and leaves it unknown', () => {
  const story = [
    interval(0, 6 * HOUR, 'up'),
    interval(6 * HOUR, 7 * HOUR, 'unknown', { reason: 'agent_off', cause: 'power' }),
    interval(7 * HOUR, 8 * HOUR, 'down', { cause: 'power' }),
    interval(8 * HOUR, 9 * HOUR, 'unreachable'),
    interval(9 * HOUR, 10 * HOUR, 'down', { cause: 'lan_switch', settled: false }),
    interval(10 * HOUR, null, 'down', { cause: 'lan_link' }),
  ];
  const f = deviceFigures(ask(0, 11 * HOUR, story));
  assert.deepEqual(f.unknown_by, { agent_off: HOUR });
  assert.deepEqual(f.down_by_cause_ms, {
    power: { down_ms: HOUR, unreachable_ms: 0, unknown_ms: HOUR },
    lan_switch: { down_ms: HOUR, unreachable_ms: 0, unknown_ms: 0 },
    lan_link: { down_ms: HOUR, unreachable_ms: 0, unknown_ms: 0 },
    undetermined: { down_ms: 0, unreachable_ms: HOUR, unknown_ms: 0 },
  });
  assert.equal(f.lan_excluded_ms, 3 * HOUR);
  assert.equal(f.undetermined_ms, 2 * HOUR);
  const ratios = ratiosOf(f);
  assert.equal(ratios.availability, 6 / 10);
  assert.equal(ratios.availability_lan, 6 / 7);
  assert.equal(ratios.worst_lan, 6 / 10);
});

test('scaled sums are as many equal parts', () => {
  fc.assert(
    fc.property(question, fc.integer({ min: 1, max: 6 }), (one, times) => {
      const f = deviceFigures(one);
      assert.deepEqual(scaleSums(f, times), addAll(Array.from({ length: times }, () => f)));
    }),
    { numRuns: 300 },
  );
});

test('a month of one device with 200 intervals takes far less than a millisecond', () => {
  const month = 30 * 24 * HOUR;
  const step = Math.floor(month / 200);
  const story = Array.from({ length: 200 }, (_, i) =>
    interval(i * step, i === 199 ? null : (i + 1) * step, i % 2 === 0 ? 'up' : 'down'),
  );
  const hours = Array.from({ length: 60 }, (_, i) => {
    const from_ms = i * 12 * HOUR + 8 * HOUR;
    return { from_ms, to_ms: from_ms + 4 * HOUR };
  });
  const one: FiguresAsk = ask(0, month, story, { hours: clip(hours, 0, month) });
  let least_ms = Infinity;
  for (let run = 0; run < 50; run += 1) {
    const start = performance.now();
    deviceFigures(one);
    least_ms = Math.min(least_ms, performance.now() - start);
  }
  // The least of many runs: other work on the machine does not count.
  assert.ok(least_ms < 1, `${least_ms} ms`);
});
