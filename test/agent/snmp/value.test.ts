import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { snmpTarget } from '../../../agent/snmp/target.ts';
import { counter64, numberOf, TAG, TEXT_BYTES_MAX, textOf } from '../../../agent/snmp/value.ts';
import { LanProofError } from '../../../shared/errors.ts';

const MAX = 2n ** 64n - 1n;

test('Counter64 is read whatever its padding', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: MAX }), fc.boolean(), (value, padded) => {
      const hex = value.toString(16);
      const bytes = Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex');
      assert.equal(counter64(padded ? Buffer.concat([Buffer.of(0), bytes]) : bytes), value);
    }),
  );
  assert.equal(counter64(Buffer.alloc(0)), undefined);
  assert.equal(counter64(Buffer.alloc(10)), undefined);
  assert.equal(counter64(Buffer.alloc(9, 1)), undefined);
});

test('only numeric types give numbers', () => {
  assert.equal(numberOf({ type: TAG.INTEGER, value: 7 }), 7);
  assert.equal(numberOf({ type: TAG.OCTET_STRING, value: Buffer.from('7') }), undefined);
  assert.equal(numberOf({ type: TAG.COUNTER32, value: null }), undefined);
  assert.equal(numberOf({ type: TAG.INTEGER, value: -(2 ** 31) }), -(2 ** 31));
  assert.equal(numberOf({ type: TAG.COUNTER32, value: 2 ** 32 - 1 }), 2 ** 32 - 1);
  for (const value of [2 ** 32, -(2 ** 31) - 1, 1e300, Number.NaN, 0.5]) {
    assert.equal(numberOf({ type: TAG.INTEGER, value }), undefined, `${value}`);
  }
});

test('device text: UTF-8, old encodings, trailing NUL, control characters, length', () => {
  const read = (value: Buffer) => textOf({ type: TAG.OCTET_STRING, value })?.text;
  assert.equal(read(Buffer.from('Tầng 1', 'utf8')), 'Tầng 1');
  assert.equal(read(Buffer.from([0x43, 0xe9])), 'Cé');
  assert.equal(read(Buffer.from('NIC\0\0')), 'NIC');
  assert.equal(read(Buffer.from('a\r\n\x1b[2Jb')), 'a [2Jb');
  assert.equal(read(Buffer.alloc(5_000, 65))?.length, TEXT_BYTES_MAX);
});

test('settings and secrets make a target, or say what is wrong without the secret', () => {
  const secrets: Record<string, string> = { ro: 'c0mm', a: 'long-enough-1', p: 'sh0rt' };
  const look = (name: string): string => secrets[name] ?? '';
  const v2 = snmpTarget('127.0.0.1', { version: '2c', port: 161, secret: 'ro' }, look);
  assert.deepEqual(v2, { address: '127.0.0.1', port: 161, version: '2c', community: 'c0mm' });
  const v3 = { version: '3', port: 161, user: 'lp', level: 'authPriv' } as const;
  const cases = [
    [{ ...v3, auth_secret: 'a', priv_secret: 'p' }, 'SNMP_SECRET_SHORT'],
    [{ ...v3, auth: 'md5', auth_secret: 'a' }, 'SNMP_PROTOCOL_UNKNOWN'],
    [{ ...v3, auth: 'sha256', auth_secret: 'a' }, 'SNMP_SECRET_MISSING'],
  ] as const;
  for (const [settings, code] of cases) {
    assert.throws(
      () => snmpTarget('127.0.0.1', settings, look),
      (error) =>
        error instanceof LanProofError &&
        error.code === code &&
        !/sh0rt|long-en/.test(error.message),
    );
  }
  assert.throws(() => snmpTarget('sw.local', { version: '2c', port: 161, secret: 'ro' }, look));
});
