import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { judgeWindow } from '../../../../shared/judge/day/judge-window.ts';
import { Maintenance, withLateMaintenance } from '../../../../shared/judge/day/maintenance.ts';
import { materialOf } from '../../../../shared/judge/day/material.ts';
import { minuteRows, rowOf } from '../../../../shared/judge/day/minutes.ts';
import { votersOf } from '../../../../shared/judge/day/references.ts';
import { deviceSlots } from '../../../../shared/judge/day/slots.ts';
import { degradedSpans } from '../../../../shared/judge/site/degraded.ts';
import type { MinuteRow } from '../../../../shared/judge/site/material.ts';
import { DEFAULT_SETTINGS } from '../../../../shared/judge/site/settings.ts';
import { trackOf } from '../../../../shared/judge/site/tracks.ts';
import { history } from './histories.ts';
import { askOf, at, documentsOf, type History, NODES, rowsOf, T0 } from './world.ts';

function windowOf(told: Partial<History>) {
  const rows = rowsOf({ end_s: 7200, changes: {}, ...told });
  return askOf(rows, T0, rows.end_ms, null);
}

test('the rows that are left out change no degraded span', () => {
  fc.assert(
    fc.property(history, fc.integer({ min: 1, max: 4 }), (told, hours) => {
      const rows = rowsOf(told);
      const from_ms = at(hours * 3600);
      const ask = { ...askOf(rows, T0, rows.end_ms, null) };
      const { site, slots } = materialOf(ask);
      for (const material of site.devices) {
        const known = slots.get(material.device);
        const nodes = NODES.filter(({ code }) => code === material.device).map((node) => {
          return { from_ms: 0, node };
        });
        if (known === undefined || material.interval_ms !== 10_000) continue;
        const slow = new Map(
          ask.seen.flatMap(({ seen }): [number, number][] =>
            seen.what === 'slow' && seen.device === material.device
              ? [[seen.at_ms, seen.p95_us]]
              : [],
          ),
        );
        const all: MinuteRow[] = [];
        for (let ms = from_ms - 240_000; ms < rows.end_ms; ms += 60_000) {
          all.push(...rowOf(known, ms, slow.get(ms) ?? 1000));
        }
        const window = { from_ms, to_ms: rows.end_ms, settings: DEFAULT_SETTINGS };
        const spansOf = (minutes: readonly MinuteRow[]) =>
          degradedSpans(trackOf({ ...material, minutes }, nodes, window), window);
        assert.deepEqual(spansOf(material.minutes), spansOf(all), material.device);
      }
    }),
    { numRuns: 100 },
  );
});

test('steady devices have no minutes, no around, one open interval', () => {
  const { site } = materialOf(windowOf({}));
  for (const { device, minutes, base } of site.devices) {
    assert.equal(minutes.length, 0);
    assert.equal(base.length, 1, device);
    assert.equal(base[0]?.to_ms, null);
  }
});

test('silence has both bounds; the 30 slots on either side are counted', () => {
  const { site } = materialOf(
    windowOf({
      changes: {
        gw: [
          [600, 660, 'n'],
          [700, 720, 'n'],
          [6900, 6960, 'n'],
        ],
      },
    }),
  );
  const silent = site.devices
    .find(({ device }) => device === 'gw')
    ?.base.filter(({ state }) => state === 'silent');
  assert.deepEqual(silent?.[0], {
    from_ms: at(600),
    to_ms: at(660),
    state: 'silent',
    reason: null,
    earliest_ms: at(590) + 100,
    latest_ms: at(660) + 100,
    around: { slots: 60, lost: 2 },
  });
  assert.equal(silent?.[1]?.around, null, 'the 30 slots after it are not over');
});

test('an ARP reply is an answer of a PC, and a lost slot of others', () => {
  const changes = { 'cam-1': [[600, 1200, 'a']], 'pc-1': [[600, 1200, 'a']] } as const;
  const judged = judgeWindow(windowOf({ changes }));
  const states = (code: string) =>
    judged.intervals.filter(({ device }) => device === code).map(({ state }) => state);
  assert.deepEqual(states('cam-1'), ['up', 'degraded', 'up']);
  assert.deepEqual(states('pc-1'), ['up']);
});

test('silence before the first answer lost nothing: nobody was degraded then', () => {
  const run = { device: 'pc', interval_ms: 10_000, agent: 'do-1', epoch: 1, seq: 1 } as const;
  const slots = deviceSlots(
    [
      { from_ms: 0, to_ms: 170_000, state: 'unknown', reason: 'never_answered' },
      { from_ms: 170_000, to_ms: 600_000, state: 'up', reason: null },
    ],
    [
      { ...run, from_ms: 0, slots: 17, class: 'no_reply', code: 'n' },
      { ...run, from_ms: 300_000, slots: 2, class: 'no_reply', code: 'n' },
    ],
    [{ from_ms: 0, interval_ms: 10_000 }],
    [{ from_ms: 0, to_ms: 600_000 }],
  );
  assert.deepEqual(slots.lost, [{ from_ms: 300_000, to_ms: 320_000 }]);
});

test('unmanaged switches come out with intervals though nothing is probed', () => {
  const changes = { 'cam-4': [[600, 1200, 'n']], 'cam-5': [[600, 1200, 'n']] } as const;
  const pc = { 'pc-3': [[600, 1200, 'n']] } as const;
  const judged = judgeWindow(windowOf({ changes: { ...changes, ...pc } }));
  const own = judged.intervals.filter(({ device }) => device === 'uw');
  assert.deepEqual(
    own.map(({ from_ms, to_ms, state }) => [from_ms, to_ms, state]),
    [
      [T0, at(600), 'up'],
      [at(600), at(1200), 'down'],
      [at(1200), null, 'up'],
    ],
  );
  assert.equal(judged.incidents[0]?.cause, 'lan_switch');
});

test('time that an agent did not close is unknown, however its state stood', () => {
  const known_to_ms = new Map([['do-1', at(3600)]]);
  const judged = judgeWindow({ ...windowOf({}), known_to_ms });
  const own = judged.intervals.filter(({ device }) => device === 'gw');
  assert.deepEqual(
    own.map(({ from_ms, to_ms, state, reason }) => [from_ms, to_ms, state, reason]),
    [
      [T0, at(3600), 'up', null],
      [at(3600), null, 'unknown', 'not_received'],
    ],
  );
});

const plan = {
  id: 'm-1',
  devices: ['gw'],
  from_ms: at(600),
  to_ms: at(1800),
  reason: 'firmware',
  author: 'operator',
  issued_ms: at(0),
  leaf: 7,
  cancelled_ms: null,
} as const;

test('maintenance counts from where a batch had seen its leaf; the rest is late', () => {
  const seen = (s: number) =>
    [
      {
        key: 'd',
        from_ms: at(s),
        to_ms: at(s),
        seen: { what: 'document_seen', leaf: 7, at_ms: at(s) },
      },
    ] as const;
  const of = (rows: Parameters<typeof windowRows>[0]) => windowRows(rows);
  const windowRows = (
    rows: ConstructorParameters<typeof Maintenance>[1],
    cancelled_ms = null as number | null,
  ) => {
    const said = new Maintenance({ maintenance: [{ ...plan, cancelled_ms }] }, rows);
    const short = (list: readonly { from_ms: number; to_ms: number }[]) =>
      list.map(({ from_ms, to_ms }) => [(from_ms - T0) / 1000, (to_ms - T0) / 1000]);
    return [short(said.of('gw')), short(said.late(T0, at(7200)))];
  };
  assert.deepEqual(of(seen(100)), [[[600, 1800]], []]);
  assert.deepEqual(of(seen(900)), [[[900, 1800]], [[600, 900]]]);
  assert.deepEqual(of([]), [[], [[600, 1800]]]);
  assert.deepEqual(windowRows(seen(100), at(1000)), [[[600, 1000]], []]);
  assert.deepEqual(windowRows(seen(900), at(800)), [[], [[600, 800]]]);
  assert.deepEqual(new Maintenance({ maintenance: [plan] }, seen(0)).of('core'), []);
});

test('late maintenance stays beside: the same time with it is maintenance', () => {
  const told = { changes: { gw: [[900, 1500, 'n']] }, maintenance: [plan] } as const;
  const ask = windowOf(told);
  const { intervals } = judgeWindow(ask);
  const own = intervals.filter(({ device }) => device === 'gw');
  assert.deepEqual(
    own.map(({ state }) => state),
    ['up', 'down', 'up'],
  );
  const late = new Maintenance(ask.documents, ask.seen).late(ask.from_ms, ask.to_ms);
  const other = withLateMaintenance(own, late, ask.to_ms);
  assert.deepEqual(
    other.map(({ from_ms, to_ms, state }) => [from_ms, to_ms, state]),
    [
      [T0, at(600), 'up'],
      [at(600), at(900), 'maintenance'],
      [at(900), at(1500), 'maintenance'],
      [at(1500), at(1800), 'maintenance'],
      [at(1800), null, 'up'],
    ],
  );
});

test('a reference votes by the 24 h before: nothing known, or less than 95 %, is no vote', () => {
  const state = (from_s: number, to_s: number | null, what: 'up' | 'down' | 'unknown') =>
    ({
      device: 'ref-1',
      from_ms: at(from_s),
      to_ms: to_s === null ? null : at(to_s),
      state: what,
      reason: what === 'unknown' ? 'agent_off' : null,
      earliest_ms: null,
    }) as const;
  const states = [
    state(0, 9500, 'up'),
    state(9500, 20_000, 'unknown'),
    state(20_000, null, 'down'),
  ];
  const votes = (device: string, s: number) => {
    const one = votersOf(documentsOf({ end_s: 1, changes: {} }), states).find(
      (voter) => voter.device === device,
    );
    assert.ok(typeof one?.may_vote === 'function');
    return one.may_vote(at(s));
  };
  assert.equal(votes('ref-1', 20_000), true);
  assert.equal(votes('ref-1', 20_500), true);
  assert.equal(votes('ref-1', 20_501), false);
  assert.equal(votes('ref-1', 0), false);
  assert.equal(votes('ref-2', 20_000), false);
});

test('minutes beside losses only', () => {
  const { slots } = materialOf(windowOf({ changes: { gw: [[605, 611, 'n']] } }));
  const known = slots.get('gw');
  assert.ok(known !== undefined);
  const rows = minuteRows(known, [], { from_ms: T0, to_ms: at(7200) }, 5);
  assert.deepEqual(
    rows.map(({ at_ms, slots: count, lost }) => [(at_ms - T0) / 60_000, count, lost]),
    [6, 7, 8, 9, 10, 11, 12, 13, 14].map((minute) => [minute, 6, minute === 10 ? 1 : 0]),
  );
});
