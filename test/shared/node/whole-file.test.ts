import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { createAtomically, writeAtomically } from '../../../shared/node/whole-file.ts';
import { temporaryDir } from '../../support/agent-kit.ts';

const MODULE = new URL('../../../shared/node/whole-file.ts', import.meta.url).href;
const STRACE = spawnSync('strace', ['-V']).status === 0 ? false : 'needs strace';

test('a new file is whole, of its mode, and never replaces one', (t) => {
  const dir = temporaryDir(t);
  const path = join(dir, 'a');
  writeFileSync(`${path}.new`, 'left by a crash');
  createAtomically(path, 'bốn', 0o600);
  assert.throws(() => createAtomically(path, 'other', 0o600), { code: 'EEXIST' });
  assert.equal(readFileSync(path, 'utf8'), 'bốn');
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(dir), ['a']);
});

test('a replaced file has its mode whatever the umask, and a link there is not followed', (t) => {
  const dir = temporaryDir(t);
  const [path, elsewhere] = [join(dir, 'a'), join(dir, 'b')];
  writeFileSync(elsewhere, 'untouched');
  symlinkSync(elsewhere, path);
  symlinkSync(elsewhere, `${path}.new`);
  const before = process.umask(0o077);
  try {
    writeAtomically(path, 'new', 0o644);
  } finally {
    process.umask(before);
  }
  assert.deepEqual([readFileSync(path, 'utf8'), statSync(path).mode & 0o777], ['new', 0o644]);
  assert.equal(readFileSync(elsewhere, 'utf8'), 'untouched');
  assert.deepEqual(readdirSync(dir), ['a', 'b']);
});

test('what cannot be put in its place leaves nothing behind', (t) => {
  const dir = temporaryDir(t);
  mkdirSync(join(dir, 'a/b'), { recursive: true });
  assert.throws(() => writeAtomically(join(dir, 'a'), 'x', 0o600), { code: 'EISDIR' });
  assert.deepEqual(readdirSync(dir), ['a']);
});

test('a disk that fills up within a file leaves the old one, and no draft', (t) => {
  const dir = temporaryDir(t);
  const mount = ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', dir];
  if (spawnSync('mount', mount).status !== 0) return t.skip('needs root to mount a small tmpfs');
  try {
    const path = join(dir, 'a');
    writeAtomically(path, 'old', 0o600);
    const long = 'x'.repeat(200_000);
    assert.throws(() => writeAtomically(path, long, 0o600), { code: 'ENOSPC' });
    assert.throws(() => createAtomically(join(dir, 'b'), long, 0o600), { code: 'ENOSPC' });
    assert.deepEqual([readFileSync(path, 'utf8'), readdirSync(dir)], ['old', ['a']]);
  } finally {
    execFileSync('umount', ['-l', dir]);
  }
});

test('a disk without hard links takes a new file, and still replaces none', {
  skip: STRACE,
}, (t) => {
  const dir = temporaryDir(t);
  const path = join(dir, 'a');
  for (const error of ['EPERM', 'EOPNOTSUPP', 'ENOSYS']) {
    const name = join(dir, error);
    assert.equal(created(name, ['-e', `inject=link,linkat:error=${error}`]), 'done');
    assert.deepEqual([readFileSync(name, 'utf8'), statSync(name).mode & 0o777], ['whole', 0o600]);
  }
  writeFileSync(path, 'there');
  assert.equal(created(path, ['-e', 'inject=link,linkat:error=EPERM']), 'EEXIST');
  assert.equal(readFileSync(path, 'utf8'), 'there');
  const both = ['-e', 'inject=link,linkat:error=EPERM', '-e', 'inject=rename:error=EIO'];
  assert.equal(created(join(dir, 'b'), both), 'EIO');
  assert.ok(!existsSync(join(dir, 'b')), 'the name that was taken is given back');
  assert.equal(created(join(dir, 'b'), ['-e', 'inject=fsync:error=EIO:when=1']), 'EIO');
  // A share that cannot sync folders: the file itself was synced before.
  assert.equal(created(join(dir, 'c'), ['-e', 'inject=fsync:error=EINVAL:when=2']), 'done');
  assert.deepEqual(readdirSync(dir).sort(), ['ENOSYS', 'EOPNOTSUPP', 'EPERM', 'a', 'c']);
});

/** Writes a new file in a process whose calls to the system fail as told: its error, or `done`. */
function created(path: string, faults: readonly string[]): string {
  const code = `
    const { createAtomically } = await import('${MODULE}');
    try { createAtomically('${path}', 'whole', 0o600); console.log('done'); }
    catch (error) { console.log(error.code); }`;
  const node = [process.execPath, '--input-type=module', '-e', code];
  const calls = ['-f', '-qq', '-o', '/dev/null', '-e', 'trace=link,linkat,rename,fsync'];
  return execFileSync('strace', [...calls, ...faults, ...node], { encoding: 'utf8' }).trim();
}
