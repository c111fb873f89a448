import { createSocket } from 'node:dgram';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';

/**
 * What a device of the lab serves: `service-child.ts ADDRESS WHAT …`, WHAT being `tcp:PORT` (which
 * accepts and waits), `http:PORT` (200 at /ok, 503 elsewhere) or `dns:PORT` (one address for every
 * name). Says `ready` on the standard output.
 */
const [address = '127.0.0.1', ...services] = process.argv.slice(2);
const UNAVAILABLE = 503;
/** An answer with one record (RFC 1035): recursion available, no error. */
const ANSWERED = 0x8180;
const ONE_ADDRESS = Buffer.from('c00c000100010000003c0004c0000250', 'hex');

function serveTcp(port: number): Promise<void> {
  const server = createServer((socket) => socket.on('error', () => undefined));
  return new Promise((done) => void server.listen(port, address, done));
}

function serveHttp(port: number): Promise<void> {
  const server = createHttpServer((request, response) => {
    response.writeHead(request.url === '/ok' ? 200 : UNAVAILABLE, { connection: 'close' });
    response.end('LanProof lab\n');
  });
  return new Promise((done) => void server.listen(port, address, done));
}

function serveDns(port: number): Promise<void> {
  const socket = createSocket('udp4');
  socket.on('message', (query, client) => {
    const answer = Buffer.concat([query, ONE_ADDRESS]);
    answer.writeUInt16BE(ANSWERED, 2);
    answer.writeUInt16BE(1, 6);
    socket.send(answer, client.port, client.address);
  });
  return new Promise((done) => void socket.bind(port, address, done));
}

const SERVE = { tcp: serveTcp, http: serveHttp, dns: serveDns };

for (const service of services) {
  const [name, port] = service.split(':');
  if (name !== 'tcp' && name !== 'http' && name !== 'dns') throw new Error(`no service ${service}`);
  await SERVE[name](Number(port));
}
process.stdout.write('ready\n');
