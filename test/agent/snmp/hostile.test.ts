import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { test } from 'node:test';
import fc from 'fast-check';
import { SNMP_FAILURES } from '../../../agent/snmp/failure.ts';
import { acceptable } from '../../../agent/snmp/inspect.ts';
import { placeOf } from '../../../agent/snmp/request.ts';
import { answer, MESSAGE_BYTES_MAX } from '../../../deploy/demo/snmp/agent.ts';
import { createSwitchMib } from '../../../deploy/demo/switch/switch-mib.ts';
import { COMMUNITY, deadline, model, NOON_MS, sessionTo } from './lab.ts';

const OPER_STATUS = placeOf('1.3.6.1.2.1.2.2.1.8');

test('answers damaged anywhere never crash or hang the poller', async (t) => {
  const mib = createSwitchMib(model({ ports: 4 }), () => NOON_MS)();
  const settings = { community: COMMUNITY, mib, message_bytes_max: MESSAGE_BYTES_MAX, faults: {} };
  let damage: readonly (readonly [number, number])[] = [];
  const server = createSocket('udp4').bind(0, '127.0.31.7');
  await once(server, 'listening');
  t.after(() => new Promise<void>((done) => server.close(done)));
  server.on('message', (request, from) => {
    const bytes = answer(settings, request) ?? new Uint8Array(0);
    for (const [at, value] of damage) bytes[at % bytes.length] = value;
    server.send(bytes, from.port, from.address);
  });
  const place = { address: '127.0.31.7', port: server.address().port };
  const session = sessionTo(t, place, { timeout_ms: 50, retries: 0 });
  const change = fc.tuple(fc.nat(400), fc.nat(255));
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
      damage = changes;
      const result = await session.getBulk([OPER_STATUS], 5, deadline());
      if (!result.ok) assert.ok(SNMP_FAILURES.includes(result.failed));
    }),
    { numRuns: 150 },
  );
  damage = [];
  assert.ok((await session.getBulk([OPER_STATUS], 5, deadline())).ok);
});

test('the shell check takes any bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), fc.boolean(), (bytes, secured) => {
      assert.equal(typeof acceptable(bytes, secured), 'boolean');
      assert.equal(
        typeof acceptable(Uint8Array.of(0x30, bytes.length, ...bytes), secured),
        'boolean',
      );
    }),
  );
});
