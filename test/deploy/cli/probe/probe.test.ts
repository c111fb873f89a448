import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { createSnmpDevice } from '../../../../deploy/demo/snmp/device.ts';
import { createSwitchMib } from '../../../../deploy/demo/switch/switch-mib.ts';
import { COMMUNITY, has, model, NOON_MS } from '../../../agent/snmp/lab.ts';
import { ADDRESS as SNMPD_ADDRESS, startSnmpd } from '../../../agent/snmp/snmpd.ts';
import { temporaryDir } from '../../../support/agent-kit.ts';
import { ran } from '../cli-kit.ts';

const ADDRESS = '127.107.1.1';
const ALLOW = ['--allow', '127.107.0.0/16'];

async function listening(t: TestContext, server: Server): Promise<number> {
  server.listen(0, ADDRESS);
  await once(server, 'listening');
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

test('icmp: each step with its time, then the code', async (t) => {
  if (!has(t, 'fping', 'fping')) return;
  const { code, out, err } = await ran(['probe', 'icmp', ADDRESS, ...ALLOW, '--debug']);
  assert.equal(code, 0, err);
  assert.match(out, /^r {2}echo answered \([0-9.]+ ms\)$/);
  assert.match(err, /^\+ +[0-9.]+ ms {2}127\.107\.1\.1 may be probed: --allow names it\.$/m);
  assert.match(err, /Running fping -c 1 -t 800 -b 56 127\.107\.1\.1/);
  assert.match(err, /^code r: answered in time$/m);
  const quiet = await ran(['probe', 'icmp', ADDRESS, ...ALLOW, '--bytes', '1400']);
  assert.equal(quiet.code, 0);
  assert.equal(quiet.err, 'code r: answered in time');
});

test('what is not allowed is not asked: exit 1; what is no use of it: exit 2', async (t) => {
  for (const kind of ['icmp', 'arp', 'snmp']) {
    const file = join(temporaryDir(t), 'community');
    writeFileSync(file, COMMUNITY, { mode: 0o600 });
    const options = kind === 'snmp' ? ['--community-file', file] : [];
    const { code, out, err } = await ran(['probe', kind, ADDRESS, ...options]);
    assert.equal(code, 1);
    assert.equal(out, '');
    assert.match(err, /TARGET_NOT_ALLOWED/);
    assert.match(err, /--allow/);
  }
  const refused = await ran(['probe', 'tcp', `${ADDRESS}:1`]);
  assert.match(refused.err, /TARGET_NOT_ALLOWED/);
  const wrong = [
    ['probe'],
    ['probe', 'icmp'],
    ['probe', 'ftp', ADDRESS],
    ['probe', 'icmp', 'no-address'],
    ['probe', 'icmp', ADDRESS, '--timeout', '1'],
    ['probe', 'icmp', ADDRESS, '--mac', 'x'],
    ['probe', 'tcp', ADDRESS, ...ALLOW],
    ['probe', 'tcp', `${ADDRESS}:99999`, ...ALLOW],
    ['probe', 'dns', 'name-alone', ...ALLOW],
    ['probe', 'http', 'ftp://x/', ...ALLOW],
    ['probe', 'http', 'http://user:pw@x/', ...ALLOW],
    ['probe', 'snmp', ADDRESS, ...ALLOW],
    ['probe', 'snmp', ADDRESS, ...ALLOW, '--version', '4'],
  ];
  for (const argv of wrong) {
    const { code, err } = await ran(argv);
    assert.equal(code, 2, argv.join(' '));
    assert.ok(!err.includes('pw@'));
  }
});

test('tcp: accepted and refused are r', async (t) => {
  const server = createServer((socket) => socket.on('error', () => undefined));
  const port = await listening(t, server);
  const accepted = await ran(['probe', 'tcp', `${ADDRESS}:${port}`, ...ALLOW, '--debug']);
  assert.match(accepted.out, /^r {2}accepted \(connect [0-9.]+ ms\)$/);
  assert.match(accepted.err, /It was accepted/);
  server.close();
  const refused = await ran(['probe', 'tcp', `${ADDRESS}:${port}`, ...ALLOW]);
  assert.match(refused.out, /^r {2}refused/);
  assert.equal(refused.code, 0);
});

test('http: the status and each phase; a server error is n', async (t) => {
  let status = 204;
  const server = createHttpServer((_request, response) => response.writeHead(status).end());
  const port = await listening(t, server);
  const url = `http://${ADDRESS}:${port}/`;
  const good = await ran(['probe', 'http', url, ...ALLOW]);
  assert.match(good.out, /^r {2}ok \(status 204, .*first_byte [0-9.]+ ms.*whole/);
  status = 503;
  const bad = await ran(['probe', 'http', url, ...ALLOW]);
  assert.equal(bad.code, 1);
  assert.match(bad.out, /^n {2}server_error \(status 503/);
  const kept = await ran(['probe', 'http', url]);
  assert.match(kept.err, /TARGET_NOT_ALLOWED/);
});

test('http: a name of this machine is refused; one that leads there is told so', async () => {
  const own = await ran(['probe', 'http', 'http://localhost:1/', ...ALLOW, '--debug']);
  assert.equal(own.code, 1);
  assert.match(own.err, /TARGET_NOT_ALLOWED: localhost is not probed/);
  assert.match(own.err, /names this machine itself/);
  assert.doesNotMatch(own.err, /name servers/, 'it stops there');
  const argv = ['probe', 'http', 'http://khong-co.invalid:1/', '--allow', 'khong-co.invalid'];
  const unknown = await ran([...argv, '--timeout', '500']);
  assert.match(unknown.out, /^n {2}name_failed \(the name servers .*\/etc\/hosts is not read\)$/);
});

test('icmp: the engine of agent.yml is the one that asks', async (t) => {
  const file = join(temporaryDir(t), 'agent.yml');
  const write = (engine: string) =>
    writeFileSync(file, `collector: https://c.example.vn\nicmp: { engine: ${engine} }\n`);
  const argv = ['probe', 'icmp', ADDRESS, ...ALLOW, '--config', file, '--debug'];
  write('ping');
  const ping = await ran(argv);
  assert.match(ping.err, /Using the ping command of the system/);
  assert.doesNotMatch(ping.err, /Running fping/);
  write('udp-echo');
  assert.match((await ran(argv)).out, /^x {2}not sent: icmp\.engine is udp-echo/);
});

test('snmp: a closed UDP port is told as what it is', async (t) => {
  const taken = createSocket('udp4');
  taken.bind(0, ADDRESS);
  await once(taken, 'listening');
  const { port } = taken.address();
  taken.close();
  const file = join(temporaryDir(t), 'community');
  writeFileSync(file, COMMUNITY, { mode: 0o600 });
  const argv = ['probe', 'snmp', ADDRESS, '--port', String(port), ...ALLOW];
  const { code, out, err } = await ran([...argv, '--community-file', file, '--debug']);
  assert.equal(code, 1);
  assert.equal(out, `n  timeout: no answer (UDP port ${port} is closed)`);
  assert.match(err, /answered by ICMP: UDP port \d+ is closed/);
});

test('dns: an answer and its RCODE; no answer in time is n', async (t) => {
  const server = createSocket('udp4');
  let silent = false;
  server.on('message', (query, from) => {
    const answer = Buffer.from(query);
    answer[2] = 0x81;
    answer[3] = 0x83;
    if (!silent) server.send(answer, from.port, from.address);
  });
  server.bind(0, ADDRESS);
  await once(server, 'listening');
  t.after(() => server.close());
  const target = `khong-co.example.vn@${ADDRESS}:${server.address().port}`;
  const named = await ran(['probe', 'dns', target, ...ALLOW, '--debug']);
  assert.match(named.out, /^r {2}nxdomain \(RCODE 3, answer [0-9.]+ ms\)$/);
  silent = true;
  const lost = await ran(['probe', 'dns', target, ...ALLOW, '--timeout', '100']);
  assert.equal(lost.code, 1);
  assert.equal(lost.out, 'n  timeout');
});

test('snmp: ports as a table, what is odd, and never the community', async (t) => {
  const device = await createSnmpDevice({
    ...{ address: ADDRESS, port: 0, community: COMMUNITY },
    mib: createSwitchMib(model(), () => NOON_MS),
  });
  t.after(() => device.close());
  const file = join(temporaryDir(t), 'community');
  writeFileSync(file, `${COMMUNITY}\n`, { mode: 0o600 });
  const argv = ['probe', 'snmp', ADDRESS, '--port', String(device.port), ...ALLOW];
  const asked = [...argv, '--community-file', file, '--debug'];
  const { code, out, err } = await ran(asked);
  assert.equal(code, 0, err);
  assert.match(out, /^r {2}SNMP answered/);
  assert.match(err, /^ifIndex +name +kind +admin +oper/m);
  assert.match(err, /sysName = sw-core/);
  assert.match(err, /Ports: \d+ rows, 28 with a socket/);
  assert.ok(!`${out}${err}`.includes(COMMUNITY));
  const first = await ran([...asked, '--version', '1']);
  assert.match(first.out, /^r {2}/, first.err);
  assert.match(first.err, /64-bit counters: SNMPv1 has none/);
  writeFileSync(file, 'wrong-one', { mode: 0o600 });
  const silent = await ran(asked);
  assert.equal(silent.code, 1);
  assert.match(silent.out, /^n {2}timeout/);
  assert.match(silent.err, /Look at: the community/);
  assert.ok(!`${silent.out}${silent.err}`.includes('wrong-one'));
});

test('snmp v3: pass phrases by name, what is wrong with them, and never one of them', async (t) => {
  if (!has(t, 'snmpd', 'snmpd')) return;
  const [auth, priv] = ['auth-phrase-1', 'priv-phrase-1'];
  const { port } = await startSnmpd(t, [
    `createUser lp SHA-256 "${auth}" AES "${priv}"`,
    'rouser lp priv',
  ]);
  const dir = temporaryDir(t);
  const put = (name: string, value: string) =>
    writeFileSync(join(dir, name), value, { mode: 0o600 });
  put('a', auth);
  put('p', priv);
  const argv = [
    ...['probe', 'snmp', SNMPD_ADDRESS, '--allow', SNMPD_ADDRESS, '--port', String(port)],
    ...['--version', '3', '--user', 'lp', '--auth', 'sha256', '--auth-secret', 'a'],
    ...['--priv', 'aes', '--priv-secret', 'p', '--secrets-dir', dir, '--debug'],
  ];
  const good = await ran(argv);
  assert.match(good.out, /^r {2}SNMP answered \([0-9.]+ ms\)$/, good.err);
  put('a', 'another-phrase');
  const bad = await ran(argv);
  assert.match(bad.out, /authentication key is wrong/);
  for (const { out, err } of [good, bad]) assert.doesNotMatch(`${out}${err}`, /-phrase/);
  const none = await ran(argv.map((word) => (word === 'p' ? 'missing' : word)));
  assert.equal(none.code, 1);
  assert.match(none.err, /SECRET_MISSING.*\n.*agent secret set missing/);
});

test('every command here has --help', async () => {
  for (const argv of [['probe'], ['record'], ['agent', 'status'], ['agent', 'secret']]) {
    const { code, out } = await ran([...argv, '--help']);
    assert.equal(code, 0);
    assert.match(out, new RegExp(`^lanproof ${argv.join(' ')}`));
    assert.match(out, /Exit codes: 0/);
  }
});
