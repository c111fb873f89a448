import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { DeviceMemory } from '../../../agent/snmp/device-memory.ts';
import { ETHERLIKE_MINUTE, ETHERLIKE_REST } from '../../../agent/snmp/etherlike.ts';
import { STATUS_COLUMNS } from '../../../agent/snmp/if-mib.ts';
import { pollDevice } from '../../../agent/snmp/poll.ts';
import { ETHERNET_TYPES, polledColumns, portFacts } from '../../../agent/snmp/port-facts.ts';
import { deadline, has, sessionTo } from './lab.ts';
import { ADDRESS, READ_COMMUNITY, startSnmpd } from './snmpd.ts';

const run = promisify(execFile);
/** Counters that may move between the two readings. */
const MOVING = new Set(['ifInDiscards', 'ifOutDiscards', 'ifInErrors', 'ifOutErrors']);

/** One column as Net-SNMP's own tool reads it: [ifIndex, number] of numeric rows. */
async function snmpwalk(port: number, oid: string): Promise<[number, number][]> {
  const options = ['-v2c', '-c', READ_COMMUNITY, '-m', '', '-OnqUte', '-t', '5', '-r', '1'];
  const { stdout } = await run('snmpwalk', [...options, `${ADDRESS}:${port}`, oid]);
  return stdout.split('\n').flatMap((line): [number, number][] => {
    const [row = '', value = ''] = line.split(' ');
    return row.startsWith(`.${oid}.`) ? [[Number(row.slice(oid.length + 2)), Number(value)]] : [];
  });
}

test('ports of Debian snmpd are what snmpwalk says, its restart is noticed', async (t) => {
  if (!has(t, 'snmpd', 'snmpd') || !has(t, 'snmpwalk', 'snmp')) return;
  const daemon = await startSnmpd(t, ['createUser plain', 'rouser plain noauth']);
  const place = { address: ADDRESS, port: daemon.port };
  const own = { version: '2c', community: READ_COMMUNITY } as const;
  const session = sessionTo(t, place, { timeout_ms: 3_000 }, own);
  const memory = new DeviceMemory();
  const wants = { status: true, traffic: 'all', identity: false, memory } as const;
  const poll = await pollDevice(session, wants, deadline(30_000));
  assert.ok(poll.system.ok && poll.status?.ok && poll.traffic?.ok);
  assert.notEqual(poll.etherlike?.ok, false);
  const columns = polledColumns(poll);
  const facts = portFacts(columns);
  let compared = 0;
  for (const { name, oid } of [...STATUS_COLUMNS, ...ETHERLIKE_MINUTE, ...ETHERLIKE_REST]) {
    if (MOVING.has(name)) continue;
    const dot3 = name.startsWith('dot3');
    const theirs = (await snmpwalk(daemon.port, oid)).filter(
      ([port]) => !dot3 || facts.get(port)?.physical === true,
    );
    assert.deepEqual([...(columns[name] ?? [])], theirs, name);
    compared += theirs.length;
  }
  assert.ok(compared > 0);
  for (const [port, { physical, has_64_bit }] of facts) {
    const type = Number(columns.ifType?.get(port));
    const connector = columns.ifConnectorPresent?.get(port);
    assert.equal(physical, ETHERNET_TYPES.has(type) && connector !== 2, `port ${port}`);
    assert.equal(has_64_bit, true);
  }
  // With -C it forgets its boots between two starts, so sysUpTime alone tells.
  assert.equal(poll.system.scalars.snmpEngineBoots, 1);
  // Asked again now that it is older than a new one will be at its first poll.
  await pollDevice(session, wants, deadline(30_000));
  await daemon.restart();
  const after = await pollDevice(session, wants, deadline(30_000));
  assert.equal(after.restarted, true);
  assert.ok(after.identity?.ok && after.identity.ports.size > 0);
});
