import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  encodeMessage,
  PDU,
  type SnmpMessage,
  type SnmpValue,
} from '../../../../deploy/demo/snmp/ber.ts';
import { decodeMessage } from '../../../../deploy/demo/snmp/ber-decode.ts';

const unsigned = fc.nat(2 ** 32 - 1);
const oid = fc
  .tuple(fc.nat(2), fc.nat(39), fc.array(unsigned, { maxLength: 20 }))
  .map(([first, second, rest]) => [first, second, ...rest].join('.'));
const value: fc.Arbitrary<SnmpValue> = fc.oneof(
  fc.record({ type: fc.constant('integer' as const), value: fc.integer() }),
  fc.record({ type: fc.constant('octets' as const), value: fc.uint8Array({ maxLength: 300 }) }),
  fc.record({ type: fc.constant('oid' as const), value: oid }),
  fc.record({
    type: fc.constant('ip' as const),
    value: fc.uint8Array({ minLength: 4, maxLength: 4 }),
  }),
  fc.record({ type: fc.constantFrom('counter32', 'gauge32', 'timeticks'), value: unsigned }),
  fc.record({
    type: fc.constant('counter64' as const),
    value: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  }),
  fc.record({
    type: fc.constantFrom('null', 'no_such_object', 'no_such_instance', 'end_of_mib_view'),
  }),
);
const message: fc.Arbitrary<SnmpMessage> = fc.record({
  version: fc.constantFrom(0, 1),
  community: fc.stringMatching(/^[ -~]{0,30}$/),
  pdu_type: fc.constantFrom(...Object.values(PDU)),
  request_id: fc.integer(),
  status: fc.nat(20),
  index: fc.nat(100),
  varbinds: fc.array(fc.record({ oid, value }), { maxLength: 30 }),
});

test('every message survives encoding and decoding', () => {
  fc.assert(
    fc.property(message, (original) => {
      // fast-check builds records without a prototype; a clone is a plain object.
      assert.deepEqual(decodeMessage(encodeMessage(original)), structuredClone(original));
    }),
  );
});

test('decoding bytes gives a message or a RangeError', () => {
  fc.assert(
    fc.property(message, fc.nat(), fc.nat(255), (original, at, byte) => {
      const bytes = encodeMessage(original);
      bytes[at % bytes.length] = byte;
      try {
        decodeMessage(bytes);
      } catch (error) {
        assert.ok(error instanceof RangeError);
      }
    }),
  );
});
