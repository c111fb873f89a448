import assert from 'node:assert/strict';
import { test } from 'node:test';
import { getCells } from '../../../agent/snmp/cells.ts';
import { DeviceGate, GATE_PATIENCE_MS } from '../../../agent/snmp/device-gate.ts';
import { STATUS_COLUMNS, TRAFFIC_32 } from '../../../agent/snmp/if-mib.ts';
import { AUTH_PROTOCOLS, PRIV_PROTOCOLS, type SnmpTarget } from '../../../agent/snmp/target.ts';
import { numberOf } from '../../../agent/snmp/value.ts';
import { walkColumns } from '../../../agent/snmp/walk.ts';
import { snapshotColumns } from '../../../deploy/demo/switch/switch-mib.ts';
import { deadline, has, lab, model, NOON_MS, sessionTo } from './lab.ts';
import { ADDRESS, startSnmpd } from './snmpd.ts';

const SYS_UPTIME = ['1.3.6.1.2.1.1.3.0'];
const KEYS = { auth_key: 'auth-passphrase-77', priv_key: 'priv-passphrase-88' };
const V1 = { version: '1' } as const;

test('SNMPv1: a walk by GETNEXT ends where the device says noSuchName', async (t) => {
  const served = model({ ports: 6 });
  const { device } = await lab(t, served);
  const session = sessionTo(t, device, {}, V1);
  const columns = [...STATUS_COLUMNS, ...TRAFFIC_32, { name: 'behind', oid: '1.3.9' }];
  const result = await walkColumns(session, columns, numberOf, deadline());
  assert.ok(result.ok, JSON.stringify(result));
  const { behind, ...found } = Object.fromEntries(result.columns);
  assert.equal(behind?.size, 0);
  const names = [...STATUS_COLUMNS, ...TRAFFIC_32].map(({ name }) => name);
  assert.deepEqual(found, snapshotColumns(served.snapshot(NOON_MS), names));
});

test('SNMPv1: cells that are not there cost only themselves', async (t) => {
  const { device } = await lab(t, model({ ports: 4 }));
  const session = sessionTo(t, device, {}, V1);
  const result = await getCells(session, TRAFFIC_32, [2, 3, 77], numberOf, deadline());
  assert.ok(result.ok, JSON.stringify(result));
  for (const { name } of TRAFFIC_32) {
    assert.deepEqual([...(result.columns.get(name)?.keys() ?? [])], [2, 3], name);
  }
});

test('every authentication and privacy protocol, and contexts, against snmpd', async (t) => {
  if (!has(t, 'snmpd', 'snmpd')) return;
  const users = AUTH_PROTOCOLS.flatMap((auth) => {
    const theirs = auth === 'sha' ? 'SHA' : `SHA-${auth.slice(3)}`;
    return [`createUser u${auth} ${theirs} "${KEYS.auth_key}" AES "${KEYS.priv_key}"`];
  });
  const allowed = AUTH_PROTOCOLS.map((auth) => `rouser u${auth} priv`);
  const daemon = await startSnmpd(t, [...users, ...allowed]);
  const place = { address: ADDRESS, port: daemon.port };
  const full = { version: '3', level: 'authPriv', priv: 'aes', ...KEYS } as const;
  for (const auth of AUTH_PROTOCOLS) {
    const session = sessionTo(t, place, { timeout_ms: 2_000 }, { ...full, user: `u${auth}`, auth });
    const result = await session.get(SYS_UPTIME, deadline());
    assert.ok(result.ok, `${auth} ${JSON.stringify(result)}`);
  }
  const target = { ...full, user: 'usha', auth: 'sha' } as const;
  const context = { ...target, context: 'vlan-10' };
  const session = sessionTo(t, place, { timeout_ms: 700 }, context);
  const result = await session.get(SYS_UPTIME, deadline());
  assert.equal(result.ok ? 'ok' : result.failed, 'auth', JSON.stringify(result));
  assert.doesNotMatch(JSON.stringify(result), /passphrase/);
  // The 256-bit forms are vendors'; this daemon has none, which must be silence, not a crash.
  for (const priv of PRIV_PROTOCOLS.filter((name) => name !== 'aes')) {
    const other: Partial<SnmpTarget> = { ...target, priv };
    const refused = sessionTo(t, place, { timeout_ms: 300, retries: 0 }, other);
    assert.equal((await refused.get(SYS_UPTIME, deadline())).ok, false);
  }
});

test('two sessions to one device take turns', async (t) => {
  const { session, device } = await lab(t, model(), { faults: { delay_ms: 40 } });
  const second = sessionTo(t, device);
  const started = performance.now();
  const both = await Promise.all([
    session.get(SYS_UPTIME, deadline()),
    second.get(SYS_UPTIME, deadline()),
  ]);
  assert.ok(both.every((one) => one.ok));
  assert.ok(performance.now() - started >= 78);
  const [first, other] = both;
  assert.ok(first?.ok && other?.ok);
  assert.ok(Math.abs(other.asked_mono_ms - first.asked_mono_ms) >= 38);
});

test('who waits too long for a lost request goes ahead, and whose time is up never asks', async () => {
  const gate = new DeviceGate();
  assert.ok(gate.take());
  assert.equal(gate.take(), false);
  const started = performance.now();
  await gate.enter(deadline());
  assert.ok(performance.now() - started >= GATE_PATIENCE_MS - 5);
  const short = performance.now();
  await gate.enter(AbortSignal.timeout(20));
  assert.ok(performance.now() - short < GATE_PATIENCE_MS);
});
