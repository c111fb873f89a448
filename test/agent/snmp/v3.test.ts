import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { test } from 'node:test';
import { pollDevice } from '../../../agent/snmp/poll.ts';
import { reachabilityOf } from '../../../agent/snmp/snmp-reachability.ts';
import type { SnmpTarget } from '../../../agent/snmp/target.ts';
import { DATAGRAMS_PER_REQUEST_MAX } from '../../../agent/snmp/wire.ts';
import { element } from '../../../deploy/demo/snmp/ber.ts';
import { deadline, has, sessionTo } from './lab.ts';
import { ADDRESS, startSnmpd } from './snmpd.ts';

const AUTH_KEY = 'auth-passphrase-77';
const PRIV_KEY = 'priv-passphrase-88';
const SYS_UPTIME = ['1.3.6.1.2.1.1.3.0'];
const CONF = [
  `createUser plain`,
  `createUser signed SHA "${AUTH_KEY}"`,
  `createUser full SHA-256 "${AUTH_KEY}" AES "${PRIV_KEY}"`,
  `createUser long SHA-512 "${AUTH_KEY}" AES "${PRIV_KEY}"`,
  'rouser plain noauth',
  'rouser signed auth',
  'rouser full priv',
  'rouser long priv',
];
const FULL = {
  version: '3',
  user: 'full',
  level: 'authPriv',
  auth: 'sha256',
  auth_key: AUTH_KEY,
  priv: 'aes',
  priv_key: PRIV_KEY,
} as const;

test('SNMPv3 against Debian snmpd', async (t) => {
  if (!has(t, 'snmpd', 'snmpd')) return;
  const daemon = await startSnmpd(t, CONF);
  const place = { address: ADDRESS, port: daemon.port };
  const good: readonly [string, Partial<SnmpTarget>][] = [
    ['noAuthNoPriv', { version: '3', user: 'plain', level: 'noAuthNoPriv' }],
    [
      'authNoPriv SHA',
      { version: '3', user: 'signed', level: 'authNoPriv', auth: 'sha', auth_key: AUTH_KEY },
    ],
    ['authPriv SHA-256 AES', FULL],
    ['authPriv SHA-512 AES', { ...FULL, user: 'long', auth: 'sha512' }],
  ];
  for (const [name, target] of good) {
    await t.test(`${name} reads clocks and ports`, async (u) => {
      const session = sessionTo(u, place, { timeout_ms: 2_000 }, target);
      const wants = { status: true, traffic: 'all', identity: false } as const;
      const poll = await pollDevice(session, wants, deadline());
      assert.ok(poll.system.ok, JSON.stringify(poll.system));
      assert.ok((poll.system.scalars.snmpEngineBoots ?? 0) >= 1);
      assert.ok(poll.status?.ok && poll.traffic?.ok);
      assert.ok((poll.status.columns.ifOperStatus?.size ?? 0) >= 1);
      assert.equal(typeof poll.traffic.columns.ifHCInOctets?.get(1), 'bigint');
      assert.equal(session.counts.retries, 0);
    });
  }
  const bad: readonly [string, Partial<SnmpTarget>, RegExp][] = [
    ['unknown user', { ...FULL, user: 'nobody' }, /does not know this user/],
    ['wrong authentication key', { ...FULL, auth_key: 'wrong-auth-key' }, /authentication key/],
    ['wrong privacy key', { ...FULL, priv_key: 'wrong-priv-key' }, /privacy key may be/],
    ['level not allowed', { version: '3', user: 'full', level: 'noAuthNoPriv' }, /refuses access/],
  ];
  for (const [name, target, detail] of bad) {
    await t.test(`${name} is a clear failure without a secret`, async (u) => {
      const session = sessionTo(u, place, { timeout_ms: 700 }, target);
      const result = await session.get(SYS_UPTIME, deadline());
      assert.equal(result.ok, false);
      if (result.ok) return;
      u.diagnostic(`${result.failed}: ${result.detail}`);
      assert.equal(result.failed, 'auth');
      assert.match(result.detail, detail);
      assert.doesNotMatch(JSON.stringify(result), /passphrase|wrong-(auth|priv)/);
    });
  }
  await t.test('a restarted engine is found again within one request', async (u) => {
    const session = sessionTo(u, place, { timeout_ms: 2_000 }, FULL);
    assert.ok((await session.get(SYS_UPTIME, deadline())).ok);
    await daemon.restart();
    const result = await session.get(SYS_UPTIME, deadline());
    assert.ok(result.ok, JSON.stringify(result));
  });
});

/** The msgID of a request, as it stands in its header. */
function messageId(request: Buffer): Uint8Array {
  const at = request.indexOf(Buffer.from([0x02, 0x01, 0x03, 0x30]));
  const length = request[at + 6] ?? 0;
  return request.subarray(at + 7, at + 7 + length);
}

function v3Message(id: Uint8Array, flags: number, pdu_tag: number): Uint8Array {
  const integer = (...bytes: number[]): Uint8Array => element(2, Uint8Array.from(bytes));
  const text = (value: string): Uint8Array => element(4, Buffer.from(value));
  const sequence = (...parts: Uint8Array[]): Uint8Array => element(0x30, Buffer.concat(parts));
  const usm = sequence(text('engine-1'), integer(0), integer(0), text(''), text(''), text(''));
  const oid = element(6, Uint8Array.of(43, 6, 1, 6, 3, 15, 1, 1, 4, 0));
  const list = sequence(sequence(oid, element(0x41, Uint8Array.of(1))));
  const pdu = element(pdu_tag, Buffer.concat([integer(1), integer(0), integer(0), list]));
  return sequence(
    integer(3),
    sequence(element(2, id), integer(0x7f, 0xff), element(4, Uint8Array.of(flags)), integer(3)),
    element(4, usm),
    sequence(text('engine-1'), text(''), pdu),
  );
}

for (const [name, pdu_tag, failed, sent] of [
  ['reports without end are cut', 0xa8, 'garbage', DATAGRAMS_PER_REQUEST_MAX],
  ['an unsigned answer on a signed session is dropped', 0xa2, 'garbage', 1],
] as const) {
  test(name, async (t) => {
    const server = createSocket('udp4').bind(0, '127.0.31.6');
    await once(server, 'listening');
    t.after(() => new Promise<void>((done) => server.close(done)));
    server.on('message', (request, from) => {
      server.send(v3Message(messageId(request), 0, pdu_tag), from.port, from.address);
    });
    const place = { address: '127.0.31.6', port: server.address().port };
    const session = sessionTo(t, place, { retries: 0 }, FULL);
    const result = await session.get(SYS_UPTIME, deadline());
    assert.equal(result.ok ? 'ok' : result.failed, failed);
    assert.equal(session.counts.sent, sent);
    assert.equal(reachabilityOf(result), 'n');
  });
}
