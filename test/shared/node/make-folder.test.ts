import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { makeFolder } from '../../../shared/node/make-folder.ts';

const dir = mkdtempSync(join(tmpdir(), 'lanproof-folder-'));
after(() => rmSync(dir, { recursive: true }));

test('makes what is missing with the mode, and leaves what is there', () => {
  makeFolder(join(dir, 'a/b/c'), 0o700);
  for (const made of ['a', 'a/b', 'a/b/c']) {
    assert.equal(statSync(join(dir, made)).mode & 0o777, 0o700, made);
  }
  makeFolder(join(dir, 'a/b/c'), 0o755);
  assert.equal(statSync(join(dir, 'a/b/c')).mode & 0o777, 0o700);
  symlinkSync(join(dir, 'a'), join(dir, 'link'));
  makeFolder(join(dir, 'link/d'), 0o700);
  assert.ok(existsSync(join(dir, 'a/d')));
});

test('a file in the way is an error of the system', () => {
  writeFileSync(join(dir, 'file'), '');
  assert.throws(() => makeFolder(join(dir, 'file'), 0o700), { code: 'EEXIST' });
  assert.throws(() => makeFolder(join(dir, 'file/x'), 0o700), { code: 'ENOTDIR' });
  symlinkSync(join(dir, 'nowhere'), join(dir, 'dangling'));
  assert.throws(() => makeFolder(join(dir, 'dangling'), 0o700), { code: 'EEXIST' });
});

test('where nothing can be made it ends', { skip: !existsSync('/proc/self') }, () => {
  // In a process of its own: an endless call would hang this one with no way out.
  const module = new URL('../../../shared/node/make-folder.ts', import.meta.url).href;
  const code = `
    const { makeFolder } = await import('${module}');
    try { makeFolder('/proc/lanproof/x', 0o700); } catch (error) { console.log(error.code); }`;
  const { stdout, signal } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
    encoding: 'utf8',
    timeout: 20_000,
    killSignal: 'SIGKILL',
  });
  assert.equal(signal, null);
  assert.match(stdout, /^(ENOENT|EACCES|EPERM)/);
});
