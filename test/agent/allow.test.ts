import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { checkPackets, createAllowList, planPackets } from '../../agent/allow.ts';
import { LanProofError } from '../../shared/errors.ts';

const OWN = [
  { address: '127.0.0.1', prefix: 8 },
  { address: '10.77.0.9', prefix: 24 },
  { address: '203.0.113.7', prefix: 24 },
  { address: 'fd00::9', prefix: 64 },
];

test('without entries the connected private networks are allowed, and nothing else', () => {
  const list = createAllowList(undefined, OWN);
  const code = (host: string) => {
    const permit = list.permits(host, 'switch', 'icmp', 1_000);
    return permit.ok ? 'ok' : permit.code;
  };
  assert.equal(code('10.77.0.2'), 'ok');
  assert.equal(code('fd00::2'), 'ok');
  assert.equal(code('10.77.0.9'), 'TARGET_OWN_ADDRESS');
  for (const host of ['10.77.1.2', '203.0.113.8', '127.0.0.2', '8.8.8.8', 'fd01::1', 'a.example']) {
    assert.equal(code(host), 'TARGET_NOT_ALLOWED', host);
  }
  for (const host of ['224.0.0.1', '255.255.255.255', '0.0.0.0', '::', '10.77.0.999', 'a b', '']) {
    assert.equal(code(host), 'TARGET_ADDRESS', host);
  }
});

test('kind upstream is asked gently beyond the allowed networks, loopback never', () => {
  const list = createAllowList(undefined, OWN);
  const code = (
    probe: 'icmp' | 'arp' | 'snmp' | 'tcp' | 'dns' | 'http',
    s: number,
    host: string,
  ) => {
    const permit = list.permits(host, 'upstream', probe, s * 1_000);
    return permit.ok ? 'ok' : permit.code;
  };
  for (const host of ['8.8.8.8', 'dichvucong.gov.vn']) {
    assert.equal(code('icmp', 10, host), 'ok');
    assert.equal(code('icmp', 5, host), 'TARGET_TOO_OFTEN');
    assert.equal(code('snmp', 600, host), 'TARGET_NOT_ALLOWED');
    assert.equal(code('arp', 600, host), 'TARGET_NOT_ALLOWED');
    for (const probe of ['tcp', 'dns', 'http'] as const) {
      assert.equal(code(probe, 60, host), 'ok');
      assert.equal(code(probe, 30, host), 'TARGET_TOO_OFTEN');
    }
  }
  assert.equal(code('tcp', 60, '127.0.0.1'), 'TARGET_OWN_ADDRESS');
  assert.equal(code('tcp', 60, '127.0.0.5'), 'TARGET_NOT_ALLOWED');
});

test('entries replace the default; hosts are compared without case', () => {
  const list = createAllowList(['127.0.0.0/8', '10.1.2.3', 'Printer.Example.VN'], []);
  const ok = (host: string) => list.permits(host, 'pc', 'icmp', 1_000).ok;
  assert.ok(ok('127.0.1.9') && ok('10.1.2.3') && ok('printer.example.vn.'));
  assert.ok(!ok('10.1.2.4') && !ok('example.vn') && !ok('10.77.0.2'));
});

test('an entry that is neither network nor host is named', () => {
  for (const entry of ['10.0.0.0/33', '10.0.0', 'a b', '', '10.0.0.0/24/1', '../x']) {
    assert.throws(
      () => createAllowList(['10.0.0.1', entry], []),
      (error) => error instanceof LanProofError && error.place === 'allow[1]',
      entry,
    );
  }
});

test('packets are counted by probe and interval, and bounded', () => {
  const icmp = { probe: 'icmp', interval_ms: 1_000 } as const;
  assert.equal(planPackets(Array.from({ length: 200 }, () => icmp)), 200);
  assert.equal(
    checkPackets(
      Array.from({ length: 200 }, () => icmp),
      200,
    ),
    200,
  );
  assert.throws(
    () =>
      checkPackets(
        Array.from({ length: 201 }, () => icmp),
        200,
      ),
    (error) => error instanceof LanProofError && error.code === 'PACKETS_TOO_MANY',
  );
});

test('property: an address is allowed by a network exactly when it lies in it', () => {
  const octets = fc.tuple(fc.integer({ min: 1, max: 126 }), fc.nat(255), fc.nat(255), fc.nat(255));
  const number = (o: readonly number[]) => o.reduce((sum, x) => sum * 256 + x, 0);
  fc.assert(
    fc.property(octets, octets, fc.integer({ min: 1, max: 32 }), (net, host, prefix) => {
      const list = createAllowList([`${net.join('.')}/${prefix}`], []);
      const size = 2 ** (32 - prefix);
      const inside = Math.floor(number(net) / size) === Math.floor(number(host) / size);
      assert.equal(list.permits(host.join('.'), 'pc', 'icmp', 1_000).ok, inside);
    }),
  );
});
