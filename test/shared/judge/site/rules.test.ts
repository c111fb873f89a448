import assert from 'node:assert/strict';
import test from 'node:test';
import type { DeviceCarry, MinuteRow } from '../../../../shared/judge/site/material.ts';
import { all, at, fact, Judged, OFFICE, type Story, T0, type Times } from './world.ts';

const DOWN: Times = [[600, 900]];
const SWITCH_DOWN = { 'sw-2': DOWN, 'cam-2': DOWN, 'cam-3': DOWN, 'pc-2': DOWN, printer: DOWN };

test('a sleeping PC, a printer, a room on one power strip are off: no incident', () => {
  const judged = new Judged({ silent: { 'pc-2': [[600, null]], printer: [[605, null]] } });
  assert.deepEqual(judged.states('pc-2'), [
    [0, 600, 'up'],
    [600, null, 'off'],
  ]);
  assert.equal(judged.at('printer', 700), 'off');
  assert.deepEqual(judged.said.incidents, []);
  assert.equal(judged.of('pc-2')[1]?.earliest_ms, at(590) + 100);
});

test('an endpoint is down while something always-on of its branch fails with it', () => {
  const silent = { 'pc-2': [[610, null]] as Times, 'cam-2': DOWN };
  const judged = new Judged({ silent });
  assert.deepEqual(judged.states('pc-2'), [
    [0, 610, 'up'],
    [610, 900, 'down'],
    [900, null, 'off'],
  ]);
  assert.equal(judged.at('pc-2', 700), 'down undetermined inferred');
  const elsewhere = new Judged({ silent: { 'pc-2': [[610, null]], 'cam-1': DOWN } });
  assert.equal(elsewhere.at('pc-2', 700), 'off');
  const long = new Judged({ silent: { 'pc-2': [[610, null]], 'cam-2': [[100, null]] } });
  assert.equal(long.at('pc-2', 700), 'off');
});

test('an endpoint is down if its port flaps, or carries its traffic at full speed', () => {
  const silent = { 'pc-1': DOWN };
  const flap = (s: number) => fact(s, { what: 'flap', device: 'core', port: '7' });
  const seen = (...facts: ReturnType<typeof fact>[]) =>
    new Judged({ silent, facts }).at('pc-1', 700);
  assert.equal(seen(flap(500), flap(590), flap(610)), 'down lan_link measured');
  assert.equal(seen(flap(590), flap(610)), 'off');
  const traffic = {
    what: 'port_traffic',
    device: 'pc-1',
    full_speed: true,
    traffic: true,
  } as const;
  assert.equal(seen(fact(600, traffic, 840)), 'down device measured');
  assert.equal(seen(fact(600, { ...traffic, full_speed: false }, 840)), 'off');
  assert.equal(seen(fact(600, { ...traffic, traffic: false }, 840)), 'off');
  assert.equal(seen(fact(500, traffic, 800)), 'off');
});

test('outside working time endpoint silence is always off, and stays so until the first reply', () => {
  const silent = { ...SWITCH_DOWN, 'sw-2': [[600, 1500]] as Times, 'pc-2': [[600, 1500]] as Times };
  const working: Times = [
    [0, 700],
    [1000, 3600],
  ];
  assert.deepEqual(new Judged({ silent, working }).states('pc-2'), [
    [0, 600, 'up'],
    [600, 700, 'unreachable'],
    [700, 1500, 'off'],
    [1500, null, 'up'],
  ]);
  const away = new Judged({ silent, working: [[1000, 3600]] });
  assert.equal(away.at('pc-2', 650), 'off');
});

test('a PC behind a dead switch is unreachable only if it answered 10 minutes before', () => {
  const fell: Times = [[1800, 2100]];
  const others = { 'sw-2': fell, 'cam-2': fell, 'cam-3': fell, printer: fell };
  const judged = (from: number) =>
    new Judged({ silent: { ...others, 'pc-2': [[from, 2100]] } }).at('pc-2', 1900);
  assert.equal(judged(1800), 'unreachable lan_switch measured');
  assert.equal(judged(1790), 'unreachable lan_switch measured');
  assert.equal(judged(1300), 'off');
  const unknown = { 'pc-2': [[1000, 1800, 'not_sent']] as [number, number, 'not_sent'][] };
  const gap = new Judged({ silent: { ...others, 'pc-2': fell }, unknown });
  assert.equal(gap.at('pc-2', 1900), 'off');
});

test('off lasts through unknown time, until the first reply', () => {
  const silent = {
    'pc-2': [[600, 700] as const, [800, 1000] as const],
    'cam-2': [[800, 1000]] as Times,
  };
  const unknown = { 'pc-2': [[700, 800, 'agent_off']] as [number, number, 'agent_off'][] };
  assert.deepEqual(
    new Judged({ silent, unknown }).states('pc-2').map(([, , state]) => state),
    ['up', 'off', 'unknown', 'off', 'up'],
  );
});

test('a speed fall on the port of a silent endpoint is no finding', () => {
  const fall = (port: string) => fact(700, { what: 'speed_fall', device: 'core', port });
  const judged = new Judged({ silent: { 'pc-1': DOWN }, facts: [fall('7'), fall('5')] });
  assert.deepEqual(
    judged.said.findings.map(({ what, port }) => [what, port]),
    [['speed_fall', '5']],
  );
});

test('findings: trouble without outage, joined per port; what a cause used is none', () => {
  const growth = (s: number) =>
    fact(s, { what: 'error_growth', device: 'core', port: '5', ratio: 0.01 });
  const judged = new Judged({ facts: [growth(100), growth(400), growth(3000)] });
  assert.deepEqual(judged.said.incidents, []);
  assert.deepEqual(
    judged.said.findings.map(({ facts }) => facts.length),
    [2, 1],
  );
  const used = new Judged({ silent: { 'cam-1': DOWN }, facts: [growth(640)] });
  assert.deepEqual(used.said.findings, []);
});

test('names that fail because the server is gone, or the agent cut off, are no finding', () => {
  const asked = (to_s: number) => fact(601, { what: 'dns_fail', target: 'app' }, to_s);
  const whats = (story: Story) => new Judged(story).said.findings.map(({ what }) => what);
  assert.deepEqual(whats({ facts: [asked(640)] }), ['dns_fail']);
  assert.deepEqual(whats({ facts: [asked(640)], silent: { app: [[600, 660]] } }), []);
  const unknown: Story['unknown'] = { app: [[600, 660, 'agent_link_down']] };
  assert.deepEqual(whats({ facts: [asked(640)], unknown }), []);
  assert.deepEqual(whats({ facts: [asked(900)], unknown }), ['dns_fail']);
});

test('the root is the first silent node from the agent; slots of one fall may differ', () => {
  const silent = { ...SWITCH_DOWN, 'cam-2': [[595, 905]] as Times, 'pc-2': [[590, 910]] as Times };
  const [incident, ...others] = new Judged({ silent }).said.incidents;
  assert.equal(others.length, 0);
  assert.deepEqual(incident?.roots, ['sw-2']);
  assert.deepEqual(incident?.unreachable, ['cam-2', 'cam-3', 'pc-2', 'printer']);
  assert.equal(incident?.started_at_ms, at(590));
  assert.equal(incident?.ended_at_ms, at(910));
});

test('what comes back a little after its root belongs to it; what stays away is its own fault', () => {
  const booting = new Judged({ silent: { ...SWITCH_DOWN, 'cam-3': [[600, 960]] } });
  assert.equal(booting.said.incidents.length, 1);
  assert.deepEqual(booting.states('cam-3').slice(1, 3), [
    [600, 900, 'unreachable'],
    [900, 960, 'down'],
  ]);
  const broken = new Judged({ silent: { ...SWITCH_DOWN, 'cam-3': [[600, 2000]] } });
  assert.deepEqual(broken.causes(), ['lan_switch measured sw-2', 'device measured cam-3']);
});

test('overlapping faults keep their own roots and incidents', () => {
  const silent = {
    'cam-1': [[500, 1200]] as Times,
    ...SWITCH_DOWN,
    'cam-2': [[300, 1200]] as Times,
  };
  const judged = new Judged({ silent });
  assert.deepEqual(judged.causes(), [
    'device inferred cam-2',
    'device measured cam-1',
    'lan_switch measured sw-2',
  ]);
  assert.equal(judged.at('cam-2', 700), 'down device inferred');
});

test('a ring leaves out of every path what can be gone around', () => {
  const links: [string, string][] = [['sw-2', 'gw']];
  const agents = [{ code: 'do-1', attached: { device: 'core', port: '4' } }];
  const versions = [{ from_ms: 0, nodes: OFFICE, agents, links }];
  const silent = { gw: DOWN, 'cam-2': DOWN };
  assert.equal(new Judged({ silent, more: { versions } }).at('cam-2', 700), 'down device measured');
});

test('the plan that was in force at the time decides', () => {
  const agents = [{ code: 'do-1', attached: { device: 'core', port: '4' } }];
  const moved = OFFICE.map((node) =>
    node.code === 'cam-2' ? { ...node, attached: { device: 'core', port: '11' } } : node,
  );
  const versions = [
    { from_ms: at(1800), nodes: moved, agents, links: [] },
    { from_ms: 0, nodes: OFFICE, agents, links: [] },
  ];
  const twice: Times = [...DOWN, [2400, 2700]];
  const codes = ['sw-2', 'cam-2', 'cam-3', 'pc-2', 'printer'];
  const silent = Object.fromEntries(codes.map((code) => [code, twice]));
  const judged = new Judged({ silent, more: { versions } });
  assert.equal(judged.at('cam-2', 700), 'unreachable lan_switch measured');
  assert.equal(judged.at('cam-2', 2500), 'down device measured');
});

test("the agent's own cord: all is unknown, and only its cause is found", () => {
  const gap: [number, number, 'vantage_isolated'][] = [[600, 900, 'vantage_isolated']];
  const unknown = Object.fromEntries(OFFICE.map(({ code }) => [code, gap]));
  const facts = [fact(602, { what: 'link', device: 'core', port: '4', up: false })];
  const judged = new Judged({ unknown, facts });
  assert.equal(judged.at('gw', 700), 'unknown lan_link measured');
  assert.deepEqual(judged.said.incidents, []);
});

test('an unmanaged switch is down when its witnesses are silent and another branch answers', () => {
  const both = { 'cam-4': DOWN, 'cam-5': [[605, 910]] as Times };
  const judged = new Judged({ silent: { ...both, 'pc-3': [[600, null]] } });
  assert.deepEqual(judged.states('uw'), [
    [0, 605, 'up'],
    [605, 900, 'down'],
    [900, null, 'up'],
  ]);
  assert.deepEqual(judged.causes(), ['lan_switch measured uw']);
  assert.equal(judged.at('cam-4', 700), 'unreachable lan_switch measured');
  assert.equal(judged.at('pc-3', 700), 'unreachable lan_switch measured');
  assert.equal(new Judged({ silent: both }).at('uw', 700), 'up');
  const gap: [number, number, 'vantage_isolated'][] = [[600, 900, 'vantage_isolated']];
  const unknown = Object.fromEntries(OFFICE.map(({ code }) => [code, gap]));
  assert.equal(new Judged({ unknown }).at('uw', 700), 'unknown undetermined inferred');
});

test('one witness infers; PCs alone determine nothing; without witnesses it is unknown', () => {
  const witnesses = (codes: readonly string[]) =>
    OFFICE.map((node) => (node.code === 'uw' ? { ...node, witnesses: codes } : node));
  const silent = { 'cam-4': DOWN, 'cam-5': DOWN, 'pc-3': DOWN };
  const one = new Judged({ silent, nodes: witnesses(['cam-4']) });
  assert.equal(one.at('uw', 700), 'down lan_switch inferred');
  const pcs = new Judged({ silent, nodes: witnesses(['pc-3']) });
  assert.equal(pcs.at('uw', 700), 'unknown undetermined inferred');
  assert.equal(new Judged({ silent, nodes: witnesses([]) }).at('uw', 700), 'unknown');
});

const rows = (lost: readonly number[], p95_us = 1000, slots = 60): MinuteRow[] =>
  lost.map((n, k) => ({ at_ms: T0 + k * 60_000, slots, lost: n, p95_us }));

test('degraded: five minutes with 2 % and 6 lost, or p95 above the limit in each', () => {
  const states = (minutes: MinuteRow[], device = 'nas') =>
    new Judged({ device: { [device]: { minutes } } }).states(device);
  const quiet = [0, 0, 0, 0, 0, 0];
  assert.deepEqual(states(rows([...quiet, 6, ...quiet])), [
    [0, 120, 'up'],
    [120, 660, 'degraded'],
    [660, null, 'up'],
  ]);
  assert.deepEqual(states(rows([...quiet, 5, ...quiet])), [[0, null, 'up']]);
  assert.deepEqual(states(rows([0, 0, 0, 0, 6, 0], 1000, 600)), [[0, null, 'up']]);
  assert.deepEqual(states(rows([0, 0, 0, 0, 0], 50_001)), [
    [0, 300, 'degraded'],
    [300, null, 'up'],
  ]);
  assert.deepEqual(states(rows([0, 0, 0, 0], 50_001)), [[0, null, 'up']]);
  assert.deepEqual(states(rows([0, 0, 0, 0, 0], 50_001), 'app'), [[0, null, 'up']]);
});

test('lossy outages within 15 minutes are one degraded incident, still down in time', () => {
  const cam: Times = [
    [600, 660],
    [1200, 1260],
    [3000, 3060],
  ];
  const around = { slots: 60, lost: 6 };
  const judged = new Judged({ silent: { 'cam-1': cam }, around, hours: 2 });
  assert.deepEqual(
    judged.said.incidents.map(({ kind, started_at_ms }) => [kind, started_at_ms]),
    [
      ['degraded', at(600)],
      ['degraded', at(3000)],
    ],
  );
  assert.equal(judged.states('cam-1')[1]?.[2], 'down');
  const clean = new Judged({ silent: { 'cam-1': cam }, around: { slots: 60, lost: 5 } });
  assert.equal(clean.said.incidents.length, 3);
});

test('an incident is open, settles for 15 minutes, and is settled', () => {
  const phases = [800, 1000, 1799, 1800].map((to_s) => {
    const judged = new Judged({ silent: { 'cam-1': DOWN }, to_s });
    const down = judged.of('cam-1')[1];
    return [judged.said.incidents[0]?.phase, down?.settled];
  });
  assert.deepEqual(phases, [
    ['open', false],
    ['settling', false],
    ['settling', false],
    ['settled', true],
  ]);
  const open = new Judged({ silent: { 'cam-1': DOWN }, to_s: 800 });
  assert.deepEqual(open.states('cam-1')[1], [600, null, 'down']);
  assert.equal(open.said.incidents[0]?.ended_at_ms, null);
});

test('maintenance covers its slots only; a remain is judged like any run of lost slots', () => {
  const window = (from: number, to: number) =>
    new Judged({ silent: { 'cam-1': DOWN }, maintenance: { 'cam-1': [[from, to]] } });
  assert.deepEqual(window(660, 720).states('cam-1'), [
    [0, 600, 'up'],
    [600, 660, 'down'],
    [660, 720, 'maintenance'],
    [720, 900, 'down'],
    [900, null, 'up'],
  ]);
  assert.deepEqual(window(610, 890).states('cam-1'), [
    [0, 610, 'up'],
    [610, 890, 'maintenance'],
    [890, null, 'up'],
  ]);
  assert.deepEqual(window(1200, 1260).states('cam-1').length, 5);
  const reasons = ['conflict', 'agent_off'] as const;
  const seen = reasons.map((reason) =>
    new Judged({
      unknown: { gw: [[600, 900, reason]] },
      maintenance: { gw: [[600, 900]] },
    }).at('gw', 700),
  );
  assert.deepEqual(seen, ['unknown', 'maintenance']);
});

test('what was carried in goes on: state, start, bounds, id and cause', () => {
  const carry = (
    code: string,
    state: 'down' | 'unreachable' | 'off',
  ): Record<string, { carry: DeviceCarry }> => ({
    [code]: {
      carry: {
        state,
        silent_since_ms: at(-3000),
        earliest_ms: at(-3001),
        off: state === 'off',
        answered: [],
        incident:
          state === 'off'
            ? null
            : {
                id: 'kept',
                root: 'sw-2',
                from_ms: at(-3000),
                earliest_ms: at(-3001),
                cause: 'power',
                confidence: 'measured',
              },
      },
    },
  });
  const start: Times = [[0, 300]];
  const silent = { 'sw-2': start, 'pc-2': start };
  const device = { ...carry('sw-2', 'down'), ...carry('pc-2', 'unreachable') };
  const judged = new Judged({ silent, device });
  assert.deepEqual(
    judged.said.incidents.map(({ id }) => id),
    ['kept'],
  );
  assert.equal(judged.said.incidents[0]?.started_at_ms, at(-3000));
  assert.equal(judged.at('sw-2', 100), 'down power measured');
  assert.equal(judged.of('sw-2')[0]?.from_ms, T0);
  assert.equal(judged.of('sw-2')[0]?.earliest_ms, at(-3001));
  assert.equal(judged.at('pc-2', 100).split(' ')[0], 'unreachable');
  const off = new Judged({ silent, device: { ...device, ...carry('pc-2', 'off') } });
  assert.equal(off.at('pc-2', 100), 'off');
});

test('everything silent at once without another vantage stays what the slots say', () => {
  const judged = new Judged({ silent: all(DOWN) });
  assert.deepEqual(judged.causes(), ['undetermined inferred core']);
});
