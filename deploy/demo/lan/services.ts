import { createSocket } from 'node:dgram';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import type { DemoDevice, DemoSite } from '../sites.ts';
import { demoAddressError } from './responders.ts';

/** Name servers of the demo listen here, because port 53 needs a right. */
export const DEMO_DNS_PORT = 18_053;
/** What a known name has as its address (RFC 5737). */
const ANSWER_ADDRESS = [192, 0, 2, 80] as const;
const ANSWER_TTL_S = 60;
const HEADER_BYTES = 12;
/** A question of one name and nothing else is shorter. */
const QUESTION_BYTES_MAX = 512;
const RCODE_NXDOMAIN = 3;

export interface Services {
  close(): Promise<void>;
}

type Closing = () => Promise<void>;

/**
 * Starts what the devices of a site serve: TCP listeners, a web page, a name server. They always
 * answer; the script stands between them and the agent (demo-checks.ts), as a cord does. Throws
 * LanProofError DEMO_ADDRESS where a loopback address cannot be used.
 */
export async function startServices(site: DemoSite): Promise<Services> {
  const opened: Closing[] = [];
  const close: Closing = async () => {
    await Promise.all(opened.splice(0).map((end) => end()));
  };
  try {
    for (const device of site.devices) await startDevice(device, opened);
  } catch (error) {
    await close();
    throw error;
  }
  return { close };
}

async function startDevice(device: DemoDevice, opened: Closing[]): Promise<void> {
  const { address, services } = device;
  if (address === null || services === undefined) return;
  for (const { port, open } of services.tcp ?? []) {
    if (!open) continue;
    const server = createServer((socket) => socket.on('error', () => undefined).end());
    opened.push(await listen(server, address, port));
  }
  for (const { port, path } of services.http ?? []) {
    const server = createHttpServer((request, response) => {
      response.writeHead(request.url === path ? 200 : 404, { 'content-type': 'text/plain' });
      response.end(`${device.code}: DEMO\n`);
    });
    opened.push(await listen(server, address, port));
  }
  if (services.dns !== undefined) opened.push(await startNames(address, services.dns));
}

async function listen(server: Server, address: string, port: number): Promise<Closing> {
  const open = new Set<Socket>();
  server.on('connection', (socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(demoAddressError(`${address}:${port}`, cause)));
    server.listen(port, address, () => resolve());
  });
  return () =>
    new Promise((done) => {
      server.close(() => done());
      for (const socket of open) socket.destroy();
    });
}

async function startNames(address: string, names: readonly string[]): Promise<Closing> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve, reject) => {
    const place = `${address}:${DEMO_DNS_PORT}`;
    socket.once('error', (cause) => reject(demoAddressError(place, cause)));
    socket.bind(DEMO_DNS_PORT, address, () => resolve());
  });
  socket.removeAllListeners('error');
  // A client that is gone answers with an ICMP error; that is no concern of a name server.
  socket.on('error', () => undefined);
  socket.on('message', (query, from) => {
    const answer = answerName(query, names);
    if (answer !== null) socket.send(answer, from.port, from.address);
  });
  return () => new Promise((done) => socket.close(() => done()));
}

/**
 * The answer of a small name server to one question (RFC 1035): an A record for a known name,
 * NXDOMAIN for others; null where the datagram is no question.
 */
export function answerName(query: Uint8Array, names: readonly string[]): Uint8Array | null {
  const asked = Buffer.from(query);
  if (asked.length < HEADER_BYTES || asked.length > QUESTION_BYTES_MAX) return null;
  if (asked.readUInt16BE(2) >> 15 !== 0 || asked.readUInt16BE(4) !== 1) return null;
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (let length = asked[at] ?? 0; length > 0; length = asked[at] ?? 0) {
    labels.push(asked.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
    if (at >= asked.length) return null;
  }
  const end = at + 5;
  if (end > asked.length) return null;
  const known = names.includes(labels.join('.').toLowerCase());
  const header = Buffer.from(asked.subarray(0, HEADER_BYTES));
  // QR and RA are set, RD is echoed.
  const wanted = asked.readUInt16BE(2) & 0x0100;
  header.writeUInt16BE(0x8080 | wanted | (known ? 0 : RCODE_NXDOMAIN), 2);
  header.writeUInt16BE(known ? 1 : 0, 6);
  header.writeUInt32BE(0, 8);
  const question = asked.subarray(HEADER_BYTES, end);
  if (!known) return Buffer.concat([header, question]);
  const record = Buffer.alloc(16);
  // The name of the question by pointer, type A, class IN.
  record.writeUInt16BE(0xc000 | HEADER_BYTES, 0);
  record.writeUInt16BE(1, 2);
  record.writeUInt16BE(1, 4);
  record.writeUInt32BE(ANSWER_TTL_S, 6);
  record.writeUInt16BE(ANSWER_ADDRESS.length, 10);
  record.set(ANSWER_ADDRESS, 12);
  return Buffer.concat([header, question, record]);
}
