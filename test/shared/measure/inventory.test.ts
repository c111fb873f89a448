import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEVICE_KINDS } from '../../../shared/measure/codes.ts';
import { checkInventory } from '../../../shared/measure/inventory.ts';
import { loadInventory, readInventory } from '../../../shared/node/inventory-file.ts';

const head = {
  unit: { code: 'u', name: 'U' },
  site: { code: 's', name: 'S' },
  agents: [{ code: 'do-1' }],
};
const gw = { code: 'gw', kind: 'gateway', address: '10.0.0.1' };
const check = (devices: unknown, options = {}) => checkInventory({ ...head, devices }, options);
const codes = (devices: unknown, options = {}) =>
  check(devices, options).problems.map((p) => `${p.severity} ${p.code} ${p.place}`);
function device(raw: Record<string, unknown>) {
  const found = check([gw, { code: 'd', ...raw }]);
  const read = found.inventory?.devices[1];
  assert.ok(read, JSON.stringify(found.problems));
  return read;
}

test('the example inventory is accepted without a warning but for the unmanaged ones', () => {
  const { inventory, warnings } = loadInventory('deploy/examples/inventory.yml');
  assert.deepEqual(warnings, []);
  assert.equal(inventory.devices.length, 9);
  const core = inventory.devices.find((d) => d.code === 'sw-core');
  assert.deepEqual(core?.probes.snmp, {
    interval_ms: 60_000,
    timeout_ms: 2_000,
    version: '2c',
    port: 161,
    secret: 'ro-community',
  });
});

test('interval, timeout and rtt limit get the defaults of the kind', () => {
  const expected: Record<string, number> = { pc: 10, upstream: 10, gateway: 1, switch: 1 };
  Object.assign(expected, { server: 1, ups: 1 });
  for (const kind of DEVICE_KINDS.filter((k) => k !== 'unmanaged-switch')) {
    const interval_ms = (expected[kind] ?? 5) * 1_000;
    const read = device({ kind, address: '10.0.0.2' });
    const timeout_ms = interval_ms === 1_000 ? 800 : 1_000;
    assert.deepEqual(read.probes.icmp, { interval_ms, timeout_ms }, kind);
    assert.equal(read.rtt_limit_ms, kind === 'upstream' ? 300 : 50);
  }
});

test('reachability is the first of icmp, arp, tcp, snmp; no probe joins given ones', () => {
  const address = '10.0.0.2';
  const snmp = { version: '2c', secret: 'ro' };
  const of = (probes: unknown) => device({ kind: 'pc', address, probes });
  assert.equal(of({ snmp, tcp: [{ port: 80 }], arp: {} }).reachability, 'arp');
  assert.equal(of({ snmp, tcp: [{ port: 80 }] }).reachability, 'tcp');
  assert.equal(of({ snmp }).reachability, 'snmp');
  assert.equal(of({ snmp }).probes.icmp, undefined);
  assert.equal(of({}).reachability, 'none');
  assert.equal(device({ kind: 'pc' }).reachability, 'none');
  const bare = device({ kind: 'pc', address, reachability: 'none' });
  assert.equal(bare.probes.icmp, undefined);
  assert.equal(device({ kind: 'unmanaged-switch' }).reachability, 'none');
});

test('timeouts: 50 ms to interval − 100 ms, else refused', () => {
  const with_ = (timeout_ms: number) =>
    check([
      gw,
      {
        code: 'd',
        kind: 'pc',
        address: '10.0.0.2',
        probes: { icmp: { interval_s: 1, timeout_ms } },
      },
    ]);
  for (const good of [50, 900]) assert.ok(with_(good).inventory);
  for (const bad of [49, 901, 1_000, 50.5]) {
    assert.equal(with_(bad).problems[0]?.code, 'INVENTORY_TIMEOUT');
  }
});

test('MAC addresses are normalised; those that identify nothing are refused', () => {
  for (const mac of ['00-1B-21-3A-4F-5C', '001b.213a.4f5c', '001b213a4f5c']) {
    assert.equal(device({ kind: 'pc', mac }).mac, '00:1b:21:3a:4f:5c');
  }
  for (const mac of ['01:00:5e:00:00:01', '00:00:00:00:00:00']) {
    assert.deepEqual(codes([gw, { code: 'd', kind: 'pc', mac }]), [
      'error INVENTORY_MAC devices[1].mac',
    ]);
  }
});

test('a random MAC is refused with what to do about it', () => {
  const [problem] = check([gw, { code: 'd', kind: 'pc', mac: '02:1b:21:3a:4f:5c' }]).problems;
  assert.equal(problem?.code, 'INVENTORY_MAC_LOCAL');
  assert.match(problem.fix, /random MAC.*hostname:/);
});

test('names that no agent would take are refused here', () => {
  for (const hostname of ['a b', 'x'.repeat(64), 'http://x', '-']) {
    const found = codes([gw, { code: 'd', kind: 'pc', hostname }]);
    assert.deepEqual(found, ['error INVENTORY_HOSTNAME devices[1].hostname']);
  }
  const http = (url: string) =>
    codes([gw, { code: 'd', kind: 'server', address: '10.0.0.2', probes: { http: [{ url }] } }]);
  for (const url of ['http://x/a b', 'http://x/\n', 'http://u:p@x/', 'file:///etc/passwd']) {
    assert.ok(http(url).includes('error INVENTORY_URL devices[1].probes.http[0].url'), url);
  }
});

test('SNMP: version 1 has a community, version 3 may have a context', () => {
  const of = (snmp: object) =>
    check([gw, { code: 'd', kind: 'switch', address: '10.0.0.2', probes: { icmp: {}, snmp } }]);
  const read = (snmp: object) => of(snmp).inventory?.devices[1]?.probes.snmp;
  const times = { interval_ms: 60_000, timeout_ms: 2_000, port: 161 };
  for (const version of [1, '1', '2c']) {
    const expected = { ...times, version: String(version), secret: 'ro' };
    assert.deepEqual(read({ version, secret: 'ro' }), expected);
  }
  const v3 = { version: 3, user: 'lp', level: 'noAuthNoPriv' };
  const context = 'vlan-10';
  assert.deepEqual(read({ ...v3, context }), { ...times, ...v3, version: '3', context });
  const at = 'devices[1].probes.snmp';
  const bad: readonly (readonly [object, string, string])[] = [
    [{ version: 1, secret: 'ro', context }, 'INVENTORY_SNMP', `${at}.context`],
    [{ ...v3, context: 'a b' }, 'INVENTORY_SNMP', `${at}.context`],
    [{ ...v3, user: 'x'.repeat(33) }, 'INVENTORY_SNMP', `${at}.user`],
    [{ version: 2, secret: 'ro' }, 'INVENTORY_TYPE', `${at}.version`],
  ];
  for (const [snmp, code, place] of bad) {
    const [problem] = of(snmp).problems;
    assert.deepEqual([problem?.code, problem?.place], [code, place]);
  }
});

test('eight checks of one probe, not nine', () => {
  const of = (count: number) => {
    const tcp = Array.from({ length: count }, (_, k) => ({ port: k + 1 }));
    return codes([gw, { code: 'd', kind: 'server', address: '10.0.0.2', probes: { tcp } }]);
  };
  assert.deepEqual(of(8), []);
  assert.ok(of(9).includes('error INVENTORY_TOO_MANY devices[1].probes.tcp'));
});

test('one address written in two ways is a duplicate', () => {
  const other = { code: 'd', kind: 'pc', address: '::ffff:10.0.0.1' };
  assert.deepEqual(codes([gw, other]), ['error INVENTORY_DUPLICATE_ADDRESS devices[1].address']);
});

test('loopback targets need the flag of the demo; own addresses are refused', () => {
  const local = [
    { ...gw, address: '127.0.1.1' },
    { code: 'd', kind: 'pc', address: '127.0.1.2' },
  ];
  assert.equal(check(local).problems[0]?.code, 'INVENTORY_ADDRESS_LOOPBACK');
  assert.deepEqual(codes(local, { allow_loopback: true }), []);
  const own = { own_addresses: ['10.0.0.1'] };
  assert.ok(codes([gw], own).includes('error INVENTORY_ADDRESS_OWN devices[0].address'));
});

test('what is doubtful is a warning', () => {
  const edge = { code: 'd', kind: 'pc', address: '10.0.0.255' };
  assert.deepEqual(codes([gw, edge]), ['warning INVENTORY_ADDRESS_EDGE devices[1].address']);
  assert.deepEqual(codes([gw]), ['warning INVENTORY_LONE_TARGET agents[0]']);
  const pcs = ['a', 'b'].map((code, i) => ({
    code,
    kind: 'pc',
    address: `10.0.0.1${i}`,
    attached: { device: 'sw' },
  }));
  const sw = { code: 'sw', kind: 'unmanaged-switch' };
  assert.deepEqual(codes([gw, ...pcs, sw]), [
    'warning INVENTORY_WITNESS_NONE devices[3].witnesses',
  ]);
  assert.deepEqual(codes([gw, ...pcs, { ...sw, witnesses: ['a', 'b'] }]), [
    'warning INVENTORY_WITNESS_PCS devices[3].witnesses',
  ]);
  const camera = { code: 'c', kind: 'camera', address: '10.0.0.20' };
  assert.deepEqual(codes([gw, ...pcs, camera, { ...sw, witnesses: ['a', 'c'] }]), [
    'warning INVENTORY_WITNESS_FEW devices[4].witnesses',
    'warning INVENTORY_WITNESS_ELSEWHERE devices[4].witnesses[1]',
  ]);
});

test('outside private space nobody is asked often', () => {
  const fast = (probes: unknown) =>
    codes([gw, { code: 'd', kind: 'server', address: '203.113.131.1', probes }]);
  assert.deepEqual(fast({ icmp: { interval_s: 10 } }), []);
  assert.deepEqual(fast({ icmp: { interval_s: 5 }, tcp: [{ port: 80, interval_s: 30 }] }), [
    'error INVENTORY_PUBLIC_PACE devices[1].probes.icmp.interval_s',
    'error INVENTORY_PUBLIC_PACE devices[1].probes.tcp[0].interval_s',
  ]);
});

test('too many devices are refused without reading them', () => {
  const many = Array.from({ length: 1_000_000 }, () => gw);
  assert.deepEqual(codes(many), ['error INVENTORY_TOO_MANY devices']);
  assert.throws(() => readInventory({ ...head, devices: many }), /has 1000000 entries/);
});

test('codes with slashes, dots or capitals are refused wherever a code stands', () => {
  for (const code of ['a/b', '..', 'A', '', '-a', 'a'.repeat(40), '__proto__']) {
    assert.equal(check([{ ...gw, code }]).problems[0]?.code, 'INVENTORY_CODE', code);
  }
});
