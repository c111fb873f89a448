import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { after, test } from 'node:test';
import { connect } from 'node:tls';
import type { CollectorConfig } from '../../collector/config.ts';
import { defaultConfig } from '../../collector/default-config.ts';
import { runCollector } from '../../collector/main.ts';
import { run } from '../../deploy/cli/cli.ts';
import { LanProofError } from '../../shared/errors.ts';

const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'lanproof-main-'));
  folders.push(folder);
  return folder;
}

function config(change: Partial<CollectorConfig> = {}): CollectorConfig {
  const listen = { host: '127.0.0.1', port: 0 };
  return { ...defaultConfig(), listen, data_dir: join(newFolder(), 'data'), ...change };
}

/** Starts a collector; resolves when it listens, or rejects with why it does not. */
async function start(wanted: CollectorConfig) {
  const stop = new AbortController();
  const said: string[] = [];
  let logged = '';
  const log = new Writable({
    write(chunk, _, done) {
      logged += String(chunk);
      done();
    },
  });
  const { promise: listening, resolve } = Promise.withResolvers<void>();
  const ended = runCollector({
    config: wanted,
    software: '0.1.0',
    signal: stop.signal,
    log,
    say(line) {
      said.push(line);
      resolve();
    },
  });
  await Promise.race([listening, ended]);
  const url = /https?:\/\/\S+/.exec(said[0] ?? '')?.[0] ?? '';
  return {
    url,
    said,
    log: () => logged,
    async stop() {
      stop.abort();
      await ended;
    },
  };
}

/** Polls, as the link is said a moment after the address. */
async function linkOf(said: readonly string[]): Promise<string> {
  const end = performance.now() + 5_000;
  for (;;) {
    const link = /http\S+sign-in\S+/.exec(said.join('\n'))?.[0];
    if (link !== undefined) return link;
    assert.ok(performance.now() < end, 'no sign-in link');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    assert.ok(error instanceof LanProofError, String(error));
    assert.ok(error.hint.length > 5);
    return error.code;
  }
  return 'none';
}

test('first run: keys are made, a link signs in once, a second run keeps all', async () => {
  const wanted = config();
  const first = await start(wanted);
  const link = await linkOf(first.said);
  const signed = await fetch(link, { redirect: 'manual' });
  assert.equal(signed.status, 303);
  assert.equal((await fetch(link, { redirect: 'manual' })).status, 401);
  const cookie = (signed.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  const me = await fetch(`${first.url}/api/v1/me`, { headers: { cookie } });
  assert.equal(((await me.json()) as { role: string }).role, 'admin');
  for (const file of ['log.key', 'document.key']) {
    assert.equal(statSync(join(wanted.data_dir, file)).mode & 0o777, 0o600, file);
  }
  const code = new URL(link).searchParams.get('code') ?? '?';
  assert.ok(!first.log().includes(code));
  await first.stop();
  const second = await start(wanted);
  const again = await fetch(`${second.url}/api/v1/me`, { headers: { cookie } });
  assert.equal(again.status, 200);
  assert.ok(!second.said.join().includes('sign-in'), 'no second link');
  await second.stop();
  rmSync(join(wanted.data_dir, 'log.key'));
  assert.equal(await codeOf(start(wanted)), 'KEY_MISSING');
  chmodSync(join(wanted.data_dir, 'document.key'), 0o644);
  writeFileSync(join(wanted.data_dir, 'log.key'), 'garbage', { mode: 0o600 });
  assert.equal(await codeOf(start(wanted)), 'KEY_INVALID');
});

test('one data directory, one collector; one port, one program', async () => {
  const wanted = config();
  const running = await start(wanted);
  assert.equal(await codeOf(start(wanted)), 'DATA_DIR_IN_USE');
  const blocker = createServer();
  await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', resolve));
  const address = blocker.address();
  assert.ok(typeof address === 'object' && address !== null);
  const taken = config({ listen: { host: '127.0.0.1', port: address.port } });
  assert.equal(await codeOf(start(taken)), 'PORT_IN_USE');
  blocker.close();
  // Everything that the failed start had opened was closed again.
  const later = await start({ ...taken, listen: { host: '127.0.0.1', port: 0 } });
  await later.stop();
  await running.stop();
});

/** What agents pin: base64 SHA-256 of the certificate's public key. */
function spkiOf(certificate: string | Buffer): string {
  const spki = new X509Certificate(certificate).publicKey.export({ format: 'der', type: 'spki' });
  return createHash('sha256').update(spki).digest('base64');
}

test('a certificate for --ca, and what plain http to a TLS port is told', async () => {
  const wanted = config({ tls: 'self-signed' });
  const collector = await start(wanted);
  const file = join(newFolder(), 'collector.yml');
  writeFileSync(file, `listen: 127.0.0.1:1\ndata_dir: ${wanted.data_dir}\ntls: self-signed\n`);
  const inventory = join(import.meta.dirname, '../../deploy/examples/inventory.yml');
  const cli = async (...args: string[]) => {
    const [out, err]: [string[], string[]] = [[], []];
    const io = { out: (l: string) => out.push(l), err: (l: string) => err.push(l), env: {} };
    return { code: await run(args, io), err: err.join('\n'), last: out.at(-1) ?? '' };
  };
  const made = await cli('token', 'create', '--role', 'admin', '--config', file);
  const { host } = new URL(collector.url);
  const put = (url: string, ...more: string[]) =>
    cli('import', inventory, '--dry-run', '--token', made.last, '--collector', url, ...more);
  const ca = ['--ca', join(wanted.data_dir, 'tls.crt')];
  assert.equal((await put(`https://${host}`, ...ca)).code, 0);
  assert.match((await put(`https://${host}`)).err, /--ca FILE \(a copy of tls\.crt/);
  const plain = await put(`http://${host}`);
  assert.equal(plain.code, 1);
  assert.ok(plain.err.includes(`try --collector https://${host}`), plain.err);
  await collector.stop();
});

test('plain http beyond loopback is refused, a self-signed key is what tokens pin', async () => {
  const open = { host: '0.0.0.0', port: 0 };
  assert.equal(await codeOf(start(config({ listen: open, tls: false }))), 'TLS_REQUIRED');
  const proxied = await start(config({ listen: open, tls: false, trust_proxy: true }));
  await proxied.stop();

  const wanted = config({ tls: 'self-signed' });
  const collector = await start(wanted);
  assert.match(collector.url, /^https:/);
  const port = Number(new URL(collector.url).port);
  const seen = await new Promise<string>((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => {
      resolve(spkiOf(socket.getPeerCertificate(true).raw));
      socket.end();
    });
    socket.on('error', reject);
  });
  const { openBeside } = await import('../../collector/beside.ts');
  const file = join(newFolder(), 'collector.yml');
  writeFileSync(file, `listen: 127.0.0.1:1\ndata_dir: ${wanted.data_dir}\ntls: self-signed\n`);
  const beside = await openBeside(file);
  assert.equal((await beside.identity()).tls, seen);
  await beside.close();
  await collector.stop();
  const [both, copy] = ['tls.pem', 'tls.crt'].map((name) => join(wanted.data_dir, name));
  assert.ok(both !== undefined && copy !== undefined);
  const public_pem = readFileSync(copy, 'utf8');
  assert.ok(!public_pem.includes('PRIVATE'), 'what is copied to other machines holds no key');
  assert.equal(spkiOf(public_pem), seen);
  assert.deepEqual([statSync(both).mode & 0o777, statSync(copy).mode & 0o777], [0o600, 0o644]);
  // An older start left one file, without the copy; or the copy is another certificate's.
  for (const spoil of [() => rmSync(copy), () => writeFileSync(copy, 'old')]) {
    spoil();
    const kept: string = readFileSync(both, 'utf8');
    const again = await start(wanted);
    await again.stop();
    assert.equal(readFileSync(both, 'utf8'), kept, 'agents pin the key: it stays');
    assert.equal(readFileSync(copy, 'utf8'), public_pem);
  }
  const missing = { cert: '/nonexistent.pem', key: '/nonexistent.key' };
  assert.equal(await codeOf(start(config({ tls: missing }))), 'TLS_UNREADABLE');
});

test('the command line makes tokens beside a running collector and imports over HTTP', async () => {
  const wanted = config();
  const collector = await start(wanted);
  const file = join(newFolder(), 'collector.yml');
  writeFileSync(file, `data_dir: ${wanted.data_dir}\n`);
  const cli = async (...args: string[]) => {
    const [out, err]: [string[], string[]] = [[], []];
    const io = { out: (l: string) => out.push(l), err: (l: string) => err.push(l), env: {} };
    const code = await run(args, io);
    return { code, out, err: err.join('\n'), last: out.at(-1) ?? '' };
  };
  const made = await cli('token', 'create', '--role', 'admin', '--config', file);
  assert.equal(made.code, 0, made.err);
  const remote = ['--collector', collector.url, '--token', made.last];
  const inventory = join(import.meta.dirname, '../../deploy/examples/inventory.yml');
  const dry = await cli('import', inventory, ...remote, '--dry-run');
  assert.equal(dry.code, 0, dry.err);
  assert.match(dry.out.join('\n'), /would be new/);
  const real = await cli('import', inventory, ...remote);
  assert.match(real.out.join('\n'), /is new \(version 1\)/);
  const again = await cli('import', inventory, ...remote);
  assert.match(again.last, /nothing to change/);
  const site = /site (\S+):/.exec(again.last)?.[1] ?? '';
  const local = await cli('token', 'create', '--site', site, '--config', file);
  assert.match(local.last, /^lpt1_/);
  const far = await cli('token', 'create', '--site', site, '--valid', '2h', '--approve', ...remote);
  assert.match(far.last, /^lpt1_/, far.err);
  const unknown = await cli('token', 'create', '--site', 'nowhere', '--config', file);
  assert.deepEqual([unknown.code, unknown.out], [1, []]);
  assert.match(unknown.err, /SITE_UNKNOWN/);
  const wrong = await cli('import', inventory, '--collector', collector.url, '--token', 'lpa1_x');
  assert.match(wrong.err, /UNAUTHORIZED/);
  await collector.stop();
  const gone = await cli('import', inventory, ...remote);
  assert.match(gone.err, /COLLECTOR_UNREACHABLE/);
  const usage = await cli('token', 'create', '--sit', 'x');
  assert.deepEqual([usage.code, /--site/.test(usage.err)], [2, true]);
  const none = await cli('token', 'create');
  assert.equal(none.code, 2);
});
