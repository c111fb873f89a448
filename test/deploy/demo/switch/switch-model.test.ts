import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createMib } from '../../../../deploy/demo/snmp/mib.ts';
import { snapshotColumns, snapshotScalars } from '../../../../deploy/demo/switch/switch-mib.ts';
import {
  createSwitchModel,
  REBOOT_MS,
  type SwitchModel,
} from '../../../../deploy/demo/switch/switch-model.ts';

/** A Wednesday at 09:00 in Vietnam. */
const MORNING_MS = Date.UTC(2026, 10, 18, 2);
const HOUR_MS = 3_600_000;

function model(): SwitchModel {
  return createSwitchModel({
    ports: 24,
    name: 'sw',
    descr: 'switch',
    seed: 3,
    clock: () => MORNING_MS,
    connected: () => true,
  });
}
const port = (made: SwitchModel, number: number, at_ms: number) => {
  const found = made.snapshot(at_ms).ports[number - 1];
  assert.ok(found);
  return found;
};

test('the same seed gives the same past, in any order of asking', () => {
  const instants = [MORNING_MS, MORNING_MS - 7 * 24 * HOUR_MS, MORNING_MS - HOUR_MS];
  const a = model();
  const b = model();
  const forward = instants.map((at) => a.snapshot(at));
  const backward = instants.toReversed().map((at) => b.snapshot(at));
  assert.deepEqual(forward, backward.toReversed());
});

test('counters never run backwards between restarts', () => {
  const made = model();
  made.portDown(2, MORNING_MS - 5 * HOUR_MS);
  made.portUp(2, MORNING_MS - 4 * HOUR_MS);
  made.errors(2, 3, MORNING_MS - 3 * HOUR_MS);
  fc.assert(
    fc.property(fc.nat(40 * 24 * 3_600), fc.nat(7_200), (before_s, later_s) => {
      const from = port(made, 2, MORNING_MS - before_s * 1_000);
      const to = port(made, 2, MORNING_MS - before_s * 1_000 + later_s * 1_000);
      assert.ok(to.in_octets >= from.in_octets && to.out_ucast >= from.out_ucast);
      assert.ok(to.in_errors >= from.in_errors && to.out_mcast >= from.out_mcast);
    }),
  );
});

test('office hours are busy, nights and Sundays are not; the uplink carries most', () => {
  const made = model();
  const octets = (number: number, from_ms: number): number =>
    Number(port(made, number, from_ms + HOUR_MS).in_octets - port(made, number, from_ms).in_octets);
  const busy = octets(1, MORNING_MS);
  assert.ok(busy > 10 * octets(1, MORNING_MS - 8 * HOUR_MS));
  assert.ok(busy > 5 * octets(1, MORNING_MS - 3 * 24 * HOUR_MS));
  assert.ok(octets(24, MORNING_MS) > 3 * busy);
});

test('a port that is down counts nothing and says when it fell', () => {
  const made = model();
  made.portDown(4, MORNING_MS - HOUR_MS);
  const then = port(made, 4, MORNING_MS - HOUR_MS);
  const now = port(made, 4, MORNING_MS);
  assert.equal(now.link_up, false);
  assert.equal(now.in_octets, then.in_octets);
  const uptime = made.snapshot(MORNING_MS).sys_uptime_ticks;
  assert.equal(uptime - now.last_change_ticks, HOUR_MS / 10);
});

test('damaged frames come at the rate told, FCS first', () => {
  const made = model();
  made.errors(6, 2, MORNING_MS - 100_000);
  const now = port(made, 6, MORNING_MS);
  assert.equal(now.in_errors, 200n);
  assert.equal(now.fcs_errors + now.alignment_errors, 200n);
  assert.equal(now.fcs_errors, 180n);
});

test('CRC damage can grow apart from ifInErrors, a half-duplex port collides', () => {
  const made = model();
  made.change(6, { fcs_per_s: 2 }, MORNING_MS - 100_000);
  made.change(7, { duplex: 'half' }, MORNING_MS - HOUR_MS);
  const { fcs_errors, in_errors, alignment_errors } = port(made, 6, MORNING_MS);
  assert.deepEqual([fcs_errors, in_errors, alignment_errors], [200n, 0n, 0n]);
  const half = port(made, 7, MORNING_MS);
  assert.ok(half.single_collisions > half.late_collisions && half.late_collisions > 0n);
  assert.equal(half.fcs_errors, 0n);
});

test('engineBoots counts starts, engineTime the seconds since', () => {
  const made = model();
  const scalars = (at_ms: number) => snapshotScalars(made.snapshot(at_ms));
  made.reboot(MORNING_MS);
  assert.equal(scalars(MORNING_MS - 1).snmpEngineBoots, 1);
  const { snmpEngineBoots, snmpEngineTime } = scalars(MORNING_MS + REBOOT_MS + 7_000);
  assert.deepEqual([snmpEngineBoots, snmpEngineTime], [2, 7]);
});

test('a restart is silent, then everything starts from 0', () => {
  const made = model();
  made.reboot(MORNING_MS);
  assert.equal(made.isSilent(MORNING_MS - 1), false);
  assert.equal(made.isSilent(MORNING_MS + REBOOT_MS - 1), true);
  const after = made.snapshot(MORNING_MS + REBOOT_MS + 1_000);
  assert.equal(after.silent, false);
  assert.equal(after.sys_uptime_ticks, 100);
  assert.ok((after.ports[0]?.in_octets ?? 0n) < (port(made, 1, MORNING_MS - 1).in_octets ?? 0n));
  made.silent(true, MORNING_MS + HOUR_MS);
  assert.equal(made.isSilent(MORNING_MS + HOUR_MS), true);
});

test('columns of a snapshot carry MIB names, EtherLike included', () => {
  const made = model();
  made.change(5, { duplex: 'half' }, MORNING_MS - HOUR_MS);
  const names = ['ifHCInOctets', 'dot3StatsDuplexStatus', 'ifDescr', 'dot3StatsLateCollisions'];
  const columns = snapshotColumns(made.snapshot(MORNING_MS), names);
  assert.equal(typeof columns.ifHCInOctets?.get(1), 'bigint');
  assert.equal(columns.dot3StatsDuplexStatus?.get(5), 2);
  assert.ok(Number(columns.dot3StatsLateCollisions?.get(5)) > 100);
  assert.equal(columns.ifDescr, undefined);
});

test('a MIB walks in OID order', () => {
  const nothing = { type: 'null' } as const;
  const mib = createMib(['1.3.10', '1.3.9', '1.3.9.1'].map((oid) => [oid, nothing] as const));
  const order: string[] = [];
  for (let at = mib.next('1'); at !== undefined; at = mib.next(at.oid)) order.push(at.oid);
  assert.deepEqual(order, ['1.3.9', '1.3.9.1', '1.3.10']);
});
