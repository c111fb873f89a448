import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { probeDns } from '../../../agent/probe/dns.ts';
import { encodeQuery, readAnswer } from '../../../agent/probe/dns-message.ts';
import { answerTo, type DnsScript, type DnsStub, startDnsStub } from './dns-stub.ts';

const ADDRESS = '127.105.2.1';
const NAME = 'dichvucong.gov.vn';
/** Long enough for a busy machine, short enough where silence is the point. */
const SILENCE_MS = 200;
const PATIENCE_MS = 5_000;

let stub: DnsStub;
before(async () => {
  stub = await startDnsStub(ADDRESS, () => undefined);
});
after(() => stub.close());

async function ask(script: DnsScript, wait_ms = PATIENCE_MS, trace?: (line: string) => void) {
  stub.script = script;
  const { address, port } = stub;
  return probeDns({ address, port, name: NAME }, AbortSignal.timeout(wait_ms), trace);
}

test('every well-formed answer is r with its RCODE, SERVFAIL and REFUSED are n', async () => {
  const cases = [
    [{ addresses: ['10.1.2.3', '10.1.2.4'] }, 'r', 'answered', 0],
    [{}, 'r', 'no_records', 0],
    [{ rcode: 3 }, 'r', 'nxdomain', 3],
    [{ rcode: 2 }, 'n', 'servfail', 2],
    [{ rcode: 5 }, 'n', 'refused', 5],
    [{ rcode: 4 }, 'r', 'other_rcode', 4],
    [{ truncated: true }, 'r', 'truncated', 0],
    [{ truncated: true, rcode: 2 }, 'n', 'servfail', 2],
  ] as const;
  for (const [options, code, outcome, status] of cases) {
    const result = await ask((query, reply) => reply(answerTo(query, options)));
    assert.deepEqual([result.code, result.outcome, result.status], [code, outcome, status]);
    assert.ok((result.phases_us[0] ?? 0) > 0);
  }
});

test('a server that cannot read the question need not repeat it', async () => {
  const result = await ask((query, reply) => {
    const head = Buffer.from(query.subarray(0, 12));
    head.writeUInt16BE(0x8181, 2);
    head.writeUInt16BE(0, 4);
    reply(head);
  });
  assert.deepEqual([result.code, result.outcome, result.status], ['r', 'other_rcode', 1]);
});

test('each question has a fresh id and port, one datagram, recursion desired', async () => {
  const from = stub.queries.length;
  for (let i = 0; i < 8; i += 1) await ask((query, reply) => reply(answerTo(query)));
  const asked = stub.queries.slice(from);
  assert.equal(asked.length, 8);
  assert.ok(new Set(asked.map(({ bytes }) => bytes.readUInt16BE(0))).size > 4);
  assert.ok(new Set(asked.map(({ from_port }) => from_port)).size > 4);
  const query = asked[0]?.bytes ?? Buffer.alloc(0);
  assert.equal(query.readUInt16BE(2), 0x0100);
  assert.equal(
    query.subarray(12).toString('latin1'),
    '\x0adichvucong\x03gov\x02vn\x00\x00\x01\x00\x01',
  );
});

test('a wrong id, another question or another sender never is the answer', async () => {
  const stranger = createSocket('udp4');
  stranger.bind(0, '127.105.2.2');
  await once(stranger, 'listening');
  const lines: string[] = [];
  try {
    const result = await ask(
      (query, reply) => {
        const port = stub.queries.at(-1)?.from_port ?? 0;
        const lie = answerTo(query, { addresses: ['6.6.6.6'] });
        stranger.send(lie, port, '127.0.0.1', () => {
          reply(answerTo(query, { id: query.readUInt16BE(0) ^ 1, rcode: 3 }));
          const other = answerTo(query, { rcode: 3 });
          other[13] = 0x78;
          reply(other);
          reply(answerTo(query, { addresses: ['10.1.2.3'] }));
        });
      },
      PATIENCE_MS,
      (line) => lines.push(line),
    );
    assert.deepEqual([result.code, result.outcome], ['r', 'answered']);
    assert.match(lines.join('\n'), /its id is another.*its question is another/s);
    const alone = await ask(
      (query, reply) => reply(answerTo(query, { id: query.readUInt16BE(0) ^ 1 })),
      SILENCE_MS,
    );
    assert.deepEqual(alone, { code: 'n', outcome: 'timeout', phases_us: [null] });
  } finally {
    stranger.close();
  }
});

test('the answer comes from the asked port: another port of the same host is a stranger', async () => {
  const stranger = createSocket('udp4');
  stranger.bind(0, ADDRESS);
  await once(stranger, 'listening');
  try {
    const result = await ask((query) => {
      const port = stub.queries.at(-1)?.from_port ?? 0;
      stranger.send(answerTo(query, { addresses: ['6.6.6.6'] }), port, '127.0.0.1');
    }, SILENCE_MS);
    assert.equal(result.outcome, 'timeout');
  } finally {
    stranger.close();
  }
});

test('garbage is told apart from silence, and does not end the wait', async () => {
  const silent = await ask(() => undefined, SILENCE_MS);
  assert.deepEqual(silent, { code: 'n', outcome: 'timeout', phases_us: [null] });
  const short = await ask((_query, reply) => reply(Buffer.from('no')), SILENCE_MS);
  assert.deepEqual(short, { code: 'n', outcome: 'garbage', phases_us: [null] });
  const echoed = await ask((query, reply) => reply(query), SILENCE_MS);
  assert.equal(echoed.outcome, 'garbage');
  const broken = await ask((query, reply) => {
    const bytes = answerTo(query, { addresses: ['10.1.2.3'] });
    reply(bytes.subarray(0, bytes.length - 2));
  }, SILENCE_MS);
  assert.equal(broken.outcome, 'garbage');
  const looped = await ask((query, reply) => {
    const bytes = answerTo(query, { addresses: ['10.1.2.3'] });
    bytes.writeUInt16BE(0xc000 | query.length, query.length);
    reply(bytes);
    reply(answerTo(query, { addresses: ['10.1.2.3'] }));
  });
  assert.equal(looped.outcome, 'answered');
});

test('a closed port is unreachable; what is not sent says nothing', async () => {
  const closed = await startDnsStub(ADDRESS, () => undefined);
  await closed.close();
  const target = { address: ADDRESS, port: closed.port, name: NAME };
  const result = await probeDns(target, AbortSignal.timeout(PATIENCE_MS));
  assert.deepEqual([result.code, result.outcome], ['n', 'unreachable']);
  const far = { address: '127.255.255.255', port: 53, name: NAME };
  const unsent = await probeDns(far, AbortSignal.timeout(PATIENCE_MS));
  assert.deepEqual(unsent, { code: 'x', outcome: 'not_sent', phases_us: [null] });
  const bad = await probeDns({ ...target, name: 'a..b' }, AbortSignal.timeout(PATIENCE_MS));
  assert.equal(bad.outcome, 'not_sent');
  const late = await probeDns(target, AbortSignal.abort());
  assert.equal(late.outcome, 'not_sent');
});

test('no bytes make the reader throw, and only what repeats the question is an answer', () => {
  const query = Buffer.from(encodeQuery(0x1234, NAME) ?? []);
  const whole = answerTo(query, { addresses: ['10.1.2.3', '10.1.2.4'] });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255))),
      fc.nat(),
      (edits, cut) => {
        const bytes = Buffer.from(whole.subarray(0, cut % (whole.length + 1)));
        for (const [at, value] of edits) if (at < bytes.length) bytes[at] = value;
        const reading = readAnswer(bytes, query);
        if (reading.kind === 'answer' && reading.records > 0) {
          assert.equal(bytes.readUInt16BE(0), 0x1234);
        }
      },
    ),
    { numRuns: 2_000 },
  );
});
