import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import { createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { probeHttp } from '../../../agent/probe/http.ts';
import { type Certificate, type Certificates, makeCertificates } from './certificates.ts';

const ADDRESS = '127.105.4.1';
const NAME = 'portal.example.vn';
const PATIENCE_MS = 5_000;
const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
const missing = !hasOpenssl && process.env['CI'] !== 'true' && 'install openssl';

describe('HTTPS', { skip: missing }, () => {
  let dir = '';
  let certificates: Certificates;
  before(() => {
    dir = mkdtempSync(join(tmpdir(), 'lanproof-tls-'));
    certificates = makeCertificates(dir);
  });
  after(() => rmSync(dir, { recursive: true, force: true }));

  const ask = async (server: Server, host = NAME, ca: string | null = certificates.ca) => {
    server.listen(0, ADDRESS);
    await once(server, 'listening');
    const at = server.address();
    assert.ok(typeof at === 'object' && at !== null);
    const sockets = new Set<Socket>();
    server.on('connection', (socket: Socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
    });
    try {
      const url = `https://${host}:${at.port}/`;
      const target = { url, address: ADDRESS, ...(ca === null ? {} : { ca }) };
      return await probeHttp(target, AbortSignal.timeout(PATIENCE_MS));
    } finally {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    }
  };
  const serve = (certificate: Certificate, sni: (name: string | false) => void = () => undefined) =>
    createServer(certificate, (request, response) => {
      const { socket } = request;
      sni('servername' in socket ? (socket.servername as string | false) : false);
      response.end('ok');
    });

  test('a good certificate: all phases but the name have a time, SNI names the host', async () => {
    const names: (string | false)[] = [];
    const result = await ask(serve(certificates.issue(NAME), (name) => names.push(name)));
    assert.deepEqual([result.code, result.outcome, result.status], ['r', 'ok', 200]);
    const [resolve, ...others] = result.phases_us;
    assert.equal(resolve, null);
    assert.ok(others.every((us) => us !== null && us > 0));
    assert.deepEqual(names, [NAME]);
  });

  test('an address in the certificate does for an address in the URL, without SNI', async () => {
    const names: (string | false)[] = [];
    const server = serve(certificates.issue(ADDRESS), (name) => names.push(name));
    const result = await ask(server, ADDRESS);
    assert.equal(result.outcome, 'ok');
    assert.deepEqual(names, [false]);
  });

  test('certificates that do not hold are told apart', async () => {
    const old = { from: '20200101000000Z', to: '20210101000000Z' };
    const young = { from: '20980101000000Z', to: '20990101000000Z' };
    const cases = [
      [certificates.issue(NAME, old), 'tls_expired'],
      [certificates.issue(NAME, young), 'tls_expired'],
      [certificates.issue('other.example.vn'), 'tls_name'],
      [certificates.selfSigned(NAME), 'tls_untrusted'],
    ] as const;
    for (const [certificate, outcome] of cases) {
      const result = await ask(serve(certificate));
      assert.deepEqual([result.code, result.outcome], ['n', outcome]);
      assert.ok((result.phases_us[1] ?? 0) > 0);
      assert.deepEqual(result.phases_us.slice(2), [null, null, null]);
    }
    const unknown = await ask(serve(certificates.issue(NAME)), NAME, null);
    assert.equal(unknown.outcome, 'tls_untrusted');
    // Of several faults OpenSSL tells the dates; the name is looked at last of all.
    const both = await ask(serve(certificates.issue('other.example.vn', old)), NAME, null);
    assert.equal(both.outcome, 'tls_expired');
  });

  test('what is no TLS, or only half of it, is tls_failed', async () => {
    const answers: ((socket: Socket) => void)[] = [
      (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'),
      // The head of a ServerHello of 80 bytes, and then nothing more.
      (socket) => socket.end(Buffer.from([0x16, 3, 3, 0, 80, 2, 0, 0, 76, 3, 3])),
      // A fatal alert: handshake_failure.
      (socket) => socket.end(Buffer.from([0x15, 3, 3, 0, 2, 2, 40])),
      (socket) => socket.resetAndDestroy(),
      (socket) => socket.end(),
    ];
    for (const answer of answers) {
      const server = createTcpServer((socket) => socket.once('data', () => answer(socket)));
      const result = await ask(server);
      assert.deepEqual([result.code, result.outcome], ['n', 'tls_failed']);
    }
  });
});
