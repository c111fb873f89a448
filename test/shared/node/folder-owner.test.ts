import assert from 'node:assert/strict';
import { chownSync, lstatSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { giveAllToOwner, giveToOwner } from '../../../shared/node/folder-owner.ts';
import { makeFolder } from '../../../shared/node/make-folder.ts';
import { createAtomically, writeAtomically } from '../../../shared/node/whole-file.ts';
import { temporaryDir } from '../../support/agent-kit.ts';
import { NOBODY, needsRoot } from '../../support/as-nobody.ts';

const owner = (path: string): number => lstatSync(path).uid;

test('what root makes in a folder of somebody else is theirs', needsRoot, (t) => {
  const dir = temporaryDir(t);
  chownSync(dir, NOBODY, NOBODY);
  createAtomically(join(dir, 'new'), 'a', 0o600);
  writeAtomically(join(dir, 'over'), 'a', 0o600);
  chownSync(join(dir, 'over'), 0, 0);
  writeAtomically(join(dir, 'over'), 'b', 0o600);
  makeFolder(join(dir, 'a/b'), 0o700);
  for (const name of ['new', 'over', 'a', 'a/b'])
    assert.equal(owner(join(dir, name)), NOBODY, name);
  assert.equal(statSync(join(dir, 'over')).gid, NOBODY);
});

test('a whole tree is given, a link itself and never what it points to', needsRoot, (t) => {
  const outside = join(temporaryDir(t), 'outside');
  writeFileSync(outside, '');
  const dir = temporaryDir(t);
  chownSync(dir, NOBODY, NOBODY);
  mkdirSync(join(dir, 'a'));
  writeFileSync(join(dir, 'a', 'file'), '');
  symlinkSync(outside, join(dir, 'a', 'link'));
  giveAllToOwner(dir);
  for (const name of ['a', 'a/file', 'a/link']) assert.equal(owner(join(dir, name)), NOBODY, name);
  giveToOwner(join(dir, 'a', 'link'));
  assert.equal(owner(outside), 0);
});

test('in a folder of root everything stays as it is', needsRoot, (t) => {
  const dir = temporaryDir(t);
  writeFileSync(join(dir, 'theirs'), '');
  chownSync(join(dir, 'theirs'), NOBODY, NOBODY);
  createAtomically(join(dir, 'new'), 'a', 0o600);
  assert.deepEqual([owner(join(dir, 'new')), owner(join(dir, 'theirs'))], [0, NOBODY]);
});
