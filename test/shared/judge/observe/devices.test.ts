import assert from 'node:assert/strict';
import test from 'node:test';
import type { CheckPart } from '../../../../shared/measure/batch.ts';
import type { Poll } from './snmp-writer.ts';
import { Ledger, type Life, MINUTE, seenOf, siteOf, T0, told } from './world.ts';

const KINDS = { 'sw-1': 'switch', 'cam-1': 'camera', 'ref-1': 'upstream' } as const;
function seen(life: Partial<Life>, cuts: readonly number[] = [60, 120, 180], limits = {}) {
  const ledger = new Ledger(KINDS, siteOf(KINDS, {}, limits));
  ledger.live({ kinds: KINDS, seconds: 600, ...life }, 0, cuts);
  return told(seenOf(ledger.inputs));
}
const polls = (list: readonly Partial<Poll>[]): NonNullable<Life['polls']> => ({
  'sw-1': list.map((poll, m) => ({ s: m * 60 + 5, ...poll })),
});

test('a restart by sysUpTime, with what the scalars say of it', () => {
  const scalars = (boots: number, host_s: number) => ({
    snmpEngineBoots: boots,
    hrSystemUptime: host_s * 100,
  });
  const before = [{}, { scalars: scalars(3, 3_665) }, {}];
  const reboot = [{ up_s: 20, scalars: scalars(4, 20) }, { up_s: 80 }];
  assert.deepEqual(seen({ polls: polls([...before, ...reboot]) }), [
    'restart 163.98–166.04 sw-1 reboot uptime_fell boots_grew host_uptime_fell',
  ]);
  // Its SNMP agent alone began anew: what was said at first is taken back.
  const agent = [{ up_s: 20 }, { up_s: 80, scalars: scalars(4, 3_600 + 245) }];
  const cuts = [60, 120, 180, 240];
  assert.deepEqual(seen({ polls: polls([...before, ...agent]) }, cuts), [
    'withdrawn 163.98–166.04',
  ]);
  assert.deepEqual(seen({ polls: polls([...before, ...agent]) }, [120]), [
    'withdrawn 163.98–166.04',
  ]);
});

test('SNMP that is silent for three polls; one that answers with an error is not', () => {
  const timeout = { outcome: 'timeout' };
  const said = seen({ polls: polls([{}, timeout, timeout, timeout, timeout, {}, timeout]) });
  assert.deepEqual(said, ['snmp_silent 65–245 sw-1']);
  const other = ['snmp_error', 'not_sent', 'timeout', 'timeout'].map((outcome) => ({ outcome }));
  assert.deepEqual(seen({ polls: polls(other) }), []);
});

test('minutes above the limit of their device', () => {
  const p95 = { 'sw-1': [900, 51_000, 50_000], 'cam-1': [80_000] };
  const said = seen({ seconds: 180, p95 }, [60, 120], { 'cam-1': 100 });
  assert.deepEqual(said, ['slow 60–120 sw-1 51000']);
});

test('large echoes that are lost alone', () => {
  const large = { 'cam-1': `${'r'.repeat(6)}nrnnn${'r'.repeat(60)}`, 'sw-1': 'nnnnnnr' };
  // The switch answers nothing at all: that is no matter of size.
  const small = { 'sw-1': `${'n'.repeat(100)}r` };
  assert.deepEqual(seen({ large, small }), ['large_echo_loss 60–100 cam-1 1']);
  const odd = seen({ large, small }, [60, 75, 77, 80, 90, 91, 200]);
  assert.deepEqual(odd, ['large_echo_loss 60–100 cam-1 1']);
});

test('names and pages that fail twice in a row', () => {
  const check = (code: string, probe: 'dns' | 'http', outcomes: readonly string[]) =>
    ({
      ...{ code, probe, target: 0, check: 0 },
      ticks: outcomes.map((outcome, k) => [k * 60 + 7, outcome, []]),
    }) as unknown as CheckPart & { code: string };
  const checks = [
    check('ref-1', 'dns', ['answered', 'timeout', 'servfail', 'not_sent', 'timeout', 'nxdomain']),
    check('cam-1', 'http', ['ok', 'timeout', 'client_error', 'timeout', 'ok']),
    check('sw-1', 'http', [
      'name_failed',
      'name_failed',
      'timeout',
      'tls_expired',
      'server_error',
      'ok',
    ]),
  ];
  assert.deepEqual(seen({ checks }), [
    'dns_fail 7–67 sw-1',
    'dns_fail 67–247 ref-1',
    'app_fail 127–247 sw-1',
  ]);
});

test('addresses that two machines answer for; one that moved is no conflict', () => {
  const events = [
    { s: 70, code: 'mac_conflict', mono_ms: 0, target: 1 },
    { s: 80, code: 'address_duplicate', mono_ms: 0, target: 0 },
    { s: 90, code: 'address_moved', mono_ms: 0, target: 2 },
  ] as const;
  assert.deepEqual(seen({ events }), ['duplicate_address 70 cam-1', 'duplicate_address 80 sw-1']);
});

test('facts of an unknown list name nothing', () => {
  const ledger = new Ledger(KINDS, siteOf(KINDS));
  const timeouts = polls(Array.from({ length: 6 }, () => ({ outcome: 'timeout' })));
  const life = { kinds: KINDS, seconds: 360, polls: timeouts };
  ledger.live(life, 0, [60], { list: { version: 9, hash: 'none' } });
  assert.deepEqual(told(seenOf(ledger.inputs)), []);
});

test('maintenance is seen from the sealing of the first batch that covers its leaf', () => {
  const ledger = new Ledger(KINDS);
  const life = (seconds: number): Life => ({ kinds: KINDS, seconds });
  ledger.add({ kind: 'maintenance', log: 'l', index: 7, issued_ms: T0 });
  ledger.live(life(60), 0, [], { seen: { log: 'l', size: 7 } });
  ledger.live(life(120), 60, [], { seen: { log: 'other', size: 70 } });
  assert.deepEqual(told(seenOf(ledger.inputs)), []);
  ledger.live(life(180), 120, [], { seen: { log: 'l', size: 8 } });
  ledger.live(life(240), 180, [], { seen: { log: 'l', size: 9 } });
  const rows = [...seenOf(ledger.inputs).values()];
  const at_ms = T0 + 3 * MINUTE;
  const body = { what: 'document_seen', leaf: 2, at_ms };
  assert.deepEqual(rows, [{ key: 'document_seen/2', from_ms: at_ms, to_ms: at_ms, seen: body }]);
});
