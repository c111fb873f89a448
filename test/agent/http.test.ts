import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import test, { type TestContext } from 'node:test';
import { type CollectorHttp, createCollectorHttp } from '../../agent/http.ts';

const ANSWER_BYTES_MAX = 8 * 1024 * 1024;
const ask = { method: 'GET', path: '/' } as const;

async function clientOf(t: TestContext, server: Server): Promise<CollectorHttp> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const client = createCollectorHttp({
    ...{ urls: [`http://127.0.0.1:${port}`], insecure: false, proxy: undefined, tls: undefined },
    monotonic_ms: () => performance.now(),
  });
  t.after(() => client.close());
  return client;
}

test('an idle connection is kept for 70 s, or a second less than the collector says', async (t) => {
  for (const [announced_s, kept_ms] of [
    [75, 70_000],
    [71, 70_000],
    [70, 69_000],
    [5, 4_000],
  ] as const) {
    const server = createServer((_, answer) => answer.end());
    server.keepAliveTimeout = announced_s * 1_000;
    const client = await clientOf(t, server);
    const sockets: Socket[] = [];
    const opened = (told: unknown) => sockets.push(Object(told).socket);
    subscribe('net.client.socket', opened);
    await client.send(ask);
    unsubscribe('net.client.socket', opened);
    // The connection is put aside once the answer has been read.
    await new Promise(setImmediate);
    assert.deepEqual(
      sockets.map(({ timeout }) => timeout),
      [kept_ms],
      `${announced_s} s`,
    );
  }
});

test('an answer of 8 MiB is read, a longer one is refused', async (t) => {
  let bytes = ANSWER_BYTES_MAX;
  const client = await clientOf(
    t,
    createServer((_, answer) => answer.end(Buffer.alloc(bytes))),
  );
  assert.equal((await client.send(ask)).body.length, bytes);
  bytes += 1;
  await assert.rejects(() => client.send(ask), {
    code: 'COLLECTOR_UNREACHABLE',
    message: /answer above 8388608 bytes/,
  });
});
