import assert from 'node:assert/strict';
import test from 'node:test';
import { draftTargets } from '../../../collector/inventory/target-lists.ts';
import { utf8 } from '../../../shared/bytes.ts';
import { SALT_BYTES } from '../../../shared/measure/batch.ts';
import { checkInventory } from '../../../shared/measure/inventory.ts';
import {
  checkCommitments,
  parsePrivateTargets,
  parseTargetList,
  RECORD_CHARS_MAX,
} from '../../../shared/measure/target-list.ts';
import { parseTargetRecord } from '../../../shared/measure/target-record.ts';
import { createNodeCrypto } from '../../../shared/node/crypto.ts';

const crypto = createNodeCrypto();
const head = {
  unit: { code: 'u', name: 'U' },
  site: { code: 's', name: 'S' },
  agents: [{ code: 'do-1' }],
};

/** The list of an inventory as an agent reads it: signed part, records held against it. */
async function listOf(devices: readonly object[]) {
  const found = checkInventory({ ...head, devices });
  assert.ok(found.inventory, JSON.stringify(found.problems));
  const deps = { crypto, random: () => new Uint8Array(SALT_BYTES) };
  const reads = { salt: async () => null };
  const { targets, records } = await draftTargets(deps, reads, found.inventory, 'do-1');
  const base = { v: 1, version: 1, site: 's', agent: 'do-1', log: 'l', issued_ms: 0 };
  const list = parseTargetList(utf8(JSON.stringify({ ...base, targets })));
  const priv = parsePrivateTargets({ v: 1, version: 1, records });
  checkCommitments(crypto, list, priv);
  return list.targets.map((target, index) => ({
    target,
    record: parseTargetRecord(priv.records[index]?.record ?? ''),
    chars: priv.records[index]?.record.length ?? 0,
  }));
}

test('checks: times in the public part, what is asked in the private one, in one order', async () => {
  const [server] = await listOf([
    {
      ...{ code: 'web', kind: 'server', address: '10.0.0.2' },
      probes: {
        tcp: [{ port: 443, interval_s: 5 }, { port: 22 }],
        dns: [{ name: 'dichvucong.gov.vn' }],
        http: [{ url: 'https://10.0.0.2/' }],
      },
    },
  ]);
  assert.deepEqual(server?.target.probes, {
    tcp: [
      { interval_ms: 5_000, timeout_ms: 3_000 },
      { interval_ms: 60_000, timeout_ms: 3_000 },
    ],
    dns: [{ interval_ms: 60_000, timeout_ms: 3_000 }],
    http: [{ interval_ms: 60_000, timeout_ms: 10_000 }],
  });
  assert.equal(server.target.reachability, 'tcp');
  assert.deepEqual(server.record, {
    name: 'web',
    address: '10.0.0.2',
    tcp: [{ port: 443 }, { port: 22 }],
    dns: [{ name: 'dichvucong.gov.vn' }],
    http: [{ url: 'https://10.0.0.2/' }],
  });
});

test('the large echo goes beside every echo of the own network, never oftener', async () => {
  const icmp = (interval_s: number) => ({ probes: { icmp: { interval_s } } });
  const devices = [
    { code: 'gw', kind: 'gateway', address: '10.0.0.1' },
    { code: 'slow', kind: 'server', address: '10.0.0.2', ...icmp(60) },
    { code: 'named', kind: 'pc', hostname: 'pc.local' },
    { code: 'arp', kind: 'pc', address: '10.0.0.3', probes: { arp: {} } },
    { code: 'far', kind: 'upstream', address: '10.99.0.1' },
    { code: 'stranger', kind: 'server', address: '203.113.131.1', ...icmp(10) },
  ];
  const large = { interval_ms: 10_000, timeout_ms: 1_000, bytes: 1_400 };
  const listed = await listOf(devices);
  assert.deepEqual(
    listed.map(({ target }) => target.probes.echo_large),
    [large, { ...large, interval_ms: 60_000 }, large, undefined, undefined, undefined],
  );
  assert.deepEqual(listed[0]?.target.probes.icmp, { interval_ms: 1_000, timeout_ms: 800 });
});

test('witnesses of an unmanaged switch are public; those of others are used by nobody', async () => {
  const witnesses = ['cam-1', 'cam-2'];
  const cameras = [1, 2].map((k) => ({
    ...{ code: `cam-${k}`, kind: 'camera', address: `10.0.0.${k}` },
    ...{ attached: { device: 'sw' }, witnesses: k === 1 ? ['cam-2'] : [] },
  }));
  const sw = { code: 'sw', kind: 'unmanaged-switch', witnesses };
  const listed = await listOf([sw, ...cameras, { code: 'sw-2', kind: 'unmanaged-switch' }]);
  assert.deepEqual(
    listed.map(({ target }) => target.witnesses),
    [witnesses, undefined, undefined, undefined],
  );
});

test('SNMP of version 1, and a context of version 3', async () => {
  const v1 = { version: 1, secret: 'ro' };
  const v3 = { version: 3, user: 'lp', level: 'noAuthNoPriv', context: 'vlan-10' };
  const listed = await listOf(
    [v1, v3].map((snmp, k) => ({
      ...{ code: `sw-${k}`, kind: 'switch', address: `10.0.0.${k + 1}`, probes: { snmp } },
    })),
  );
  assert.deepEqual(listed[0]?.record.snmp, { version: '1', port: 161, secret: 'ro' });
  assert.deepEqual(listed[1]?.record.snmp, { ...v3, version: '3', port: 161 });
});

test('the longest device that an inventory may have fits its record', async () => {
  const long = (chars: number) => `${'x'.repeat(60)}.`.repeat(4).slice(0, chars);
  const checks = <T>(one: T) => Array(8).fill(one);
  const [device] = await listOf([
    {
      ...{ code: 'x'.repeat(39), name: '"'.repeat(200), kind: 'server' },
      ...{ address: '10.0.0.1', mac: '00:1b:21:3a:4f:5c', hostname: long(199) },
      probes: {
        tcp: checks({ port: 65_535 }),
        dns: checks({ name: long(199) }),
        http: checks({ url: `http://x/${'"'.repeat(191)}` }),
        snmp: {
          ...{ version: 3, port: 65_535, user: '"'.repeat(32), context: '"'.repeat(32) },
          ...{ level: 'authPriv', auth: 'sha512', priv: 'aes256b' },
          ...{ auth_secret: 'a'.repeat(63), priv_secret: 'b'.repeat(63) },
        },
      },
    },
  ]);
  assert.equal(device?.record.http?.length, 8);
  assert.ok(device.chars > 4_096 && device.chars <= RECORD_CHARS_MAX, `${device.chars}`);
});
