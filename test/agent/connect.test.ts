import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import test, { mock } from 'node:test';
import { openConnection } from '../../agent/connect.ts';

test('the time for connecting does not end a connection that stands', async (t) => {
  const server = createServer((peer) => peer.pipe(peer));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  const abort = new AbortController();
  mock.method(AbortSignal, 'timeout', () => abort.signal);
  let socket: Socket | undefined;
  t.after(() => {
    mock.restoreAll();
    socket?.destroy();
    server.close();
  });
  const peer = { host: '127.0.0.1', port: address.port, secure: false };
  socket = await openConnection(peer, { proxy: undefined, tls: undefined });
  abort.abort();
  socket.write('still here');
  const [echo] = (await once(socket, 'data')) as [Buffer];
  assert.equal(echo.toString(), 'still here');
});
