import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmdirSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { KeptFile } from '../../../agent/platform/kept-file.ts';
import { temporaryDir } from '../../support/agent-kit.ts';

test('null while it is missing, its line once it is there, and each later line', (t) => {
  const path = join(temporaryDir(t), 'carrier');
  const file = new KeptFile(path);
  t.after(() => file.close());
  assert.deepEqual([file.read(), file.read()], [null, null]);
  writeFileSync(path, '1\n');
  assert.equal(file.read(), '1\n');
  writeFileSync(path, '0\n');
  assert.equal(file.read(), '0\n');
  file.close();
  file.close();
  assert.equal(file.read(), '0\n', 'it is opened anew');
});

test('null where it opens and cannot be read, and read again when it can', (t) => {
  const path = join(temporaryDir(t), 'carrier');
  const file = new KeptFile(path);
  t.after(() => file.close());
  mkdirSync(path);
  assert.equal(file.read(), null, 'a folder');
  rmdirSync(path);
  writeFileSync(path, '1\n');
  assert.equal(file.read(), '1\n');
});

test('what came back under its old name is read at once; what is gone is null', async (t) => {
  const path = join(temporaryDir(t), 'stat');
  const child = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)']);
  t.after(() => child.kill('SIGKILL'));
  symlinkSync(`/proc/${child.pid}/stat`, path);
  const file = new KeptFile(path);
  t.after(() => file.close());
  assert.match(file.read() ?? '', new RegExp(`^${child.pid} `));
  child.kill('SIGKILL');
  await once(child, 'exit');
  // The file that is still open has no process any more; its name leads to another one.
  unlinkSync(path);
  symlinkSync('/proc/self/stat', path);
  assert.match(file.read() ?? '', new RegExp(`^${process.pid} `));
  unlinkSync(path);
  assert.match(file.read() ?? '', new RegExp(`^${process.pid} `), 'an open file needs no name');
  file.close();
  assert.equal(file.read(), null);
});
