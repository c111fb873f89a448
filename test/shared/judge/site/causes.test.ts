import assert from 'node:assert/strict';
import test from 'node:test';
import { fact, Judged, OFFICE, type Times } from './world.ts';

const DOWN: Times = [[600, 900]];
const SWITCH_DOWN = { 'sw-2': DOWN, 'cam-2': DOWN, 'cam-3': DOWN, 'pc-2': DOWN, printer: DOWN };
const causes = (story: ConstructorParameters<typeof Judged>[0]) => new Judged(story).causes();

test('power: a UPS on battery, or the AC line of the agent host off', () => {
  const battery = fact(590, { what: 'ups_on_battery', device: 'ups', on: true });
  const back = fact(880, { what: 'ups_on_battery', device: 'ups', on: false });
  const silent = { 'sw-2': DOWN };
  assert.deepEqual(causes({ silent: SWITCH_DOWN, facts: [battery, back] }), [
    'power measured sw-2',
  ]);
  const ac = fact(605, { what: 'ac_line', agent: 'do-1', on: false });
  assert.deepEqual(causes({ silent, facts: [ac] }), ['power measured sw-2']);
  const early = fact(60, { what: 'ac_line', agent: 'do-1', on: false });
  assert.deepEqual(causes({ silent, facts: [early] }), ['device measured sw-2']);
  const drained = { facts: [early], silent: { nas: DOWN } };
  assert.deepEqual(causes(drained), ['power measured nas']);
});

test('power: two mains devices of one branch restarted within two minutes, no PoE between', () => {
  const restart = (device: string, s: number) => {
    return fact(s, { what: 'restart', device, evidence: 'uptime' });
  };
  const two = [restart('sw-2', 860), restart('cam-2', 880)];
  assert.deepEqual(causes({ silent: SWITCH_DOWN, facts: two }), ['power measured sw-2']);
  const poe = [restart('sw-2', 860), restart('cam-3', 880)];
  assert.deepEqual(causes({ silent: SWITCH_DOWN, facts: poe }), ['lan_switch measured sw-2']);
  const apart = [restart('sw-2', 640), restart('cam-2', 880)];
  assert.deepEqual(causes({ silent: SWITCH_DOWN, facts: apart }), ['lan_switch measured sw-2']);
  const elsewhere = [restart('sw-2', 860), restart('cam-4', 880)];
  assert.deepEqual(causes({ silent: SWITCH_DOWN, facts: elsewhere }), ['lan_switch measured sw-2']);
});

test('power: the agent ended without a stop, and mains devices restarted with it', () => {
  const gap: [number, number, 'agent_off'][] = [[600, 900, 'agent_off']];
  const unknown = Object.fromEntries(OFFICE.map(({ code }) => [code, gap]));
  const start = fact(890, { what: 'agent_start', agent: 'do-1', new_boot: true });
  const restart = fact(850, { what: 'restart', device: 'core', evidence: 'uptime' });
  const stop = fact(598, { what: 'agent_stop', agent: 'do-1' });
  const seen = (facts: Parameters<typeof causes>[0]['facts']) =>
    new Judged({ unknown, facts: facts ?? [] }).at('gw', 700);
  assert.equal(seen([start, restart]), 'unknown power measured');
  assert.equal(seen([start]), 'unknown agent inferred');
  assert.equal(seen([start, restart, stop]), 'unknown agent measured');
  assert.equal(seen([]), 'unknown undetermined inferred');
});

test('lan_loop: a surge with moves proves it, a surge alone is a sign, one change is neither', () => {
  const surge = fact(590, { what: 'broadcast_surge', device: 'core' });
  const move = fact(595, { what: 'mac_move', device: 'core' });
  const change = fact(595, { what: 'stp_change', device: 'core' });
  const silent = { 'cam-1': DOWN };
  assert.deepEqual(causes({ silent, facts: [surge, move] }), ['lan_loop measured cam-1']);
  assert.deepEqual(causes({ silent, facts: [surge] }), ['lan_loop inferred cam-1']);
  assert.deepEqual(causes({ silent, facts: [change] }), ['device measured cam-1']);
});

test('lan_addressing: two MACs for the address of the root', () => {
  const facts = [fact(640, { what: 'duplicate_address', device: 'cam-1' })];
  assert.deepEqual(causes({ silent: { 'cam-1': DOWN }, facts }), ['lan_addressing measured cam-1']);
  assert.deepEqual(causes({ silent: { nas: DOWN }, facts }), ['device measured nas']);
});

test('lan_switch: all behind it fall together while the rest answers; or it restarted', () => {
  assert.deepEqual(causes({ silent: SWITCH_DOWN }), ['lan_switch measured sw-2']);
  const alive = { ...SWITCH_DOWN, 'cam-2': [] };
  assert.deepEqual(causes({ silent: alive }), ['device measured sw-2']);
  const facts = [fact(800, { what: 'restart', device: 'sw-2', evidence: 'uptime' })];
  assert.deepEqual(causes({ silent: alive, facts }), ['lan_switch measured sw-2']);
});

test('lan_switch: of a switch that nothing measures, what hangs on it speaks together', () => {
  const nodes = OFFICE.map((node) => (node.code === 'uw' ? { ...node, witnesses: [] } : node));
  const silent = { 'cam-4': DOWN, 'cam-5': DOWN };
  assert.deepEqual(causes({ nodes, silent }), [
    'lan_switch inferred cam-4',
    'lan_switch inferred cam-5',
  ]);
});

test('lan_link: the cord lost link, and the switch at its end did not restart', () => {
  const lost = (port: string) => fact(598, { what: 'link', device: 'core', port, up: false });
  assert.deepEqual(causes({ silent: SWITCH_DOWN, facts: [lost('6')] }), ['lan_link measured sw-2']);
  assert.deepEqual(causes({ silent: { 'cam-1': DOWN }, facts: [lost('5')] }), [
    'lan_link measured cam-1',
  ]);
  assert.deepEqual(causes({ silent: { 'cam-1': DOWN }, facts: [lost('7')] }), [
    'device measured cam-1',
  ]);
});

test('lan_link: flaps; lost large echoes of one device; CRC growth with loss', () => {
  const flaps = [100, 300, 500].map((s) => fact(s, { what: 'flap', device: 'core', port: '5' }));
  assert.deepEqual(causes({ facts: flaps }), ['lan_link measured cam-1']);
  assert.deepEqual(causes({ facts: flaps.slice(1) }), []);
  const large = (device: string) => fact(650, { what: 'large_echo_loss', device, minutes: 3 });
  const silent = { 'cam-1': DOWN };
  assert.deepEqual(causes({ silent, facts: [large('cam-1')] }), ['lan_link inferred cam-1']);
  assert.deepEqual(causes({ silent, facts: [large('cam-1'), large('nas')] }), [
    'device measured cam-1',
  ]);
  const growth = fact(640, { what: 'error_growth', device: 'core', port: '5', ratio: 0.01 });
  assert.deepEqual(causes({ silent, facts: [growth] }), ['lan_link inferred cam-1']);
});

test('lan_duplex: a mismatch with late collisions or growing errors is not called a bad cord', () => {
  const on = { device: 'core', port: '5' };
  const mismatch = fact(500, { what: 'duplex_mismatch', ...on }, 700);
  const late = fact(600, { what: 'late_collisions', ...on }, 660);
  const growth = fact(600, { what: 'error_growth', ...on, ratio: 0.01 }, 660);
  const silent = { 'cam-1': DOWN };
  for (const harm of [late, growth]) {
    assert.deepEqual(causes({ silent, facts: [mismatch, harm] }), ['lan_duplex measured cam-1']);
  }
  assert.deepEqual(causes({ silent, facts: [mismatch] }), ['device measured cam-1']);
});

test('gateway: dead among living targets; what lies beyond is unreachable', () => {
  const silent = { gw: DOWN, 'ref-1': DOWN, 'ref-2': DOWN, app: DOWN };
  const judged = new Judged({ silent });
  assert.deepEqual(judged.causes(), ['gateway measured gw']);
  assert.deepEqual(judged.said.incidents[0]?.unreachable, ['app', 'ref-1', 'ref-2']);
  assert.equal(judged.at('gw', 700), 'down gateway measured');
  assert.equal(judged.at('ref-1', 700), 'unreachable gateway measured');
});

test('lan_whole: two agreeing vantages', () => {
  const nodes = OFFICE.map((node) => (node.code === 'nas' ? { ...node, agent: 'do-2' } : node));
  const lan = nodes.filter(({ kind }) => kind !== 'upstream' && kind !== 'unmanaged-switch');
  const silent = Object.fromEntries(lan.map(({ code }) => [code, DOWN]));
  const attached = { device: 'core', port: '4' };
  const agents = [
    { code: 'do-1', attached },
    { code: 'do-2', attached },
  ];
  const versions = [{ from_ms: 0, nodes, agents, links: [] }];
  assert.deepEqual(causes({ silent, nodes, more: { versions } }), ['lan_whole measured core']);
  assert.deepEqual(causes({ silent }), ['undetermined inferred core']);
});

test('device: measured where its port is watched, inferred where nobody looked at its cord', () => {
  assert.deepEqual(causes({ silent: { 'cam-1': DOWN } }), ['device measured cam-1']);
  assert.deepEqual(causes({ silent: { 'cam-4': DOWN } }), ['device inferred cam-4']);
});

test('wan: all voting references of two operators fail while the gateway answers', () => {
  const silent = { 'ref-1': DOWN, 'ref-2': DOWN, app: [[610, 910]] as Times };
  assert.deepEqual(causes({ silent }), ['wan measured app+ref-1+ref-2']);
  const one = [
    { device: 'ref-1', operator: 'viettel', may_vote: true },
    { device: 'ref-2', operator: 'viettel', may_vote: true },
  ];
  assert.deepEqual(causes({ silent, more: { references: one } }), [
    'undetermined inferred app+ref-1+ref-2',
  ]);
  const mute = one.map((reference) => ({ ...reference, may_vote: false }));
  assert.deepEqual(causes({ silent, more: { references: mute } }), [
    'undetermined inferred app+ref-1+ref-2',
  ]);
});

test('dns and upstream_app: names or one application fail while references answer', () => {
  const silent = { app: DOWN };
  assert.deepEqual(causes({ silent }), ['upstream_app inferred app']);
  const app = fact(610, { what: 'app_fail', target: 'app' });
  assert.deepEqual(causes({ silent, facts: [app] }), ['upstream_app measured app']);
  const dns = fact(610, { what: 'dns_fail', target: 'app' });
  assert.deepEqual(causes({ silent, facts: [app, dns] }), ['dns measured app']);
});

test('undetermined: an unknown position, whatever the facts say', () => {
  const nodes = OFFICE.map((node) => (node.code === 'cam-1' ? { ...node, attached: null } : node));
  const facts = [fact(600, { what: 'ac_line', agent: 'do-1', on: false })];
  const judged = new Judged({ nodes, silent: { 'cam-1': DOWN, core: DOWN }, facts });
  assert.equal(judged.at('cam-1', 700), 'down undetermined inferred');
});

test('agent: stopped, its link down, its disk full; its own cord and switch by their facts', () => {
  const gap = (reason: 'agent_link_down' | 'agent_off' | 'dropped') => ({
    gw: [[600, 900, reason]] as [number, number, typeof reason][],
  });
  const seen = (reason: Parameters<typeof gap>[0], ...facts: ReturnType<typeof fact>[]) =>
    new Judged({ unknown: gap(reason), facts }).at('gw', 700);
  const carrier = fact(600, { what: 'carrier', agent: 'do-1', up: false });
  const cord = fact(601, { what: 'link', device: 'core', port: '4', up: false });
  const other = fact(601, { what: 'link', device: 'core', port: '5', up: false });
  const restart = fact(610, { what: 'restart', device: 'core', evidence: 'uptime' });
  assert.equal(seen('agent_link_down', carrier), 'unknown agent measured');
  assert.equal(seen('agent_link_down', carrier, other), 'unknown agent measured');
  assert.equal(seen('agent_link_down', carrier, cord), 'unknown lan_link measured');
  assert.equal(seen('agent_link_down', carrier, cord, restart), 'unknown lan_switch measured');
  const ac = fact(599, { what: 'ac_line', agent: 'do-1', on: false });
  assert.equal(seen('agent_link_down', carrier, cord, restart, ac), 'unknown power measured');
  const stop = fact(600, { what: 'agent_stop', agent: 'do-1' });
  assert.equal(seen('agent_off', stop), 'unknown agent measured');
  assert.equal(
    seen('dropped', fact(605, { what: 'disk_full', agent: 'do-1' })),
    'unknown agent measured',
  );
  assert.equal(seen('agent_off', cord), 'unknown undetermined inferred');
});

test('maintenance comes before all: what it hides has that cause, declared', () => {
  const judged = new Judged({ silent: SWITCH_DOWN, maintenance: { 'sw-2': [[540, 960]] } });
  assert.deepEqual(judged.causes(), ['maintenance declared sw-2']);
  assert.equal(judged.at('sw-2', 700), 'maintenance');
  assert.equal(judged.at('cam-2', 700), 'unreachable maintenance declared');
});
