import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ETHERLIKE_MINUTE } from '../../../agent/snmp/etherlike.ts';
import { STATUS_COLUMNS, TRAFFIC_32, TRAFFIC_64 } from '../../../agent/snmp/if-mib.ts';
import { pollTraffic } from '../../../agent/snmp/interfaces.ts';
import { pollDevice } from '../../../agent/snmp/poll.ts';
import { snapshotColumns, snapshotScalars } from '../../../deploy/demo/switch/switch-mib.ts';
import { deadline, lab, model, NOON_MS } from './lab.ts';

const names = (columns: readonly { name: string }[]): string[] => columns.map(({ name }) => name);

test('one poll reads clocks, status, traffic and identity, apart from each other', async (t) => {
  const served = model();
  served.portDown(3, NOON_MS - 60_000);
  served.errors(5, 2, NOON_MS - 10_000);
  const { session } = await lab(t, served);
  const poll = await pollDevice(
    session,
    { status: true, traffic: 'all', identity: true },
    deadline(),
  );
  const snapshot = served.snapshot(NOON_MS);
  assert.ok(poll.system.ok && poll.status?.ok && poll.traffic?.ok && poll.identity?.ok);
  assert.equal(poll.system.sys_uptime_ticks, snapshot.sys_uptime_ticks);
  assert.deepEqual(poll.system.scalars, snapshotScalars(snapshot));
  assert.ok(poll.system.response_ms > 0);
  assert.ok(poll.status.requested_mono_ms >= poll.system.requested_mono_ms);
  const minute = names([...STATUS_COLUMNS, ...ETHERLIKE_MINUTE]);
  assert.deepEqual({ ...poll.status.columns }, snapshotColumns(snapshot, minute));
  assert.deepEqual({ ...poll.traffic.columns }, snapshotColumns(snapshot, names(TRAFFIC_64)));
  assert.equal(poll.status.columns.ifOperStatus?.get(3), 2);
  assert.equal(poll.status.columns.ifInErrors?.get(5), 20);
  assert.equal(poll.identity.system.sys_name?.text, 'sw-core');
  assert.equal(poll.identity.ports.get(28)?.if_alias?.text, 'uplink');
  assert.equal(poll.identity.ports.get(28)?.mac, '02:4c:50:00:00:1c');
  const figures = JSON.stringify([poll.system, poll.status, poll.traffic], (_, value) =>
    typeof value === 'bigint' ? String(value) : value instanceof Map ? [...value] : value,
  );
  assert.doesNotMatch(figures, /sw-core|uplink|gi1|02:4c|PhysAddress/);
});

test('64-bit counters are decided per port', async (t) => {
  const served = model({ ports: 24, has_64_bit: (port) => port === 24 });
  const { session } = await lab(t, served);
  const poll = await pollTraffic(session, null, deadline());
  assert.ok(poll.ok);
  assert.deepEqual([...(poll.columns.ifHCInOctets?.keys() ?? [])], [24]);
  const narrow = snapshotColumns(served.snapshot(NOON_MS), names(TRAFFIC_32));
  for (const { name } of TRAFFIC_32) {
    const expected = narrow[name];
    expected?.delete(24);
    assert.deepEqual(poll.columns[name], expected, name);
  }
});

test('few ports are read by GET, each in the width it has', async (t) => {
  const served = model({ has_64_bit: (port) => port > 26 });
  const { session, device } = await lab(t, served);
  const poll = await pollTraffic(session, [2, 28, 999], deadline());
  assert.ok(poll.ok);
  assert.deepEqual([...(poll.columns.ifHCInOctets?.keys() ?? [])], [28]);
  assert.deepEqual([...(poll.columns.ifInOctets?.keys() ?? [])], [2]);
  assert.ok(device.requests <= 5, `${device.requests} requests`);
});

test('few ports are read from an agent with tiny messages too', async (t) => {
  const { session } = await lab(t, model(), { message_bytes_max: 200 });
  const poll = await pollTraffic(session, [1, 2, 28], deadline());
  assert.ok(poll.ok);
  assert.equal(poll.columns.ifHCOutBroadcastPkts?.size, 3);
});

test('Counter64 above 2^53 keeps every digit', async (t) => {
  const octets_before = 2n ** 63n + 1n;
  const served = model({ ports: 2, octets_before });
  const { session } = await lab(t, served);
  const poll = await pollTraffic(session, null, deadline());
  assert.ok(poll.ok);
  const expected = served.snapshot(NOON_MS).ports.map((port) => port.in_octets);
  assert.deepEqual([...(poll.columns.ifHCInOctets?.values() ?? [])], expected);
  assert.ok(expected.every((value) => value > 2n ** 63n));
});

test('a silent device costs one round of timeouts for the whole poll', async (t) => {
  const { session, device } = await lab(t, model(), { faults: { silent: true } });
  const poll = await pollDevice(
    session,
    { status: true, traffic: 'all', identity: true },
    deadline(),
  );
  assert.equal(poll.system.ok, false);
  assert.equal(poll.status, undefined);
  assert.equal(device.requests, 2);
});

test('an agent that refuses the table still gives its clock', async (t) => {
  const { session } = await lab(t, model(), { faults: { same: true } });
  const poll = await pollDevice(
    session,
    { status: true, traffic: 'all', identity: false },
    deadline(),
  );
  assert.equal(poll.system.ok, true);
  assert.equal(poll.status?.ok === false && poll.status.failed, 'not_increasing');
  assert.equal(poll.traffic?.ok === false && poll.traffic.failed, 'not_increasing');
});
