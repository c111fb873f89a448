import assert from 'node:assert/strict';
import { createSocket, type RemoteInfo } from 'node:dgram';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { createSession, type Varbind, Version2c } from 'net-snmp';
import { communityParts } from '../../../agent/snmp/message.ts';
import { askedList, asking, placeOf } from '../../../agent/snmp/request.ts';
import { readAnswer } from '../../../agent/snmp/response.ts';
import { numberOf } from '../../../agent/snmp/value.ts';
import {
  columnKey,
  follows,
  ROW_AFTER,
  ROW_BEFORE,
  ROW_DEEPER,
} from '../../../agent/snmp/varbinds.ts';
import { encodeMessage, type SnmpValue, type SnmpVarbind } from '../../../deploy/demo/snmp/ber.ts';
import { decodeMessage } from '../../../deploy/demo/snmp/ber-decode.ts';

const RESPONSE = 0xa2;
const GETBULK = 0xa5;
const COLUMN = '1.3.6.1.2.1.2.2.1.8';

const arc = fc.oneof(
  fc.nat(3),
  fc.nat(200),
  fc.nat(70_000),
  fc.integer({ min: 0, max: 2 ** 32 - 1 }),
);
const oid = fc
  .tuple(fc.constantFrom('1.3', '1.3.6.1.2.1.2.2.1', COLUMN), fc.array(arc, { maxLength: 6 }))
  .map(([root, rest]) => [root, ...rest].join('.'));
const bytes = fc.uint8Array({ maxLength: 40 });
const unsigned = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const value: fc.Arbitrary<SnmpValue> = fc.oneof(
  fc.record({ type: fc.constant('integer'), value: fc.integer() }),
  fc.record({ type: fc.constant('octets'), value: bytes }),
  fc.record({ type: fc.constant('oid'), value: oid }),
  fc.record({ type: fc.constant('ip'), value: fc.uint8Array({ minLength: 4, maxLength: 4 }) }),
  fc.record({ type: fc.constantFrom('counter32', 'gauge32', 'timeticks'), value: unsigned }),
  fc.record({ type: fc.constant('counter64'), value: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }) }),
  fc.record({
    type: fc.constantFrom('no_such_object', 'no_such_instance', 'end_of_mib_view', 'null'),
  }),
) as fc.Arbitrary<SnmpValue>;
const varbinds = fc.array(fc.record({ oid, value }), { maxLength: 30 });

function answerOf(list: readonly SnmpVarbind[], request_id = 7): Buffer {
  const head = { version: 1, community: 'c', pdu_type: RESPONSE, request_id, status: 0, index: 0 };
  return Buffer.from(encodeMessage({ ...head, varbinds: list }));
}

/** What net-snmp itself makes of a list: one real request whose answer this is. */
async function library(t: TestContext) {
  let reply: (request_id: number) => Buffer = () => Buffer.alloc(0);
  const device = createSocket('udp4').bind(0, '127.102.31.1');
  await once(device, 'listening');
  device.on('message', (request, from: RemoteInfo) => {
    device.send(reply(decodeMessage(request).request_id), from.port, from.address);
  });
  const lib = createSession('127.102.31.1', 'c', {
    ...{ version: Version2c, port: device.address().port, retries: 0, timeout: 500 },
    ...{ transport: 'udp4', backwardsGetNexts: true },
    dgramModule: { createSocket: (type) => createSocket(type) },
  });
  lib.on('error', () => undefined);
  t.after(() => {
    lib.close();
    device.close();
  });
  return (make: (request_id: number) => Buffer): Promise<Varbind[] | undefined> => {
    reply = make;
    return new Promise((resolve) => {
      lib.getBulk([COLUMN], 0, 1, (_error, columns) => resolve(columns?.[0]));
    });
  };
}

function plain(found: unknown): unknown {
  return found instanceof Uint8Array ? [...found] : found;
}

function sameAs(list: readonly Varbind[], message: Buffer): void {
  const ours = readAnswer(message);
  assert.ok(typeof ours === 'object');
  assert.equal(ours.list.length, list.length);
  for (const [k, theirs] of list.entries()) {
    assert.equal(ours.list.oidOf(k), theirs.oid);
    assert.equal(ours.list.typeOf(k), theirs.type);
    const mine: { type: number; value: unknown } = {
      type: theirs.type,
      value: ours.list.valueOf(k),
    };
    assert.deepEqual(numberOf(mine), numberOf(theirs));
    if (theirs.type !== 70) assert.deepEqual(plain(mine.value), plain(theirs.value));
  }
}

test('our reading of an answer is net-snmp’s', async (t) => {
  const read = await library(t);
  await fc.assert(
    fc.asyncProperty(varbinds, async (list) => {
      const theirs = await read((request_id) => answerOf(list, request_id));
      sameAs(theirs ?? [], answerOf(list));
    }),
    { numRuns: 300 },
  );
});

test('damaged answers: the same result, or a clean refusal', async (t) => {
  const read = await library(t);
  const list: SnmpVarbind[] = [1, 300, 70_000].map((row) => ({
    oid: `${COLUMN}.${row}`,
    value: { type: 'counter32', value: row * 40_000 },
  }));
  const whole = answerOf(list);
  // Behind the request id: what stands before it decides whose answer it is.
  const from = communityParts(whole)?.ids_end ?? 0;
  const damage = fc.tuple(fc.integer({ min: from, max: whole.length - 1 }), fc.nat(255));
  await fc.assert(
    fc.asyncProperty(fc.array(damage, { minLength: 1, maxLength: 2 }), async (changes) => {
      const spoil = (message: Buffer, shift: number): Buffer => {
        for (const [at, byte] of changes) message[at + shift] = byte;
        return message;
      };
      const ours = readAnswer(spoil(answerOf(list), 0));
      if (typeof ours !== 'object' || ours.list.length === 0) return;
      const theirs = await read((request_id) => {
        const message = answerOf(list, request_id);
        return spoil(message, message.length - whole.length);
      });
      // Where both read OIDs they read the same ones; net-snmp misreads those above 1.39.
      for (const [k, one] of (theirs ?? []).entries()) {
        if (k >= ours.list.length || !/^[01]\./.test(ours.list.oidOf(k))) continue;
        assert.equal(ours.list.oidOf(k), one.oid);
      }
    }),
    { numRuns: 200 },
  );
});

test('any bytes at all are read, passed on or refused, never thrown at', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 120 }), (noise) => {
      for (const message of [noise, Uint8Array.of(0x30, noise.length, 2, 1, 1, 4, 0, ...noise)]) {
        const ours = readAnswer(Buffer.from(message));
        assert.ok(typeof ours === 'object' || ours === 'other' || ours === 'garbage');
      }
    }),
  );
});

test('the shell for net-snmp is the same message without varbinds', () => {
  fc.assert(
    fc.property(varbinds, fc.integer({ min: 0, max: 2 ** 31 - 1 }), (list, id) => {
      const ours = readAnswer(answerOf(list, id));
      assert.ok(typeof ours === 'object');
      const decoded = decodeMessage(ours.shell);
      assert.deepEqual(decoded, { ...decodeMessage(answerOf(list, id)), varbinds: [] });
    }),
  );
});

test('rows are placed as OIDs of text are', () => {
  const key = columnKey(COLUMN);
  fc.assert(
    fc.property(fc.array(oid, { minLength: 1, maxLength: 10 }), (oids) => {
      const ours = readAnswer(answerOf(oids.map((one) => ({ oid: one, value: { type: 'null' } }))));
      assert.ok(typeof ours === 'object');
      for (const [k, one] of oids.entries()) {
        const rest = one.startsWith(key.prefix) ? one.slice(key.prefix.length) : undefined;
        const outside = follows(COLUMN, one) ? ROW_AFTER : ROW_BEFORE;
        const inside = rest?.includes('.') === true ? ROW_DEEPER : Number(rest);
        assert.equal(ours.list.rowOf(k, key), rest === undefined ? outside : inside, one);
      }
    }),
  );
});

test('our varbind list in net-snmp’s request is what a device reads', () => {
  const head = { version: 1, community: 'comm', pdu_type: GETBULK, request_id: 9 };
  const numbers = { status: 0, index: 20 };
  const request = Buffer.from(
    encodeMessage({ ...head, ...numbers, varbinds: [{ oid: '0.0', value: { type: 'null' } }] }),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(oid, fc.option(arc)), { maxLength: 14 }), (asked) => {
      const places = asked.map(([one, row]) => ({ ...placeOf(one), row: row ?? -1 }));
      const list = askedList(places);
      assert.ok(list !== undefined);
      const decoded = decodeMessage(asking(request, list));
      const expected = asked.map(([one, row]) => ({
        oid: row === null ? one : `${one}.${row}`,
        value: { type: 'null' },
      }));
      assert.deepEqual(decoded, { ...head, ...numbers, varbinds: expected });
    }),
  );
  assert.equal(askedList([placeOf(`1.3${'.4294967295'.repeat(60)}`)]), undefined);
});
