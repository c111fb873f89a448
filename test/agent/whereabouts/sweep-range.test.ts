import assert from 'node:assert/strict';
import test from 'node:test';
import { isWithin, sweepAddresses } from '../../../agent/whereabouts/sweep-range.ts';

const all = () => true;

test('a /24 without network, broadcast and own address, and only what is allowed', () => {
  const own = [{ address: '10.93.1.10', prefix: 24 }];
  const every = sweepAddresses(own, [], all);
  assert.equal(every.length, 253);
  assert.ok(!every.includes('10.93.1.0') && !every.includes('10.93.1.255'));
  assert.ok(!every.includes('10.93.1.10'));
  const few = sweepAddresses(own, [], (address) => address.startsWith('10.93.1.10'));
  assert.deepEqual(few.slice(0, 2), ['10.93.1.100', '10.93.1.101']);
  assert.equal(few.length, 10);
});

test('of a larger subnet only the /22 around what is known of it', () => {
  const own = [{ address: '172.16.0.9', prefix: 16 }];
  const found = sweepAddresses(own, ['172.16.200.7', '172.16.201.8', '192.0.2.1'], all);
  assert.equal(found.length, 1024 + 1024 - 2);
  assert.ok(found.includes('172.16.203.255') && !found.includes('172.16.204.0'));
  assert.ok(!found.includes('172.16.0.0') && !found.includes('172.16.0.9'));
});

test('tiny subnets, IPv6 and several interfaces', () => {
  assert.deepEqual(sweepAddresses([{ address: '10.0.0.0', prefix: 31 }], [], all), ['10.0.0.1']);
  assert.deepEqual(sweepAddresses([{ address: '10.0.0.1', prefix: 32 }], [], all), []);
  assert.deepEqual(sweepAddresses([{ address: 'fd00::1', prefix: 64 }], [], all), []);
  const two = [
    { address: '10.0.0.1', prefix: 30 },
    { address: '10.0.0.2', prefix: 29 },
  ];
  assert.deepEqual(sweepAddresses(two, [], all), ['10.0.0.3', '10.0.0.4', '10.0.0.5', '10.0.0.6']);
  assert.equal(isWithin('10.0.0.3', two), true);
  assert.equal(isWithin('10.0.1.3', two), false);
  assert.equal(isWithin('pc.example.vn', two), false);
});
