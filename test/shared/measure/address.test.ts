import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { classify, parseAddress, parseNetwork } from '../../../shared/measure/address.ts';

test('property: reads exactly what the platform calls an address', () => {
  const near = fc.string({
    unit: fc.constantFrom('1', '0', 'f', ':', '.', '2', '5'),
    maxLength: 20,
  });
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), near), (text) => {
      assert.equal(parseAddress(text) !== undefined, isIP(text) !== 0, text);
    }),
    { numRuns: 2_000 },
  );
});

test('classes and networks', () => {
  const expected = {
    '10.0.0.1': 'private',
    '100.64.0.1': 'private',
    '172.32.0.1': 'public',
    '::1': 'loopback',
    '::': 'unspecified',
    'ff02::1': 'multicast',
    '239.1.1.1': 'multicast',
    '255.255.255.255': 'broadcast',
    'fe80::1': 'private',
    '2001:db8::1': 'public',
    '::ffff:127.0.0.1': 'loopback',
  } as const;
  for (const [text, kind] of Object.entries(expected)) {
    const address = parseAddress(text);
    assert.ok(address);
    assert.equal(classify(address), kind, text);
  }
  for (const bad of ['10.0.0.0/33', '10.0.0.0/08', '::/129', '10.0.0.0/', '/8', 'a/8']) {
    assert.equal(parseNetwork(bad), undefined, bad);
  }
});
