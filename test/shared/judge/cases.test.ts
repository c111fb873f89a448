import assert from 'node:assert/strict';
import test from 'node:test';
import { asOf } from '../../../shared/judge/as-of.ts';
import { worseCode } from '../../../shared/judge/place.ts';
import type { JudgeInput, StateInterval } from '../../../shared/judge/types.ts';
import type { BatchHeader } from '../../../shared/measure/batch.ts';
import { type DeviceKind, RAW_CODES } from '../../../shared/measure/codes.ts';
import { countRuns } from '../../../shared/measure/runs.ts';
import type { TargetList } from '../../../shared/measure/targets.ts';
import { HASH, HEADER } from '../measure/example.ts';
import { baseFigures } from './base-figures.ts';
import { Kept } from './kept.ts';

const T0 = 1_790_002_800_000;
const [MINUTE, HOUR] = [60_000, 3_600_000];

function list(kinds: readonly DeviceKind[], version = 1): TargetList {
  const targets = kinds.map((kind, index) => ({
    ...{ code: `${kind}-${index}`, kind, own: true, reachability: 'icmp' as const },
    probes: { icmp: { interval_ms: 1_000, timeout_ms: 800 } },
    commitment: HASH,
  }));
  return { v: 1, version, site: 's', agent: 'do-1', log: 'l', issued_ms: T0, targets };
}

/** A ledger written by hand: 1 s targets whose clock is right, one string per target. */
class Ledger {
  readonly inputs: JudgeInput[] = [];
  seq = 0;
  run = 1;
  at_ms = T0;

  constructor(kinds: readonly DeviceKind[]) {
    this.inputs.push({ kind: 'enrol', leaf: 0, agent: 'do-1', epoch: 1 });
    this.targets(list(kinds));
  }

  targets(next: TargetList): this {
    const hash = `h${next.version}`;
    const { length: leaf } = this.inputs;
    this.inputs.push({ kind: 'targets', leaf, agent: 'do-1', hash, list: next });
    return this;
  }

  off(ms: number): this {
    this.at_ms += ms;
    this.run++;
    return this;
  }

  batch(strings: readonly string[], more: Partial<BatchHeader> = {}, recv_ms?: number): this {
    const n = countRuns(strings[0] ?? '');
    const from_ms = this.at_ms;
    this.at_ms += n * 1_000;
    this.seq++;
    const clock = [{ mono_ms: 0, wall_ms: T0, source: 'kernel', sync: true, error_ms: 1 }] as const;
    const header: BatchHeader = {
      ...{ ...HEADER, epoch: 1, seq: this.seq, run: `r${this.run}`, events: [], clock },
      ...{ list: { version: 1, hash: 'h1' }, closed_to_ms: this.at_ms, ...more },
    };
    const part = { probe: 'icmp' as const, t0: from_ms - T0 + 300, i: 1_000, n0: 0, n };
    const targets = strings.map((_, index) => index);
    const sections = [{ v: 1 as const, series: n === 0 ? [] : [{ ...part, targets, s: strings }] }];
    this.inputs.push({
      ...{ kind: 'batch', leaf: this.inputs.length, agent: 'do-1', epoch: 1, seq: this.seq },
      ...{ recv_ms: recv_ms ?? this.at_ms + 500, header, sections, fault: null },
    });
    return this;
  }

  judge(): Kept {
    return new Kept().fold(this.inputs);
  }

  figures(device: string, to_ms = this.at_ms) {
    const kept = this.judge();
    return baseFigures({
      intervals: kept.states(device),
      windows: [...kept.windows.values()].filter((item) => item.device === device),
      ...{ from_ms: T0, to_ms, known_to_ms: kept.closed_ms, as_of_ms: this.at_ms },
    });
  }
}

const brief = (states: readonly StateInterval[]) =>
  states.map((span) => {
    const [from, to] = [span.from_ms, span.to_ms].map((ms) =>
      ms === null ? null : (ms - T0) / 1e3,
    );
    return [from, to, span.state, span.reason];
  });

test('three lost slots in a row are down from first to last; one or two are lost packets', () => {
  const kept = new Ledger(['gateway', 'switch'])
    .batch(['r10n2r8n3r7', 'r30'])
    .batch(['n1r29', 'r30'])
    .judge();
  assert.deepEqual(brief(kept.states('gateway-0')), [
    [0, 20, 'up', null],
    [20, 23, 'down', null],
    [23, null, 'up', null],
  ]);
  assert.equal(kept.states('gateway-0')[1]?.earliest_ms, T0 + 19_300);
});

test('an outage that is still open counts', () => {
  const ledger = new Ledger(['gateway', 'switch']).batch(['r600', 'r600']);
  ledger.batch(['n300', 'r300']);
  const row = ledger.figures('gateway-0');
  assert.deepEqual([row.up_ms, row.down_ms, row.outages], [600_000, 300_000, 1]);
  assert.deepEqual([row.outages_ms, row.longest_ms, row.mttr_ms], [300_000, 300_000, null]);
  assert.equal(row.availability, 600 / 900);
});

test('four hours of a forty-hour week are ninety per cent', () => {
  const hour = 'r3600';
  const ledger = new Ledger(['gateway', 'switch']);
  for (let h = 0; h < 36; h++) ledger.batch([hour, hour]);
  for (let h = 0; h < 4; h++) ledger.batch(['n3600', hour]);
  const row = ledger.figures('gateway-0');
  assert.equal(row.availability, 0.9);
  assert.deepEqual([row.worst, row.best, row.coverage], [0.9, 0.9, 1]);
});

test('a night without power is unknown, not a hundred per cent, and not down', () => {
  const ledger = new Ledger(['gateway', 'switch']);
  for (let h = 0; h < 8; h++) ledger.batch(['r3600', 'r3600']);
  ledger.off(8 * HOUR).batch(['r3600', 'r3600']);
  const row = ledger.figures('gateway-0');
  assert.deepEqual([row.down_ms, row.unknown_by], [0, { agent_off: 8 * HOUR }]);
  assert.equal(row.availability, 1);
  assert.deepEqual([row.coverage, row.worst, row.best], [9 / 17, 9 / 17, 1]);
  // Hours without any tick take no room.
  const chunks = ledger.judge().allChunks();
  assert.equal(chunks.filter((chunk) => chunk.fill === 'agent_off').length, 8);
});

test('time after the last closed one is unknown; future time is no part of a period', () => {
  const ledger = new Ledger(['gateway', 'switch']).batch(['r600', 'r600']);
  const kept = ledger.judge();
  const ask = {
    intervals: kept.states('gateway-0'),
    windows: [...kept.windows.values()].filter((item) => item.device === 'gateway-0'),
    ...{ from_ms: T0 - HOUR, to_ms: T0 + 24 * HOUR, known_to_ms: kept.closed_ms },
  };
  const row = baseFigures({ ...ask, as_of_ms: T0 + 20 * MINUTE });
  assert.deepEqual([row.expected_ms, row.up_ms], [20 * MINUTE, 10 * MINUTE]);
  assert.deepEqual(row.unknown_by, { not_received: 10 * MINUTE });
  const late = baseFigures({ ...ask, as_of_ms: T0 + 20 * MINUTE, late_reason: 'clock_pending' });
  assert.deepEqual(late.unknown_by, { clock_pending: 10 * MINUTE });
  const none = baseFigures({ ...ask, as_of_ms: T0 });
  assert.deepEqual([none.expected_ms, none.availability, none.coverage], [0, null, null]);
});

test('a silent world is unknown from its first second, a dead gateway among others is down', () => {
  const kinds: DeviceKind[] = ['gateway', 'switch', 'camera', 'server'];
  const silent = new Ledger(kinds).batch(['r30n30', 'r30n30', 'r30n30', 'r30n30']).judge();
  for (const device of ['gateway-0', 'server-3']) {
    assert.deepEqual(brief(silent.states(device)), [
      [0, 30, 'up', null],
      [30, null, 'unknown', 'vantage_isolated'],
    ]);
  }
  const dead = new Ledger(kinds).batch(['r30n30', 'r60', 'r60', 'r60']).judge();
  assert.deepEqual(brief(dead.states('gateway-0')).at(-1), [30, null, 'down', null]);
  const lone = new Ledger(['gateway']).batch(['r30n30']).judge();
  assert.deepEqual(brief(lone.states('gateway-0')).at(-1), [
    30,
    null,
    'unknown',
    'vantage_isolated',
  ]);
});

test('by its slots alone all that is silent is down: off is decided over the whole site', () => {
  const kinds = ['pc', 'kiosk', 'printer', 'camera'] as const;
  const ledger = new Ledger([...kinds, 'switch']);
  ledger.batch(['r60n540', 'r60n540', 'r60n540', 'r60n540', 'r600']);
  for (const [index, kind] of kinds.entries()) {
    const states = ledger.judge().states(`${kind}-${index}`);
    assert.deepEqual(brief(states), [
      [0, 60, 'up', null],
      [60, null, 'down', null],
    ]);
    assert.equal(states[1]?.earliest_ms, T0 + 59_300);
  }
});

test('the first answer after an outage bounds its end, unknown time between or not', () => {
  const ledger = new Ledger(['gateway', 'switch']);
  const states = ledger.batch(['n5r10n3r10n4x2n2r5n2r17', 'r60']).judge().states('gateway-0');
  assert.deepEqual(
    states.map(({ from_ms, state, earliest_ms }) => [
      (from_ms - T0) / 1_000,
      state,
      earliest_ms === null ? null : (earliest_ms - T0) / 1_000,
    ]),
    [
      [0, 'unknown', null],
      [5, 'up', null],
      [15, 'down', 14.3],
      [18, 'up', 18.3],
      [28, 'down', 27.3],
      [32, 'unknown', null],
      [34, 'up', 36.3],
    ],
  );
});

test('what never answered is never down; unknown time ends a run and is not bridged', () => {
  const kept = new Ledger(['camera', 'gateway', 'switch'])
    .batch(['n60', 'r10n2x1n2r45', 'r60'])
    .batch(['n2r58', 'l60', 'r60'])
    .judge();
  assert.deepEqual(brief(kept.states('camera-0')), [
    [0, 62, 'unknown', 'never_answered'],
    [62, null, 'up', null],
  ]);
  assert.deepEqual(brief(kept.states('gateway-1')), [
    [0, 12, 'up', null],
    [12, 13, 'unknown', 'not_sent'],
    [13, 60, 'up', null],
    [60, null, 'unknown', 'agent_link_down'],
  ]);
  const cut = new Ledger(['gateway', 'switch']).batch(['r10x1n2x1r46', 'r60']).judge();
  assert.deepEqual(brief(cut.states('gateway-0'))[2], [11, 13, 'unknown', 'short_run']);
});

test('a lost packet at the end of a batch does not flicker on the screen', () => {
  const ledger = new Ledger(['gateway', 'switch']).batch(['r59n1', 'r60']);
  const live = () => {
    const texts = ledger.judge().outputs.slice(2);
    return texts.flatMap((text): unknown[] => JSON.parse(text).live);
  };
  assert.equal(live().length, 2);
  ledger.batch(['r60', 'r60']);
  assert.equal(live().length, 2);
  const quiet: unknown = JSON.parse(ledger.batch(['r60', 'r60']).judge().outputs.at(-1) ?? '');
  assert.deepEqual(Reflect.get(Object(quiet), 'states'), []);
});

test('an invented closed_to beyond the present closes nothing', () => {
  const ledger = new Ledger(['gateway', 'switch']);
  ledger.batch(['r60', 'r60'], { closed_to_ms: T0 + 24 * HOUR });
  assert.equal(ledger.judge().closed_ms, T0);
  ledger.batch(['r60', 'r60']);
  const kept = ledger.judge();
  assert.equal(kept.closed_ms, T0 + 2 * MINUTE);
  assert.deepEqual(brief(kept.states('gateway-0')), [[0, null, 'up', null]]);
});

test('ticks of a clock half an hour fast are counted and fill nothing', () => {
  const ledger = new Ledger(['gateway', 'switch']).batch(['r60', 'r60']);
  ledger.off(0).at_ms += 30 * MINUTE;
  ledger.batch(['r60', 'r60'], {}, T0 + 2 * MINUTE);
  assert.equal(ledger.judge().state.agents['do-1']?.discarded, 120);
  ledger.at_ms = T0 + 3 * MINUTE;
  ledger.off(0).batch(['r60', 'r60']);
  const row = ledger.figures('gateway-0');
  assert.deepEqual(row.unknown_by, { clock_invalid: 2 * MINUTE });
});

test('of two ticks in a slot the worse stays, and unknown never becomes up or down', () => {
  const order = [...RAW_CODES].sort((a, b) => (worseCode(a, b) === a ? -1 : 1));
  assert.deepEqual(order, ['l', 'x', 'n', 'a', 'r']);
});

test('a conflict makes slots unknown until the agent is enrolled again', () => {
  const ledger = new Ledger(['gateway', 'switch']).batch(['r60', 'r60']);
  ledger.inputs.push({ kind: 'conflict', leaf: 3, agent: 'do-1', epoch: 1, seq: 1 });
  ledger.batch(['r60', 'r60']);
  assert.deepEqual(ledger.figures('gateway-0').unknown_by, { conflict: MINUTE });
  const states = ledger.judge().states('gateway-0');
  assert.deepEqual(brief(states).at(-1), [60, null, 'unknown', 'conflict']);
});

test('a hole says why: dropped by the spool, or not received', () => {
  for (const [reason, name] of [
    ['spool_limit', 'dropped'],
    ['disk_full', 'dropped'],
    ['lost_disk', 'not_received'],
  ] as const) {
    const ledger = new Ledger(['gateway', 'switch']).batch(['r60', 'r60']);
    ledger.at_ms += 2 * MINUTE;
    const hole = { kind: 'hole', agent: 'do-1', epoch: 1, from_seq: 2, to_seq: 5, reason } as const;
    ledger.inputs.push({ ...hole, leaf: ledger.inputs.length });
    ledger.seq = 5;
    ledger.batch(['r60', 'r60']);
    assert.deepEqual(ledger.figures('gateway-0').unknown_by, { [name]: 2 * MINUTE });
  }
});

test('a device that leaves the list is expected up to that minute', () => {
  const ledger = new Ledger(['gateway', 'switch']).batch(['r60', 'r60']);
  ledger.targets({ ...list(['gateway'], 2) });
  const event = { code: 'list_applied', mono_ms: 0, value: 2, utc_ms: T0 + MINUTE } as const;
  ledger.batch(['r120'], { list: { version: 2, hash: 'h2' }, events: [event] });
  assert.equal(ledger.figures('switch-1').expected_ms, MINUTE);
  assert.deepEqual(brief(ledger.judge().states('switch-1')), [[0, 60, 'up', null]]);
  assert.equal(ledger.figures('gateway-0').up_ms, 3 * MINUTE);
});

test('an unknown list is unreadable, and the chain goes on', () => {
  const ledger = new Ledger(['gateway', 'switch']).batch(['r60', 'r60']);
  ledger.batch(['r60', 'r60'], { list: { version: 9, hash: 'none' } }).batch(['r60', 'r60']);
  const row = ledger.figures('gateway-0');
  assert.deepEqual([row.up_ms, row.unknown_by], [2 * MINUTE, { unreadable: MINUTE }]);
});

test('a run without a synchronised clock waits, and is placed by a later one of its boot', () => {
  const ledger = new Ledger(['gateway', 'switch']).batch(['r60', 'r60']);
  const wrong = {
    mono_ms: 0,
    wall_ms: 77_000,
    source: 'none',
    sync: false,
    error_ms: null,
  } as const;
  ledger.off(0).batch(['n60', 'r60'], { clock: [wrong], closed_to_ms: 77_000 + 2 * MINUTE });
  const waiting = ledger.judge();
  assert.equal(waiting.closed_ms, T0 + MINUTE);
  const last: unknown = JSON.parse(waiting.outputs.at(-1) ?? '');
  assert.match(JSON.stringify(Reflect.get(Object(last), 'live')), /clock_pending/);
  const boots = { boot: 'another' };
  const lost = new Kept().fold([...ledger.inputs]);
  ledger.off(0).batch(['r60', 'r60']);
  assert.deepEqual(brief(ledger.judge().states('gateway-0')), [
    [0, 60, 'up', null],
    [60, 120, 'down', null],
    [120, null, 'up', null],
  ]);
  ledger.inputs.pop();
  ledger.at_ms -= MINUTE;
  ledger.seq--;
  lost.fold(ledger.batch(['r60', 'r60'], boots).inputs.slice(-1));
  assert.deepEqual(brief(lost.states('gateway-0'))[1], [60, 120, 'unknown', 'clock_pending']);
});

test('figures end at a whole minute that every agent reached, or three minutes ago', () => {
  const at_ms = T0 + 10 * MINUTE + 5_000;
  assert.equal(asOf({ at_ms, closed_to_ms: [T0 + 9 * MINUTE + 59_999] }), T0 + 9 * MINUTE);
  assert.equal(asOf({ at_ms, closed_to_ms: [T0, T0 + 9 * MINUTE] }), T0 + 7 * MINUTE);
  assert.equal(asOf({ at_ms, closed_to_ms: [T0 + HOUR] }), T0 + 10 * MINUTE);
  assert.equal(asOf({ at_ms, closed_to_ms: [null, T0 + 9 * MINUTE] }), T0 + 7 * MINUTE);
  assert.equal(asOf({ at_ms, closed_to_ms: [] }), T0 + 7 * MINUTE);
});
