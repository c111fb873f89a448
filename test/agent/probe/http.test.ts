import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTcpServer, type Socket } from 'node:net';
import { test } from 'node:test';
import {
  BODY_BYTES_MAX,
  type HttpTarget,
  parseHttpUrl,
  probeHttp,
} from '../../../agent/probe/http.ts';
import { answerTo, startDnsStub } from './dns-stub.ts';

const ADDRESS = '127.105.3.1';
const PATIENCE_MS = 5_000;
/** Where the deadline is what is tested. */
const SHORT_MS = 300;

function portOf(server: { address(): unknown }): number {
  const at = server.address();
  assert.ok(typeof at === 'object' && at !== null && 'port' in at && typeof at.port === 'number');
  return at.port;
}

async function page(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const server = createServer(answer);
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => sockets.add(socket));
  server.listen(0, ADDRESS);
  await once(server, 'listening');
  const port = portOf(server);
  return {
    port,
    url: `http://${ADDRESS}:${port}`,
    connections: () => sockets.size,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

async function raw(onSocket: (socket: Socket) => void) {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    onSocket(socket);
  });
  server.listen(0, ADDRESS);
  await once(server, 'listening');
  return {
    port: portOf(server),
    url: `http://${ADDRESS}:${portOf(server)}/`,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

const visit = (target: HttpTarget, wait_ms = PATIENCE_MS, trace?: (line: string) => void) =>
  probeHttp(target, AbortSignal.timeout(wait_ms), trace);

test('statuses below 500 are r; a redirect is ok and is not followed', async () => {
  await using server = await page((request, response) => {
    const status = Number(request.url?.slice(1));
    response.writeHead(status, { location: `http://${ADDRESS}:1/`, 'set-cookie': 'a=b' });
    response.end('text');
  });
  const cases = [
    [200, 'r', 'ok'],
    [204, 'r', 'ok'],
    [302, 'r', 'ok'],
    [404, 'r', 'client_error'],
    [401, 'r', 'client_error'],
    [500, 'n', 'server_error'],
    [503, 'n', 'server_error'],
  ] as const;
  for (const [status, code, outcome] of cases) {
    const result = await visit({ url: `${server.url}/${status}` });
    assert.deepEqual([result.code, result.outcome, result.status], [code, outcome, status]);
    const [resolve, connect, tls, first_byte, whole] = result.phases_us;
    assert.deepEqual([resolve, tls], [null, null]);
    assert.ok((connect ?? 0) > 0 && (first_byte ?? 0) > 0 && (whole ?? 0) >= (first_byte ?? 0));
  }
  assert.equal(server.connections(), cases.length);
});

test('the request is one plain GET with the right host and nothing that tells who asks', async () => {
  const seen: { url: string; raw: string[] }[] = [];
  await using server = await page((request, response) => {
    seen.push({ url: `${request.method} ${request.url}`, raw: request.rawHeaders });
    response.end();
  });
  const url = `http://portal.example.vn:${server.port}/a/b?c=d#part`;
  const result = await visit({ url, address: ADDRESS });
  assert.equal(result.outcome, 'ok');
  assert.deepEqual(seen, [
    {
      url: 'GET /a/b?c=d',
      raw: [
        ...['host', `portal.example.vn:${server.port}`, 'user-agent', 'lanproof'],
        ...['accept', '*/*', 'connection', 'close'],
      ],
    },
  ]);
});

test('the trace tells the same first byte as the result', async () => {
  await using server = await page((_request, response) => {
    setTimeout(() => response.end('late'), 30);
  });
  const lines: string[] = [];
  const result = await visit({ url: `${server.url}/` }, PATIENCE_MS, (line) => lines.push(line));
  const told = ((result.phases_us[3] ?? 0) / 1_000).toFixed(1);
  assert.ok(lines.includes(`Status 200, first byte after ${told} ms.`), lines.join('\n'));
  assert.ok(Number(told) > 20);
});

test('a page without end is cut after 64 KiB, and its sender notices', async () => {
  const ended = Promise.withResolvers<void>();
  let sent = 0;
  await using server = await page((_request, response) => {
    const chunk = Buffer.alloc(16 * 1024, 'x');
    const pour = (): void => {
      while (!response.destroyed && response.write(chunk)) sent += chunk.length;
    };
    response.on('drain', pour);
    response.on('close', () => ended.resolve());
    pour();
  });
  const result = await visit({ url: `${server.url}/` });
  assert.deepEqual([result.code, result.outcome, result.status], ['r', 'ok', 200]);
  await ended.promise;
  assert.ok(sent >= BODY_BYTES_MAX && sent < 64 * 1024 * 1024);
});

test('each phase that hangs ends at the deadline and the phases say which it was', async () => {
  await using mute = await raw(() => undefined);
  const unanswered = await visit({ url: mute.url }, SHORT_MS);
  assert.deepEqual([unanswered.code, unanswered.outcome], ['n', 'timeout']);
  assert.ok((unanswered.phases_us[1] ?? 0) > 0);
  assert.deepEqual(unanswered.phases_us.slice(2), [null, null, null]);
  assert.equal(unanswered.status, undefined);

  const secure = await visit({ url: mute.url.replace('http:', 'https:') }, SHORT_MS);
  assert.equal(secure.outcome, 'timeout');
  assert.deepEqual(secure.phases_us.slice(2), [null, null, null]);

  await using half = await page((_request, response) => {
    response.writeHead(200, { 'content-length': '10' });
    response.write('five!');
  });
  const stalled = await visit({ url: `${half.url}/` }, SHORT_MS);
  assert.deepEqual([stalled.code, stalled.outcome, stalled.status], ['n', 'timeout', 200]);
  assert.ok((stalled.phases_us[3] ?? 0) > 0);
  assert.equal(stalled.phases_us[4], null);

  await using drip = await raw((socket) => {
    const timer = setInterval(() => socket.write('H'), 20);
    socket.on('close', () => clearInterval(timer));
  });
  // "HHHH…" is no status line: that is known before the time is over.
  const dripping = await visit({ url: drip.url }, PATIENCE_MS);
  assert.equal(dripping.outcome, 'garbage');
});

test('what is no HTTP, breaks off or says nothing is garbage', async () => {
  const answers = [
    'SSH-2.0-OpenSSH_9.6\r\n',
    'HTTP/1.1 999999 ?\r\n\r\n',
    'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort',
    'HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello',
    `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(64 * 1024)}`,
    'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n',
    '',
  ];
  for (const answer of answers) {
    await using server = await raw((socket) => socket.once('data', () => socket.end(answer)));
    const result = await visit({ url: server.url });
    assert.deepEqual([result.code, result.outcome], ['n', 'garbage'], answer.slice(0, 40));
    assert.equal(result.phases_us[4], null);
  }
});

test('a closed port is connect_refused; an URL that we do not ask is not sent', async () => {
  const gone = await raw(() => undefined);
  await gone[Symbol.asyncDispose]();
  const refused = await visit({ url: gone.url });
  assert.deepEqual([refused.code, refused.outcome], ['n', 'connect_refused']);
  for (const url of ['ftp://127.0.0.1/', 'http://user:secret@127.0.0.1/', 'no url']) {
    assert.equal(parseHttpUrl(url), null);
    const lines: string[] = [];
    const result = await visit({ url }, PATIENCE_MS, (line) => lines.push(line));
    assert.deepEqual([result.code, result.outcome], ['x', 'not_sent']);
    assert.ok(!lines.join().includes('secret'));
  }
  const broadcast = await visit({ url: 'http://127.255.255.255/' });
  assert.deepEqual([broadcast.code, broadcast.outcome], ['x', 'not_sent']);
});

test('names: the answer leads there, no answer is name_failed, and none leads out of bounds', async () => {
  await using server = await page((_request, response) => response.end('ok'));
  const names = await startDnsStub('127.105.3.53', (query, reply) =>
    reply(answerTo(query, { addresses: [ADDRESS] })),
  );
  try {
    const servers = [`${names.address}:${names.port}`];
    const url = `http://portal.example.vn:${server.port}/`;
    const asked: string[] = [];
    const permits = (address: string): boolean => {
      asked.push(address);
      return address === ADDRESS;
    };
    const found = await visit({ url, servers, permits });
    assert.equal(found.outcome, 'ok');
    assert.ok((found.phases_us[0] ?? 0) > 0);
    assert.ok(asked.includes(ADDRESS));

    names.script = (query, reply) => reply(answerTo(query, { addresses: ['127.105.3.99'] }));
    const before = server.connections();
    const rebound = await visit({ url, servers, permits });
    assert.deepEqual([rebound.code, rebound.outcome], ['x', 'not_sent']);
    assert.equal(server.connections(), before);

    names.script = (query, reply) => reply(answerTo(query, { rcode: 3 }));
    const unknown = await visit({ url, servers });
    assert.deepEqual([unknown.code, unknown.outcome], ['n', 'name_failed']);
    assert.deepEqual(unknown.phases_us, [null, null, null, null, null]);
    const lines: string[] = [];
    await visit({ url, servers }, PATIENCE_MS, (line) => lines.push(line));
    assert.match(lines.join(' '), /give no address.*ENOTFOUND.*\/etc\/hosts is not read/);

    names.script = () => undefined;
    const silent = await visit({ url, servers }, SHORT_MS);
    assert.equal(silent.outcome, 'name_failed');
  } finally {
    await names.close();
  }
  // A literal address is held against the limits too.
  const outside = await visit({ url: server.url, permits: () => false });
  assert.equal(outside.outcome, 'not_sent');
});

test('a status that is none is garbage: no batch could hold it', async () => {
  for (const status of ['000', '099']) {
    await using server = await raw((socket) => {
      socket.once('data', () => socket.end(`HTTP/1.1 ${status} OK\r\ncontent-length: 0\r\n\r\n`));
    });
    const result = await probeHttp({ url: server.url }, AbortSignal.timeout(PATIENCE_MS));
    assert.deepEqual([result.code, result.outcome, result.status], ['n', 'garbage', undefined]);
  }
});
