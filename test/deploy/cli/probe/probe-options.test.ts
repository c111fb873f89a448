import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { temporaryDir } from '../../../support/agent-kit.ts';
import { ran } from '../cli-kit.ts';

const ADDRESS = '127.107.1.9';

async function refused(argv: readonly string[], said: RegExp): Promise<void> {
  const { code, out, err } = await ran(['probe', ...argv, '--allow', '127.107.0.0/16']);
  assert.equal(code, 2, `${argv.join(' ')}: ${err}`);
  assert.equal(out, '');
  assert.match(err, /^USAGE: /);
  assert.match(err, said, argv.join(' '));
}

test('options of another probe are refused, with what to write instead', async () => {
  await refused(['dns', `n@${ADDRESS}`, '--port', '18053'], /--port .*\n.*name@server:port/);
  await refused(['tcp', `${ADDRESS}:1`, '--port', '1'], /--port .*\n.*HOST:PORT/);
  await refused(['http', `http://${ADDRESS}/`, '--port', '1'], /--port/);
  await refused(['icmp', ADDRESS, '--secret', 'foo'], /--secret does not go with probe icmp/);
  await refused(['icmp', ADDRESS, '--port', '5'], /--port does not go with probe icmp/);
  await refused(['arp', ADDRESS, '--bytes', '5'], /--bytes .*\n.*probe icmp/);
  await refused(['tcp', `${ADDRESS}:1`, '--mac', 'aa:bb:cc:dd:ee:ff'], /--mac/);
  await refused(['snmp', ADDRESS, '--secret', 'x', '--bytes', '5'], /--bytes/);
  assert.match((await ran(['probe', '--help'])).out, /name@server:port/);
});

test('snmp: options of another version or level are refused', async () => {
  const v3 = ['snmp', ADDRESS, '--version', '3', '--user', 'u'];
  await refused([...v3, '--secret', 'x'], /--secret does not go with SNMP version 3/);
  await refused(['snmp', ADDRESS, '--secret', 'x', '--user', 'u'], /--user .*version 2c/);
  const low = [...v3, '--level', 'noAuthNoPriv'];
  await refused([...low, '--auth', 'sha'], /--auth does not go with --level noAuthNoPriv/);
  const middle = [...v3, '--level', 'authNoPriv', '--auth', 'sha', '--auth-secret', 'a'];
  await refused([...middle, '--priv', 'aes'], /--priv does not go with --level authNoPriv/);
});

test('snmp: what a level needs is named when it is missing, and protocols are checked', async (t) => {
  const dir = temporaryDir(t);
  for (const name of ['a', 'p']) writeFileSync(join(dir, name), 'long-phrase-1', { mode: 0o600 });
  const v3 = ['snmp', ADDRESS, '--version', '3', '--user', 'u', '--secrets-dir', dir];
  await refused(
    ['snmp', ADDRESS, '--version', '3', '--level', 'noAuthNoPriv'],
    /--user is missing/,
  );
  await refused(v3, /--auth is missing: --level authPriv needs it/);
  const auth = [...v3, '--auth', 'sha', '--auth-secret', 'a'];
  await refused([...v3, '--level', 'authNoPriv', '--auth', 'sha'], /--auth-secret is missing/);
  await refused([...auth, '--level', 'authPriv'], /--priv is missing/);
  await refused([...auth, '--priv', 'aes'], /--priv-secret is missing/);
  await refused([...auth, '--priv', 'des', '--priv-secret', 'p'], /--priv is one of aes,/);
  const md5 = ['--level', 'authNoPriv', '--auth', 'md5', '--auth-secret', 'a'];
  await refused([...v3, ...md5], /--auth is one of sha, sha224/);
});
