import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dayFigures, deviceFigures } from '../../../../shared/judge/figures/device.ts';
import { ratiosOf } from '../../../../shared/judge/figures/ratios.ts';
import { percentOf } from '../../../../shared/judge/figures/rounding.ts';
import { addSums } from '../../../../shared/judge/figures/sums.ts';
import { ask, DAY, HOUR, interval } from './world.ts';

/** Monday to Friday, 8 to 12 and 13 to 17, of the week that begins at 0. */
const WEEK = Array.from({ length: 10 }, (_, i) => {
  const from_ms = Math.floor(i / 2) * DAY + (i % 2 === 0 ? 8 : 13) * HOUR;
  return { from_ms, to_ms: from_ms + 4 * HOUR };
});
const PAST_WEEK = { as_of_to_ms: 7 * DAY, known_to_ms: 7 * DAY };

test('time before the device existed is in no denominator', () => {
  const story = [interval(28 * DAY, 29 * DAY, 'up'), interval(29 * DAY, null, 'down')];
  const windows = [{ from_ms: 28 * DAY, to_ms: null }];
  const f = deviceFigures(ask(0, 30 * DAY, story, { windows }));
  assert.equal(f.expected_ms, 2 * DAY);
  assert.equal(ratiosOf(f).availability, 0.5, 'not 96.7 %');
  assert.equal(ratiosOf(f).coverage, 1);
});

test('time that has not happened yet is in no denominator', () => {
  const story = [interval(0, DAY, 'up'), interval(DAY, null, 'down')];
  const now = { as_of_to_ms: 2 * DAY, known_to_ms: 2 * DAY };
  const f = deviceFigures(ask(0, 30 * DAY, story, now));
  assert.equal(f.expected_ms, 2 * DAY);
  assert.equal(ratiosOf(f).availability, 0.5, 'not 96.7 %');
  const days = dayFigures(ask(0, 30 * DAY, story, now), [0, DAY, 2 * DAY, 3 * DAY]);
  assert.deepEqual(
    days.map((day) => day.expected_ms),
    [DAY, DAY, 0],
  );
  const tomorrow = days[2];
  assert.ok(tomorrow !== undefined);
  assert.deepEqual(ratiosOf(tomorrow).availability, null);
  assert.equal(ratiosOf(tomorrow).no_headline, true);
});

test('4 hours of a 40-hour week are 90 %', () => {
  const story = [
    interval(0, 2 * DAY + 8 * HOUR, 'up'),
    interval(2 * DAY + 8 * HOUR, 2 * DAY + 12 * HOUR, 'down', { cause: 'lan_switch' }),
    interval(2 * DAY + 12 * HOUR, null, 'up'),
  ];
  const f = deviceFigures(ask(0, 0, story, { ...PAST_WEEK, hours: WEEK }));
  assert.equal(f.expected_ms, 40 * HOUR);
  assert.equal(f.down_ms, 4 * HOUR);
  assert.equal(ratiosOf(f).availability, 0.9, 'not 97.6 % of 168 hours');
  assert.equal(ratiosOf(f).availability_lan, 0.9);
});

test('silence does not keep the last state: the own outage is seen', () => {
  const story = [interval(0, null, 'up')];
  const f = deviceFigures(ask(0, 10 * HOUR, story, { known_to_ms: 6 * HOUR }));
  assert.equal(f.up_ms, 6 * HOUR);
  assert.deepEqual(f.unknown_by, { not_received: 4 * HOUR });
  const { availability, coverage, worst, best, no_headline } = ratiosOf(f);
  assert.deepEqual([availability, coverage, worst, best], [1, 0.6, 0.6, 1]);
  assert.equal(no_headline, true, '100 % of 60 % is no headline');
});

test('maintenance elsewhere removes nothing of an outage', () => {
  const story = [
    interval(0, 10 * HOUR, 'up'),
    interval(10 * HOUR, 12 * HOUR, 'down'),
    interval(12 * HOUR, 20 * HOUR, 'up'),
    interval(20 * HOUR, 22 * HOUR, 'maintenance'),
    interval(22 * HOUR, null, 'up'),
  ];
  const f = deviceFigures(ask(0, DAY, story));
  assert.equal(f.down_ms, 2 * HOUR);
  assert.equal(f.outages, 1);
  assert.equal(ratiosOf(f).availability, 20 / 22);
});

test('maintenance inside an outage removes exactly its own time', () => {
  const story = [
    interval(0, 10 * HOUR, 'up'),
    interval(10 * HOUR, 11 * HOUR, 'down'),
    interval(11 * HOUR, 12 * HOUR, 'maintenance'),
    interval(12 * HOUR, 13 * HOUR, 'down'),
    interval(13 * HOUR, null, 'up'),
  ];
  const f = deviceFigures(ask(0, DAY, story));
  assert.deepEqual([f.down_ms, f.maintenance_ms], [2 * HOUR, HOUR]);
  assert.equal(ratiosOf(f).availability, 21 / 23);
});

test('an open outage counts up to what is known, alone and beside an older one', () => {
  const alone = deviceFigures(
    ask(0, 4 * HOUR, [interval(0, 3 * HOUR, 'up'), interval(3 * HOUR, null, 'down')]),
  );
  assert.deepEqual([alone.outages, alone.outages_ms, alone.ended], [1, HOUR, 0]);
  assert.equal(ratiosOf(alone).availability, 0.75, 'not 0 %');
  assert.equal(ratiosOf(alone).mttr_ms, null, 'nothing was repaired yet');
  const both = deviceFigures(
    ask(0, 4 * HOUR, [
      interval(0, HOUR, 'up'),
      interval(HOUR, 2 * HOUR, 'down'),
      interval(2 * HOUR, 3 * HOUR, 'up'),
      interval(3 * HOUR, null, 'down'),
    ]),
  );
  assert.deepEqual([both.outages, both.outages_ms, both.ended], [2, 2 * HOUR, 1]);
  assert.equal(ratiosOf(both).availability, 0.5);
  assert.equal(ratiosOf(both).mttr_ms, HOUR);
});

test('a night powered off is not 100 %', () => {
  const night = (middle: ReturnType<typeof interval>) =>
    deviceFigures(ask(0, DAY, [interval(0, 19 * HOUR, 'up'), middle, interval(DAY, null, 'up')]));
  const cut = night(interval(19 * HOUR, DAY, 'down', { cause: 'power' }));
  assert.equal(percentOf({ part: cut.up_ms, whole: cut.expected_ms }, 'at_least', 2), '79.16');
  assert.equal(ratiosOf(cut).availability, 19 / 24);
  assert.equal(ratiosOf(cut).availability_lan, 1, 'LAN money does not mend mains power');
  assert.equal(cut.lan_excluded_ms, 5 * HOUR, 'and the report says how much that leaves out');
  const gone = night(interval(19 * HOUR, DAY, 'unknown', { reason: 'agent_off' }));
  const { worst, coverage, coverage_low, no_headline } = ratiosOf(gone);
  assert.equal(worst, 19 / 24);
  assert.equal(coverage, 19 / 24);
  assert.deepEqual([coverage_low, no_headline], [true, true]);
});

test('a period without any data says nothing, and not what the period before said', () => {
  const known = deviceFigures(ask(0, DAY, [interval(0, DAY, 'up')]));
  const blind = deviceFigures(ask(DAY, 2 * DAY, [interval(0, DAY, 'up')]));
  const { availability, coverage, worst, best } = ratiosOf(blind);
  assert.deepEqual([availability, coverage, worst, best], [null, 0, 0, 1]);
  assert.equal(ratiosOf(addSums(known, blind)).worst, 0.5);
});

test('bad minutes weigh as much as good ones, however often they were probed', () => {
  const story = [interval(0, 9 * HOUR, 'up')];
  for (let i = 0; i < 360; i += 1) {
    const from_ms = 9 * HOUR + i * 10_000;
    story.push(interval(from_ms, from_ms + 10_000, 'down'));
  }
  const f = deviceFigures(ask(0, 10 * HOUR, story));
  assert.equal(ratiosOf(f).availability, 0.9);
  assert.equal(f.outages, 1, 'pieces that touch are one outage');
});

test('a warning is no outage: degraded counts as up, and apart', () => {
  const story = [interval(0, 8 * HOUR, 'up'), interval(8 * HOUR, null, 'degraded')];
  const f = deviceFigures(ask(0, 10 * HOUR, story));
  assert.deepEqual([f.up_ms, f.degraded_ms], [8 * HOUR, 2 * HOUR]);
  assert.equal(ratiosOf(f).availability, 1);
});

test('off is outside every fraction', () => {
  const story = [interval(0, 8 * HOUR, 'up'), interval(8 * HOUR, null, 'off')];
  const { availability, coverage, worst, best } = ratiosOf(deviceFigures(ask(0, DAY, story)));
  assert.deepEqual([availability, coverage, worst, best], [1, 1, 1, 1]);
  const closed = ratiosOf(deviceFigures(ask(10 * HOUR, DAY, story)));
  assert.deepEqual([closed.availability, closed.coverage, closed.worst], [null, null, null]);
});
