import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { fateOf, markProcess } from '../../../agent/platform/linux-process.ts';
import { temporaryDir } from '../../support/agent-kit.ts';

test('a process is here until it ends, and another one with its number is another one', async (t) => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)']);
  t.after(() => child.kill('SIGKILL'));
  const pid = child.pid ?? 0;
  const mark = markProcess(pid);
  assert.ok(mark !== null);
  assert.equal(fateOf(pid, mark), 'here');
  assert.equal(fateOf(pid, { ...mark, start_ticks: '1' }), 'gone');
  assert.equal(fateOf(pid, { ...mark, pid_namespace: 'pid:[1]' }), 'unknown', 'a container');
  assert.equal(fateOf(pid, null), 'unknown');
  child.kill('SIGKILL');
  await once(child, 'exit');
  assert.equal(fateOf(pid, mark), 'gone');
  assert.equal(markProcess(pid), null);
});

test('names with brackets do not hide the start, and a zombie is gone', (t) => {
  const root = temporaryDir(t);
  mkdirSync(join(root, 'proc/self/ns'), { recursive: true });
  mkdirSync(join(root, 'proc/42'));
  symlinkSync('pid:[7]', join(root, 'proc/self/ns/pid'));
  const put = (state: string) => {
    const rest = '1 42 42 0 -1 4194304 1 0 0 0 1 1 0 0 20 0 11 0 98765 1 2 3';
    writeFileSync(join(root, 'proc/42/stat'), `42 (a) S 1 (b) ${state} ${rest}\n`);
  };
  put('S');
  const mark = markProcess(42, root);
  assert.deepEqual(mark, { start_ticks: '98765', pid_namespace: 'pid:[7]' });
  assert.equal(fateOf(42, mark, root), 'here');
  put('Z');
  assert.equal(fateOf(42, mark, root), 'gone');
});
