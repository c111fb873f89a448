import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { probeTcp } from '../../../agent/probe/tcp.ts';
import { hungListener } from './hung-listener.ts';

const ADDRESS = '127.105.1.1';
async function listen(onSocket: (socket: Socket) => void) {
  const server = createServer(onSocket);
  server.listen(0, ADDRESS);
  await once(server, 'listening');
  const at = server.address();
  assert.ok(typeof at === 'object' && at !== null);
  return { port: at.port, close: () => server.close() };
}

test('a connection that is accepted is alive, and is reset without a byte', async () => {
  const seen = Promise.withResolvers<string>();
  const server = await listen((socket) => {
    let bytes = 0;
    socket.on('data', (chunk) => {
      bytes += chunk.length;
    });
    socket.on('error', (error) => seen.resolve(`${bytes} bytes, ${error.message}`));
    socket.on('close', () => seen.resolve(`${bytes} bytes, closed`));
  });
  try {
    const lines: string[] = [];
    const target = { address: ADDRESS, port: server.port };
    const result = await probeTcp(target, AbortSignal.timeout(5_000), (line) => lines.push(line));
    assert.equal(result.code, 'r');
    assert.equal(result.outcome, 'accepted');
    assert.ok((result.phases_us[0] ?? 0) > 0);
    assert.match(await seen.promise, /^0 bytes/);
    assert.equal(lines.length, 2);
  } finally {
    server.close();
  }
});

test('a refused connection is alive: somebody refused it', async () => {
  const server = await listen(() => undefined);
  server.close();
  const target = { address: ADDRESS, port: server.port };
  const result = await probeTcp(target, AbortSignal.timeout(5_000));
  assert.deepEqual([result.code, result.outcome], ['r', 'refused']);
});

test('silence is no reply when the time is over, whatever the kernel goes on trying', async () => {
  const hung = await hungListener(ADDRESS);
  try {
    const started_ms = performance.now();
    const target = { address: ADDRESS, port: hung.port };
    const result = await probeTcp(target, AbortSignal.timeout(300));
    assert.deepEqual(result, { code: 'n', outcome: 'timeout', phases_us: [null] });
    assert.ok(performance.now() - started_ms < 5_000);
  } finally {
    await hung.close();
  }
});

test('what the own host refuses to send says nothing about the target', async () => {
  // Broadcast on loopback: the kernel answers ENETUNREACH at once and nothing leaves.
  const target = { address: '127.255.255.255', port: 80 };
  const result = await probeTcp(target, AbortSignal.timeout(5_000));
  assert.deepEqual(result, { code: 'x', outcome: 'not_sent', phases_us: [null] });
  const late = await probeTcp({ address: ADDRESS, port: 1 }, AbortSignal.abort());
  assert.equal(late.code, 'x');
});

/** A network of its own: a cable whose other end has no such host, and routes that refuse. */
const NAMESPACE = `
  ip link set lo up
  ip link add name lpa type veth peer name lpb && ip link set lpa up && ip link set lpb up
  ip address add 10.105.0.1/24 dev lpa
  sysctl -qw net.ipv4.neigh.lpa.retrans_time_ms=50
  ip route add unreachable 10.105.1.0/24
  ip route add prohibit 10.105.2.0/24
  exec "$0" --input-type=module -e '
    import { probeTcp } from "${new URL('../../../agent/probe/tcp.ts', import.meta.url).href}";
    const ask = (address) => probeTcp({ address, port: 80 }, AbortSignal.timeout(8000));
    const hosts = ["10.105.0.9", "10.105.1.9", "10.105.2.9", "10.105.3.9"];
    const results = await Promise.all(hosts.map(ask));
    console.log(results.map(({ code, outcome }) => code + " " + outcome).join("\\n"));
  '`;
const mayUnshare = spawnSync('unshare', '-rn ip link add name lpa type veth'.split(' ')).status;

test('a dead neighbour is no reply; no route and a local filter are not sent', {
  skip: mayUnshare !== 0 && process.env['CI'] !== 'true' && 'install iproute2 and util-linux',
}, async () => {
  const child = spawn('unshare', ['-rn', 'sh', '-c', NAMESPACE, process.execPath], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.on('data', (chunk) => {
    said += String(chunk);
  });
  await once(child, 'close');
  const expected = ['n unreachable', 'n unreachable', 'x not_sent', 'x not_sent'];
  assert.deepEqual(said.trim().split('\n'), expected);
});
