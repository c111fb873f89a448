import assert from 'node:assert/strict';
import test from 'node:test';
import { createJudgeState } from '../../../../shared/judge/judge.ts';
import { PENDING_MAX } from '../../../../shared/judge/observe/state.ts';
import { Ledger, type Life, seenOf, siteOf, told } from './world.ts';

const KINDS = { 'sw-1': 'switch', 'cam-1': 'camera' } as const;
const SITE = siteOf(KINDS, { 'do-1': { device: 'sw-1', port: '9' } });
const minutes = (n: number): Life => ({ kinds: KINDS, seconds: n * 60 });
function seen(life: Partial<Life>, cuts: readonly number[] = [60, 120]) {
  return told(seenOf(new Ledger(KINDS, SITE).live({ ...minutes(10), ...life }, 0, cuts).inputs));
}
const event = (s: number, code: 'start' | 'stop' | 'link_down' | 'link_up' | 'ac_off' | 'ac_on') =>
  ({ s, code, mono_ms: 0 }) as const;

test('starts, stops and new boots', () => {
  const ledger = new Ledger(KINDS, SITE);
  ledger.live({ ...minutes(1), events: [event(0, 'start'), event(59, 'stop')] }, 0, []);
  const again = { ...minutes(4), boot: 'b2', events: [event(180, 'start')] };
  ledger.live(again, 180, [], { run: 'r2' });
  ledger.live({ ...minutes(6), boot: 'b3' }, 300, [], { run: 'r3' });
  assert.deepEqual(told(seenOf(ledger.inputs)), [
    'agent_start 0 do-1 false',
    'agent_stop 59 do-1',
    'agent_start 180 do-1 true',
    'agent_start 240–360 do-1 true',
  ]);
});

test('a machine that slept stopped and started', () => {
  const ledger = new Ledger(KINDS, SITE).live(minutes(1), 0, []);
  const slept = { s: 600, code: 'suspend', mono_ms: 0, value: 540_000 } as const;
  ledger.live({ ...minutes(11), events: [slept] }, 600, [], { run: 'r2' });
  assert.deepEqual(told(seenOf(ledger.inputs)), [
    'agent_stop 60 do-1',
    'agent_start 600 do-1 false',
  ]);
});

test('carrier; three losses in ten minutes are flaps of the cord that the agent hangs on', () => {
  const losses = [100, 200, 300].flatMap((s) => [event(s, 'link_down'), event(s + 4, 'link_up')]);
  const said = seen({ events: losses });
  assert.deepEqual(
    said.filter((line) => line.startsWith('flap')),
    ['flap 100–104 sw-1 9', 'flap 200–204 sw-1 9', 'flap 300–304 sw-1 9'],
  );
  assert.equal(said.filter((line) => line.startsWith('carrier')).length, 6);
  const one = seen({ events: losses.slice(0, 2) });
  assert.deepEqual(one, ['carrier 100 do-1 false', 'carrier 104 do-1 true']);
});

test('mains that failed and came back: by events, or by what the host says', () => {
  const events = [event(70, 'ac_off'), event(130, 'ac_on')];
  const hosts = [{ s: 0 }, { s: 70, ac_line: false }, { s: 130 }];
  const said = ['ac_line 70 do-1 false', 'ac_line 130 do-1 true'];
  assert.deepEqual(seen({ events, hosts }), said);
  assert.deepEqual(seen({ events }), said);
  const quiet = seen({ hosts }, [60, 120, 180]);
  assert.deepEqual(quiet, ['ac_line 60–120 do-1 false', 'ac_line 120–180 do-1 true']);
  const battery = seen({ hosts: [{ s: 0, ac_line: false }] }, [60]);
  assert.deepEqual(battery, ['ac_line 60 do-1 false']);
});

test('a full disk by its event and by the hole that it made', () => {
  const ledger = new Ledger(KINDS).live(minutes(1), 0, []);
  ledger.lose('disk_full').live(minutes(4), 180, []).lose('spool_limit').live(minutes(6), 300, []);
  assert.deepEqual(told(seenOf(ledger.inputs)), ['disk_full 60–240 do-1']);
  const full = { s: 33, code: 'disk_full', mono_ms: 0 } as const;
  assert.deepEqual(seen({ events: [full] }), ['disk_full 33 do-1']);
});

test('duplex that differs at the two ends of the cord of the agent', () => {
  const port = { ifType: 6, ifConnectorPresent: 1, ifOperStatus: 1, dot3StatsDuplexStatus: 3 };
  const polls = { 'sw-1': [{ s: 5, ports: { 9: port } }] };
  const said = seen({ polls, hosts: [{ s: 0, duplex: 'half' }] }, [60, 120, 180]);
  assert.deepEqual(said, ['duplex_mismatch 60–600 sw-1 9']);
  assert.deepEqual(seen({ polls, hosts: [{ s: 0 }] }), []);
});

test('what happened before the clock was right is placed with it', () => {
  const events = [event(3, 'start'), event(70, 'ac_off')];
  const down = { s: 65, ports: { 9: { ifType: 6, ifOperStatus: 2 } } };
  const polls = { 'sw-1': [{ s: 5, ports: { 9: { ifType: 6, ifOperStatus: 1 } } }, down] };
  const life = { ...minutes(5), events, polls, p95: { 'cam-1': [70_000] } };
  const cuts = [60, 120, 180, 240];
  const always = new Ledger(KINDS, SITE).live(life, 0, cuts);
  const late = new Ledger(KINDS, SITE).live({ ...life, sync_s: 200 }, 0, cuts);
  assert.deepEqual(told(seenOf(late.inputs)), told(seenOf(always.inputs)));
  assert.ok(told(seenOf(late.inputs)).includes('agent_start 3 do-1 false'));
});

test('a boot that ends without a right clock is forgotten; what waits is bounded', () => {
  const never = { ...minutes(200), events: [event(70, 'ac_off')], sync_s: 1e6 };
  const cuts = Array.from({ length: 200 }, (_, m) => m * 60);
  const ledger = new Ledger(KINDS, SITE).live(never, 0, cuts);
  const state = createJudgeState();
  assert.deepEqual(told(seenOf(ledger.inputs, state)), []);
  assert.equal(state.agents['do-1']?.observe.pending.length, PENDING_MAX);
  const { length } = ledger.inputs;
  ledger.live({ ...minutes(210), boot: 'b2' }, 12_000, [], { run: 'r2' });
  const after = told(seenOf(ledger.inputs.slice(length), state));
  assert.deepEqual(after, ['agent_start 12600 do-1 true']);
  assert.equal(state.agents['do-1']?.observe.pending.length, 0);
});
