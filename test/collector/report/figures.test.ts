import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { availabilityFigures } from '../../../collector/report/figures.ts';
import { workingSpans } from '../../../shared/calendar/working.ts';
import { CAUSES } from '../../../shared/judge/cause-names.ts';
import { daySums, encodeSums } from '../../../shared/judge/day/sums.ts';
import { deviceFigures } from '../../../shared/judge/figures/device.ts';
import { siteFigures } from '../../../shared/judge/figures/site.ts';
import { addAll, type FigureSums } from '../../../shared/judge/figures/sums.ts';
import { workplaceFigures } from '../../../shared/judge/figures/workplaces.ts';
import type { FinalInterval } from '../../../shared/judge/final.ts';
import { figuresByDay, figuresByHour } from '../../../shared/judge/period/cells.ts';
import type { DayRow, Judged } from '../../../shared/judge/period/judged.ts';
import { type PeriodAsk, periodSums } from '../../../shared/judge/period/sums.ts';
import { type FiguresShape, figureTable } from '../../../shared/judge/period/table.ts';
import { RULES_VERSION, STATES } from '../../../shared/judge/types.ts';
import { at, CODES, type Code, DAY, HOUR, judgedOf, MINUTE, MONDAY, reader } from './judged.ts';

const WORLD_H = 80;
const MORE: FiguresShape = { by: 'device', device: null, hide_computers: false };

/** Stretches of one device, some of them short, from a day before MONDAY on. */
const story = fc.array(
  fc.record({
    hours: fc.oneof(fc.constantFrom(0.01, 0.02, 0.5), fc.integer({ min: 1, max: 20 })),
    state: fc.constantFrom(...STATES, 'up' as const, 'down' as const),
    cause: fc.constantFrom(...CAUSES),
    settled: fc.boolean(),
  }),
  { minLength: 1, maxLength: 14 },
);
const stories = fc.record(
  Object.fromEntries(CODES.map((code) => [code, story])) as Record<Code, typeof story>,
);
const minuteIn = fc.integer({ min: -20 * 60, max: WORLD_H * 60 }).map((m) => MONDAY + m * MINUTE);
const ask: fc.Arbitrary<PeriodAsk> = fc
  .tuple(minuteIn, minuteIn, fc.constantFrom('all' as const, 'working' as const))
  .map(([a, b, hours]) => ({
    from_ms: Math.min(a, b),
    to_ms: Math.max(a, b) + MINUTE,
    hours,
    profile: null,
  }));

function intervalsOf(world: Record<Code, { hours: number; state: FinalInterval['state'] }[]>) {
  return CODES.flatMap((code) => {
    let from_h = -30;
    return world[code].map((step, i, all) => {
      const { hours, state, ...more } = step as typeof step & { cause: null; settled: boolean };
      const bad = state === 'down' || state === 'unreachable' || state === 'unknown';
      const to_h = i === all.length - 1 ? null : from_h + hours;
      const one = at(code, from_h, to_h, state, { ...more, ...(bad ? {} : { cause: null }) });
      from_h += hours;
      return one;
    });
  });
}

/** Rows of all days that end before what is known ends, made as the judge makes them. */
function rowsOf(judged: Judged): DayRow[] {
  const rows: DayRow[] = [];
  for (let day_ms = MONDAY - DAY; day_ms + DAY < judged.as_of.to_ms; day_ms += DAY) {
    const end_ms = day_ms + DAY;
    const period = { from_ms: day_ms, to_ms: end_ms };
    const sums = (hours: { from_ms: number; to_ms: number }[]) =>
      encodeSums(
        daySums({
          ...{ documents: judged.documents, windows: judged.windows, ...period, hours },
          judged: { ...period, intervals: judged.intervals, incidents: [], findings: [] },
          as_of_to_ms: end_ms + HOUR,
          known_to_ms: new Map([['do-1', end_ms + HOUR]]),
        }),
      );
    rows.push({
      ...{ site: 's', day_ms, end_ms, rules: RULES_VERSION, sums_all: sums([period]) },
      sums_working: sums(workingSpans(judged.documents.calendar, null, day_ms, end_ms)),
    });
  }
  return rows;
}

const plain = (sums: ReturnType<typeof periodSums>) => ({
  ...sums,
  devices: Object.fromEntries(sums.devices),
});

test('rows of days give the figures that the intervals give, to the ms and the outage', () => {
  fc.assert(
    fc.property(stories, fc.array(ask, { minLength: 1, maxLength: 4 }), (world, asks) => {
      const raw = judgedOf(intervalsOf(world), WORLD_H);
      const judged = { ...raw, days: rowsOf(raw) };
      for (const one of asks) {
        const expected = plain(periodSums(raw, one));
        assert.deepEqual(plain(periodSums(judged, one)), expected);
        assert.deepEqual(
          { site: expected.site, workplaces: expected.workplaces },
          straight(raw, hoursAsk(raw, one)),
        );
        for (const code of CODES) {
          const { hours, calendar } = hoursAsk(raw, one);
          const naive = deviceFigures({
            ...{ intervals: raw.intervals.filter(({ device }) => device === code), hours },
            ...(calendar === undefined ? {} : { calendar }),
            windows: raw.windows.filter(({ device }) => device === code),
            ...{ as_of_to_ms: raw.as_of.to_ms, known_to_ms: raw.as_of.to_ms },
          });
          assert.deepEqual(expected.devices[code], naive, code);
        }
      }
    }),
    { numRuns: 150 },
  );
});

/** Site and workplaces without any shortcut: one inventory, all intervals, the whole world. */
function straight(judged: Judged, hours: ReturnType<typeof hoursAsk>) {
  const as_of_to_ms = judged.as_of.to_ms;
  const tracks = CODES.map((device) => ({
    device,
    intervals: judged.intervals.filter((one) => one.device === device),
    windows: judged.windows.filter((one) => one.device === device),
    known_to_ms: as_of_to_ms,
  }));
  const entries = new Set(['gw', 'sw-1']);
  // sw-2 has only a desk as witness.
  const infrastructure = tracks
    .filter(({ device }) => ['gw', 'sw-1', 'srv'].includes(device))
    .map((track) => ({ ...track, entry: entries.has(track.device) }));
  const windows = judged.windows.slice(0, 1);
  const ways = [
    ['gw', 'sw-1'],
    ['gw', 'sw-1', 'sw-2'],
  ];
  const groups = [{ group: 'mot-cua', workplaces: 8, ways, windows }];
  return {
    site: siteFigures({ site: 's', tracks: infrastructure, ...hours, as_of_to_ms }),
    workplaces: workplaceFigures({ groups, tracks, ...hours, as_of_to_ms }),
  };
}

function hoursAsk(judged: Judged, { from_ms, to_ms, hours }: PeriodAsk) {
  if (hours === 'all') return { hours: [{ from_ms, to_ms }] };
  const { calendar } = judged.documents;
  return {
    hours: workingSpans(calendar, null, from_ms, to_ms),
    calendar: workingSpans(calendar, null, MONDAY - 10 * DAY, MONDAY + 10 * DAY),
  };
}

test('a period cut anywhere, by days and by hours of the week: the parts add up', () => {
  fc.assert(
    fc.property(stories, ask, minuteIn, (world, one, cut_ms) => {
      const raw = judgedOf(intervalsOf(world), WORLD_H);
      const judged = { ...raw, days: rowsOf(raw) };
      const whole = plain(periodSums(judged, one));
      const cut = Math.min(Math.max(cut_ms, one.from_ms), one.to_ms);
      const left = plain(periodSums(judged, { ...one, to_ms: cut }));
      const right = plain(periodSums(judged, { ...one, from_ms: cut }));
      assert.deepEqual(addAll([left.site, right.site]), whole.site);
      assert.deepEqual(addAll([left.workplaces, right.workplaces]), whole.workplaces);
      const add = (rows: readonly { readonly sums: FigureSums }[]) =>
        addAll(rows.map(({ sums }) => sums));
      for (const device of [null, 'sw-1', 'pc-2'] as const) {
        const figures = device === null ? whole.site : whole.devices[device];
        assert.deepEqual(add(figuresByDay(judged, one, device)), figures);
        assert.deepEqual(add(figuresByHour(judged, one, device)), figures);
      }
      for (const code of CODES) {
        const parts = [left.devices[code], right.devices[code]].filter(
          (part) => part !== undefined,
        );
        assert.deepEqual(addAll(parts), whole.devices[code]);
      }
    }),
    { numRuns: 100 },
  );
});

test('groups and totals: upstream is not the site’s own, few computers are nobody’s business', () => {
  const up = CODES.map((code) => at(code, -30, null, code === 'web' ? 'down' : 'up'));
  const judged = judgedOf(up, 24);
  const period = { from_ms: MONDAY, to_ms: MONDAY + DAY, hours: 'all', profile: null } as const;
  const table = (more: Partial<FiguresShape>) => figureTable(judged, period, { ...MORE, ...more });
  const { items, totals } = table({ by: 'group' });
  assert.deepEqual(
    items.map(({ group, devices, left_out, expected_ms }) => [
      group,
      devices,
      left_out,
      expected_ms / DAY,
    ]),
    [
      ['', 4, 0, 4],
      ['mot-cua', 2, 0, 2],
    ],
  );
  assert.deepEqual([totals.devices.expected_ms, totals.devices.down_ms], [6 * DAY, 0]);
  assert.deepEqual(
    [totals.site.availability, totals.workplaces.expected_ms],
    [1, 8 * DAY],
    'eight workplaces',
  );
  const seen = table({ by: 'group', hide_computers: true }).items[1];
  assert.deepEqual([seen?.devices, seen?.left_out, seen?.expected_ms], [0, 2, 0]);
  const named = table({ hide_computers: true }).items.map(({ device }) => device);
  assert.deepEqual(named, ['gw', 'sw-1', 'sw-2', 'srv', 'web']);
  assert.equal(table({ hide_computers: true }).totals.devices.expected_ms, 4 * DAY);
  assert.equal(table({}).items[0]?.smallest_detectable_ms, 4_000);
});

test('an outage of the site that is handed on through the night begins where it began', async () => {
  const bad = { cause: 'device', incident: null } as const;
  const judged = judgedOf(
    [
      at('gw', -30, 15, 'up'),
      at('gw', 15, 34, 'down', bad),
      at('gw', 34, null, 'up'),
      at('sw-1', -30, 15, 'up'),
      at('sw-1', 15, 20, 'down', bad),
      at('sw-1', 20, 34, 'unreachable', bad),
      at('sw-1', 34, null, 'up'),
      at('srv', -30, 20, 'up'),
      at('srv', 20, 34, 'down', bad),
      at('srv', 34, null, 'up'),
    ],
    48,
  );
  const day = async (k: number) => {
    const period = { from_ms: MONDAY + k * DAY, to_ms: MONDAY + (k + 1) * DAY };
    const figures = await availabilityFigures(
      { judge: reader(judged) },
      's',
      { ...period, hours: 'working', profile: null },
      MORE,
    );
    return figures.totals.site;
  };
  const [monday, tuesday] = [await day(0), await day(1)];
  assert.deepEqual([monday.outages, tuesday.outages], [1, 0]);
  assert.deepEqual([monday.outages_ms, tuesday.down_ms], [4 * HOUR, 2 * HOUR]);
});
