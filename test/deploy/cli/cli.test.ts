import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { temporaryDir } from '../../support/agent-kit.ts';
import { ran } from './cli-kit.ts';

test('every command and every group of commands has --help', async () => {
  const overview = await ran(['--help']);
  const names = [...overview.out.matchAll(/^ {2}lanproof ([a-z ]+?) {2,}/gm)].map(
    ([, n]) => n ?? '',
  );
  assert.ok(names.length >= 9, overview.out);
  const groups = names.flatMap((name) => name.split(' ').slice(0, 1));
  for (const name of new Set([...names, ...groups])) {
    const { code, out, err } = await ran([...name.split(' '), '--help']);
    assert.deepEqual([code, err], [0, ''], name);
    assert.match(out, new RegExp(`lanproof ${name}`), name);
  }
  const token = await ran(['token', '--help']);
  assert.ok(token.out.includes('token create') && !token.out.includes('config schema'));
  const alone = await ran(['token']);
  assert.equal(alone.code, 2);
  assert.match(alone.err, /token create/);
});

test('words too many or too few are counted in plain words', async () => {
  assert.match((await ran(['import'])).err, /expected FILE, got 0 words\n/);
  assert.match((await ran(['agent', 'x'])).err, /expected no further words, got 1 word\n/);
});

test('a file of --ca that is missing or no certificate is said with its fix', async (t) => {
  const dir = temporaryDir(t);
  const wrong = join(dir, 'wrong.pem');
  writeFileSync(wrong, 'hello');
  const inventory = join(dir, 'i.yml');
  writeFileSync(inventory, '{}');
  const where = ['--collector', 'https://127.0.0.1:1', '--token', 'x'];
  const commands = [
    ['import', inventory],
    ['token', 'create', '--site', 's'],
  ];
  const files = [
    [join(dir, 'nofile.pem'), 'CA_UNREADABLE'],
    [dir, 'CA_UNREADABLE'],
    [wrong, 'CA_INVALID'],
  ];
  for (const command of commands) {
    for (const [file = '', expected = ''] of files) {
      const { code, err } = await ran([...command, ...where, '--ca', file]);
      assert.equal(code, 1);
      assert.ok(err.startsWith(`${expected}: ${file}: `), err);
      assert.match(err, /\n {2}fix: .*$/);
      assert.ok(!err.includes('    at '), 'no stack');
    }
  }
});

test('a folder that cannot be made is an error, not an endless loop', async (t) => {
  if (process.platform !== 'linux') return t.skip('needs /proc');
  const dir = temporaryDir(t);
  const config = join(dir, 'collector.yml');
  writeFileSync(config, 'data_dir: /proc/lanproof\nlisten: 127.0.0.1:0\n');
  const collector = await ran(['collector', '--config', config]);
  assert.equal(collector.code, 1);
  assert.match(collector.err, /^DATA_DIR_UNUSABLE: \/proc\/lanproof: /);
  const secret = await ran(['agent', 'secret', 'set', 'ro', '--secrets-dir', '/proc/zz'], 'public');
  assert.equal(secret.code, 1);
  assert.match(secret.err, /^SECRET_UNWRITABLE: \/proc\/zz\/ro: /);
});
