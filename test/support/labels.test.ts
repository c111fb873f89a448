import assert from 'node:assert/strict';
import test from 'node:test';
import { LOCAL_KINDS, WHOLE_KINDS } from '../lab/labels/kinds.ts';
import type { Expected, MadeFault, Said } from '../lab/labels/labels.ts';
import { failuresOf, type Judged, judge, scoreOf, type Told } from '../lab/labels/match.ts';
import { endOf, planOf, QUIET_MS } from '../lab/labels/plan.ts';
import { confusionTable } from '../lab/labels/table.ts';

const NONE: Told = { incidents: [], findings: [], minutes: [], spans: [] };
const S = 1_000;
/** Packets of all ports are read two minutes into the plan. */
const C = 120 * S;

function fault(said: Said, devices: readonly string[], more: Partial<Expected> = {}): MadeFault {
  const expected: Expected = { said, devices, why: 'a test', accepted: [], ...more };
  const plan = { id: 'x1', kind: 'test', target: 'cam', at_ms: 0, for_ms: 20 * S, expected };
  return { plan, from_ms: 100 * S, to_ms: 120 * S };
}

const incident = (cause: Told['incidents'][number]['cause'], device: string, at_s = 101) => ({
  id: `${cause}-${device}`,
  cause,
  devices: [device],
  from_ms: at_s * S,
  to_ms: (at_s + 19) * S,
});

const gradeOf = (one: MadeFault, told: Partial<Told>) => {
  const [verdict] = judge([one], { ...NONE, ...told }).verdicts;
  return [verdict?.grade, verdict?.said];
};

test('a seed always gives the same plan, with its labels', () => {
  assert.deepEqual(planOf(7, C), planOf(7, C));
  assert.notDeepEqual(planOf(7, C).lanes, planOf(8, C).lanes);
});

test('three seeds: at least 30 faults each, every kind at least three times, in some 7 minutes', () => {
  const kinds = [...LOCAL_KINDS, ...WHOLE_KINDS].map(({ kind }) => kind);
  const seeds = [1, 2, 7].map((seed) => planOf(seed, C));
  const drawn = seeds.flatMap(({ lanes, whole }) => [...lanes, ...whole]);
  for (const kind of kinds) {
    assert.ok(drawn.filter((one) => one.kind === kind).length >= 3, kind);
  }
  for (const { lanes, whole } of seeds) {
    assert.ok(lanes.length + whole.length >= 30);
    assert.ok(
      endOf(lanes) <= 430 * S && endOf(whole) <= 430 * S,
      `${endOf(lanes)} ${endOf(whole)}`,
    );
    const overlapping = lanes.some((one, k) =>
      lanes.slice(k + 1).some(({ at_ms }) => at_ms < one.at_ms + one.for_ms),
    );
    assert.ok(overlapping);
  }
});

test('faults of the same devices are quiet apart, whatever the seed', () => {
  for (let seed = 0; seed < 20; seed += 1) {
    const { lanes, whole } = planOf(seed, C);
    for (const plan of [lanes, whole]) {
      for (const [k, one] of plan.entries()) {
        for (const other of plan.slice(k + 1)) {
          const same = one.expected.devices.some((code) => other.expected.devices.includes(code));
          if (!same) continue;
          assert.ok(other.at_ms >= one.at_ms + one.for_ms + QUIET_MS, `${seed} ${one.id}`);
        }
      }
    }
    assert.ok(QUIET_MS > 12 * S);
  }
});

test('the right cause is right, an accepted one accepted', () => {
  const one = fault('lan_link', ['cam'], { accepted: [{ said: 'lan_switch', why: 'a test' }] });
  assert.deepEqual(gradeOf(one, { incidents: [incident('lan_link', 'cam')] }), [
    'right',
    'lan_link',
  ]);
  assert.deepEqual(gradeOf(one, { incidents: [incident('lan_switch', 'cam')] }), [
    'accepted',
    'lan_switch',
  ]);
});

test('a wrong cause is wrong, beside a right one too', () => {
  const one = fault('lan_link', ['cam']);
  assert.deepEqual(gradeOf(one, { incidents: [incident('device', 'cam')] }), ['wrong', 'device']);
  const both = [incident('lan_link', 'cam'), incident('power', 'cam')];
  assert.deepEqual(gradeOf(one, { incidents: both }), ['wrong', 'power']);
});

test('undetermined is neither, an outage that nobody noticed is wrong', () => {
  const one = fault('lan_link', ['cam']);
  const open = [incident('undetermined', 'cam')];
  assert.deepEqual(gradeOf(one, { incidents: open }), ['undetermined', 'undetermined']);
  assert.deepEqual(gradeOf(one, {}), ['wrong', 'none']);
  const sign = fault('finding/half_duplex', ['cam']);
  assert.deepEqual(gradeOf(sign, {}), ['undetermined', 'none']);
});

test('where nothing is to be said, an incident or a finding is wrong', () => {
  const one = fault('none', ['core']);
  assert.deepEqual(gradeOf(one, {}), ['right', 'none']);
  assert.deepEqual(gradeOf(one, { incidents: [incident('power', 'core')] }), ['wrong', 'power']);
  const finding = { what: 'error_growth', device: 'core', from_ms: 105 * S, to_ms: 110 * S };
  assert.deepEqual(gradeOf(one, { findings: [finding] }), ['wrong', 'finding/error_growth']);
});

test('off is read from the minute and the slots; an incident of something off is wrong', () => {
  const one = fault('off', ['pc1']);
  const none = { device: 'pc1', at_ms: 60 * S, off_ms: 0, explained_ms: {} };
  const spans = [{ device: 'pc1', from_ms: 101 * S, to_ms: 121 * S, what: 'silent' as const }];
  const minutes = [{ ...none, off_ms: 19 * S }];
  assert.deepEqual(gradeOf(one, { minutes, spans }), ['right', 'off']);
  assert.deepEqual(gradeOf(one, { minutes: [none], spans }), ['wrong', 'none']);
  const earlier = spans.map((span) => ({ ...span, from_ms: 70 * S, to_ms: 90 * S }));
  assert.deepEqual(gradeOf(one, { minutes, spans: earlier }), ['wrong', 'none']);
  const down = [incident('device', 'pc1')];
  assert.deepEqual(gradeOf(one, { minutes, spans, incidents: down }), ['wrong', 'device']);
});

test('unknown time: its cause, none named, or the wrong one', () => {
  const one = fault('unknown/power', ['gw']);
  const spans = [{ device: 'gw', from_ms: 90 * S, to_ms: 130 * S, what: 'unknown' as const }];
  const say = (cause: 'power' | 'agent' | null) => {
    const explained_ms = cause === null ? {} : { [cause]: 30 * S };
    return { spans, minutes: [{ device: 'gw', at_ms: 60 * S, off_ms: 0, explained_ms }] };
  };
  assert.deepEqual(gradeOf(one, say('power')), ['right', 'unknown/power']);
  assert.deepEqual(gradeOf(one, say('agent')), ['wrong', 'unknown/agent']);
  assert.deepEqual(gradeOf(one, say(null)), ['undetermined', 'unknown/undetermined']);
  assert.deepEqual(gradeOf(one, {}), ['wrong', 'none']);
  assert.deepEqual(gradeOf(one, { ...say('power'), incidents: [incident('device', 'gw')] }), [
    'wrong',
    'device',
  ]);
});

test('each word is about the fault that it fits best; about none it is invented', () => {
  const first = fault('lan_link', ['cam']);
  const second = { ...fault('device', ['cam']), from_ms: 135 * S, to_ms: 150 * S };
  const told = [
    incident('lan_link', 'cam', 101),
    { ...incident('device', 'cam', 136), to_ms: 151 * S },
    incident('gateway', 'gw', 101),
    incident('lan_switch', 'cam', 300),
  ];
  const judged = judge([first, second], { ...NONE, incidents: told });
  assert.deepEqual(
    judged.verdicts.map(({ grade }) => grade),
    ['right', 'right'],
  );
  assert.deepEqual(
    judged.invented.map(({ said }) => said),
    ['gateway', 'lan_switch'],
  );
});

test('a finding is about the fault that makes it, where several share its time', () => {
  const other = { ...fault('finding/half_duplex', ['cam']), from_ms: 100 * S, to_ms: 125 * S };
  const crc = { ...fault('finding/error_growth', ['cam']), from_ms: 150 * S, to_ms: 160 * S };
  const finding = { what: 'error_growth', device: 'cam', from_ms: 90 * S, to_ms: 155 * S };
  const { verdicts } = judge([other, crc], { ...NONE, findings: [finding] });
  assert.deepEqual(
    verdicts.map(({ grade }) => grade),
    ['undetermined', 'right'],
  );
});

test('the score fails for one wrong LAN label, one invention, too little right or determined', () => {
  const right = (count: number): Judged => ({
    verdicts: Array.from({ length: count }, () => ({
      fault: fault('lan_link', ['cam']),
      grade: 'right' as const,
      said: 'lan_link' as const,
      all: [],
    })),
    invented: [],
  });
  const one = (grade: 'wrong' | 'undetermined', said: Said): Judged => {
    return { verdicts: [{ fault: fault('off', ['pc1']), grade, said, all: [] }], invented: [] };
  };
  const failures = (...all: Judged[]) => failuresOf(scoreOf(all));
  assert.deepEqual(failures(right(100)), []);
  assert.equal(failures(right(100), one('wrong', 'device')).length, 1);
  assert.deepEqual(failures(right(100), one('wrong', 'wan')), []);
  assert.equal(failures(right(10), one('wrong', 'wan')).length, 1);
  const open = Array.from({ length: 30 }, () => one('undetermined', 'undetermined'));
  assert.equal(failures(right(100), ...open).length, 1);
  const alarm: Judged = { verdicts: [], invented: [{ said: 'lan_link', about: 'cam' }] };
  assert.equal(failures(right(100), alarm).length, 1);
});

test('the table counts each answer once', () => {
  const judged = judge([fault('lan_link', ['cam'])], {
    ...NONE,
    incidents: [incident('lan_link', 'cam'), incident('wan', 'ref-a')],
  });
  const lines = confusionTable([judged]).split('\n');
  assert.deepEqual(lines, [
    '| fault | expected | said, how often |',
    '|---|---|---|',
    '| test | lan_link | **lan_link** 1 |',
    '| nothing was done | – | wan 1 |',
  ]);
});
