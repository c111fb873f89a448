import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { readSecret } from '../../../../agent/secrets.ts';
import { temporaryDir } from '../../../support/agent-kit.ts';
import { ran } from '../cli-kit.ts';

const VALUE = 'bí-mật 4711';

test('a secret is written whole with mode 0600 and never printed', async (t) => {
  const dir = join(temporaryDir(t), 'secrets');
  const { code, out, err } = await ran(
    ['agent', 'secret', 'set', 'ro-community', '--secrets-dir', dir],
    `${VALUE}\r\n`,
  );
  assert.equal(code, 0, err);
  assert.equal(readSecret(dir, 'ro-community'), VALUE);
  assert.equal(statSync(join(dir, 'ro-community')).mode & 0o777, 0o600);
  assert.equal(statSync(dir).mode & 0o777, 0o700);
  assert.ok(!`${out}${err}`.includes(VALUE));
  const again = ['agent', 'secret', 'set', 'ro-community', '--secrets-dir', dir];
  assert.equal((await ran(again, 'another')).code, 0);
  assert.equal(readSecret(dir, 'ro-community'), 'another');
  assert.deepEqual(readdirSync(dir), ['ro-community'], 'nothing is left over');
});

test('secrets_dir comes from agent.yml, beside which it may lie', async (t) => {
  const dir = temporaryDir(t);
  const config = join(dir, 'agent.yml');
  writeFileSync(config, 'collector: https://lanproof.example.vn\nsecrets_dir: s\n');
  const { code, err } = await ran(['agent', 'secret', 'set', 'a', '--config', config], 'x\n');
  assert.equal(code, 0, err);
  assert.equal(readFileSync(join(dir, 's', 'a'), 'utf8'), 'x');
});

test('a link in the place of a secret is replaced, not followed', async (t) => {
  const dir = temporaryDir(t);
  const elsewhere = join(dir, 'elsewhere');
  writeFileSync(elsewhere, 'untouched');
  symlinkSync(elsewhere, join(dir, 'a'));
  assert.equal((await ran(['agent', 'secret', 'set', 'a', '--secrets-dir', dir], 'x')).code, 0);
  assert.equal(readFileSync(elsewhere, 'utf8'), 'untouched');
  assert.equal(readSecret(dir, 'a'), 'x');
});

test('wrong names, empty and odd values, and values on the command line are refused', async (t) => {
  const dir = temporaryDir(t);
  const set = (name: string, input: string) =>
    ran(['agent', 'secret', 'set', name, '--secrets-dir', dir], input);
  for (const name of ['../evil', '.hidden', 'Upper', 'a/b', '']) {
    const { code, err } = await set(name, 'x');
    assert.equal(code, 2, name);
    assert.ok(name === '' || !err.includes(name), 'the name may be a secret');
  }
  for (const [input, wanted] of [
    ['', 'SECRET_EMPTY'],
    ['\n', 'SECRET_EMPTY'],
    ['one\ntwo\n', 'SECRET_CHARACTERS'],
    ['x'.repeat(5_000), 'SECRET_TOO_LARGE'],
  ] as const) {
    const { code, err } = await set('a', input);
    assert.equal(code, 1);
    assert.match(err, new RegExp(wanted));
  }
  const spoken = ['agent', 'secret', 'set', 'a', 'hunter22', '--secrets-dir', dir];
  const { code, out, err } = await ran(spoken, '');
  assert.equal(code, 2);
  assert.ok(!`${out}${err}`.includes('hunter22'));
  assert.equal((await ran(['agent', 'secret', 'get', 'a'])).code, 2);
  assert.deepEqual(readdirSync(dir), []);
});
