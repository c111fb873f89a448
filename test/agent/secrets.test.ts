import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readSecret, readSecretFile, SECRET_BYTES_MAX } from '../../agent/secrets.ts';
import { describeError, LanProofError } from '../../shared/errors.ts';

const dir = mkdtempSync(join(tmpdir(), 'lanproof-secrets-'));
after(() => rmSync(dir, { recursive: true }));
const put = (name: string, text: string, mode = 0o600) => {
  writeFileSync(join(dir, name), text);
  chmodSync(join(dir, name), mode);
};
const refused = (name: string, code: string, hint: RegExp) => {
  assert.throws(
    () => readSecret(dir, name),
    (error) => {
      assert.ok(error instanceof LanProofError);
      assert.equal(error.code, code);
      assert.match(error.hint, hint);
      assert.ok(!describeError(error).includes('hunter2'));
      return true;
    },
  );
};

test('a secret is the text of its file without the last line end', () => {
  put('ro-community', 'hunter2\n');
  put('two', 'a\n\r\n');
  assert.equal(readSecret(dir, 'ro-community'), 'hunter2');
  assert.equal(readSecret(dir, 'two'), 'a\n');
});

test('a name with a path is refused before any file is touched', () => {
  put('plain', 'hunter2');
  for (const name of [
    '../plain',
    '/etc/shadow',
    'a/b',
    '..',
    '.',
    '',
    'A',
    `a\0b`,
    'a'.repeat(64),
  ]) {
    refused(name, 'SECRET_NAME', /no path/);
  }
});

test('rights, links, folders, pipes, missing, empty, large: refused with the fix', () => {
  put('open', 'hunter2', 0o644);
  refused('open', 'SECRET_MODE', /^chmod 600 .*open$/);
  put('group', 'hunter2', 0o640);
  refused('group', 'SECRET_MODE', /chmod 600/);
  put('real', 'hunter2');
  symlinkSync(join(dir, 'real'), join(dir, 'link'));
  refused('link', 'SECRET_SYMLINK', /agent secret set link/);
  mkdirSync(join(dir, 'folder'));
  refused('folder', 'SECRET_FILE', /secret set/);
  execFileSync('mkfifo', ['-m', '600', join(dir, 'pipe')]);
  refused('pipe', 'SECRET_FILE', /secret set/);
  refused('missing', 'SECRET_MISSING', new RegExp(`secret set missing --secrets-dir ${dir}`));
  put('empty', '\n');
  refused('empty', 'SECRET_EMPTY', /secret set/);
  put('large', 'x'.repeat(SECRET_BYTES_MAX + 1));
  refused('large', 'SECRET_TOO_LARGE', /right file/);
});

test('the fix for a missing secret can be copied: it names the folder, quoted where needed', () => {
  const hint = (folder: string, name: string): string => {
    try {
      readSecretFile(join(folder, name));
    } catch (error) {
      assert.ok(error instanceof LanProofError);
      return error.hint;
    }
    return assert.fail('it was read');
  };
  const command = 'lanproof agent secret set ro';
  assert.equal(hint('/etc/lanproof/secrets', 'ro'), `write it with \`${command}\``);
  const spaced = hint("/no/it's here", 'ro');
  assert.equal(spaced, `write it with \`${command} --secrets-dir '/no/it'\\''s here'\``);
  assert.equal(hint('/no', 'Proxy.txt'), 'write the value into this file, mode 0600');
});
