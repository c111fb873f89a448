import assert from 'node:assert/strict';
import test from 'node:test';
import type { SiteMaterial, SiteNode } from '../../../../shared/judge/site/material.ts';
import { at, Judged, OFFICE, type Story, T0 } from './world.ts';

/** The office, and from 1800 s on the office as changed. */
function changed(change: (node: SiteNode) => SiteNode | null): Pick<SiteMaterial, 'versions'> {
  const agents = [{ code: 'do-1', attached: { device: 'core', port: '4' } }];
  const later = OFFICE.flatMap((node) => change(node) ?? []);
  return {
    versions: [
      { from_ms: T0 - 86_400_000, nodes: OFFICE, agents, links: [] },
      { from_ms: at(1800), nodes: later, agents, links: [] },
    ],
  };
}

const one = (code: string, more: Partial<SiteNode> | null) => (node: SiteNode) =>
  node.code !== code ? node : more === null ? null : { ...node, ...more };
const judged = (story: Story, change: (node: SiteNode) => SiteNode | null) =>
  new Judged({ ...story, more: changed(change) });
const words = (said: Judged, device: string) => said.states(device).map(([, , state]) => state);

test('a camera that becomes a kiosk was down before, and is off after', () => {
  const silent = {
    'cam-1': [
      [600, 900],
      [1700, 2000],
      [2400, 2700],
    ],
  } as const;
  const said = judged({ silent }, one('cam-1', { kind: 'kiosk' }));
  assert.deepEqual(words(said, 'cam-1'), ['up', 'down', 'up', 'down', 'up', 'off', 'up']);
  assert.equal(said.said.incidents.length, 2);
  const back = judged({ silent: { 'pc-1': silent['cam-1'] } }, one('pc-1', { kind: 'camera' }));
  assert.deepEqual(words(back, 'pc-1'), ['up', 'off', 'up', 'off', 'up', 'down', 'up']);
});

test('what is removed stays what it was: a PC off, a camera down, until its time ends', () => {
  for (const [code, state] of [
    ['pc-1', 'off'],
    ['cam-1', 'down'],
  ] as const) {
    const said = judged({ silent: { [code]: [[600, null]] } }, one(code, null));
    assert.deepEqual(said.states(code), [
      [0, 600, 'up'],
      [600, null, state],
    ]);
  }
});

test('a PC that was off since yesterday stays off in the window that removes it', () => {
  const carry = {
    state: 'off',
    silent_since_ms: at(-3000),
    earliest_ms: null,
    off: true,
    answered: [],
    incident: null,
  } as const;
  const silent = { 'pc-1': [[0, 3000]] } as const;
  const said = judged({ silent, device: { 'pc-1': { carry } } }, one('pc-1', null));
  assert.deepEqual(said.states('pc-1')[0], [0, 3000, 'off']);
});

test('what no version held yet is what the first that holds it says', () => {
  const silent = { 'pc-1': [[600, 900]] } as const;
  const { versions } = changed((node) => node);
  const [first, second] = versions;
  assert.ok(first !== undefined && second !== undefined);
  const nodes = OFFICE.filter(({ code }) => code !== 'pc-1');
  const said = new Judged({ silent, more: { versions: [{ ...first, nodes }, second] } });
  assert.equal(said.at('pc-1', 700), 'off');
});

test('a later response time limit does not undo degraded minutes', () => {
  const minutes = Array.from({ length: 60 }, (_, k) => {
    return { at_ms: at(k * 60), slots: 60, lost: 0, p95_us: 80_000 };
  });
  const device = { gw: { minutes } };
  const said = judged({ device }, one('gw', { rtt_limit_ms: 100 }));
  assert.deepEqual(said.states('gw'), [
    [0, 1800, 'degraded'],
    [1800, null, 'up'],
  ]);
  const lower = judged(
    { device: { 'ref-1': { ...device.gw, interval_ms: 10_000 } } },
    one('ref-1', { rtt_limit_ms: 50 }),
  );
  assert.deepEqual(lower.states('ref-1'), [
    [0, 1800, 'up'],
    [1800, null, 'degraded'],
  ]);
});

test('an unmanaged switch is judged by the witnesses of each time', () => {
  const fell = [[600, 900] as const, [2400, 2700] as const];
  const silent = { 'cam-4': fell, 'cam-5': fell, 'pc-3': fell };
  const before = [
    [0, 600, 'up'],
    [600, 900, 'down'],
  ];
  const gone = judged({ silent }, one('uw', null));
  assert.deepEqual(gone.states('uw').slice(0, 2), before);
  const other = judged({ silent }, one('uw', { witnesses: ['pc-3'] }));
  assert.deepEqual(other.states('uw').slice(0, 2), before);
  assert.equal(other.at('uw', 2500).split(' ')[0], 'unknown');
  const managed = judged({ silent }, one('uw', { kind: 'switch' }));
  assert.deepEqual(managed.states('uw').slice(0, 2), before);
});

test('a silence is counted on the slot grid of its time', () => {
  const grids = [
    { from_ms: T0, interval_ms: 5000 },
    { from_ms: at(1800), interval_ms: 60_000 },
  ];
  const story: Story = {
    silent: { 'cam-1': [[600, 660]] },
    maintenance: { 'cam-1': [[600, 630]] },
    device: { 'cam-1': { grids, interval_ms: 60_000 } },
  };
  const said = new Judged(story);
  assert.deepEqual(said.states('cam-1'), [
    [0, 600, 'up'],
    [600, 630, 'maintenance'],
    [630, 660, 'down'],
    [660, null, 'up'],
  ]);
});
