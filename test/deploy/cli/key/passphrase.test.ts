import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { loadKeys } from '../../../../collector/keys.ts';
import { temporaryDir } from '../../../support/agent-kit.ts';
import { needsTerminal, typed } from '../../../support/terminal.ts';
import { type Ran, ran } from '../cli-kit.ts';

const PASSPHRASE = 'bốn con vịt xiêm lội qua sông';
const FIRST = 'passphrase (not shown): ';
const AGAIN = 'once more: ';

interface Kit {
  readonly data: string;
  readonly out: string;
  /** A file of mode 0600 with this text. */
  file(name: string, text: string): string;
  /** The sealed file opened with the passphrase in a file of this text. */
  opened(name: string, text: string): Promise<Ran>;
}

function kit(t: TestContext): Kit {
  const dir = temporaryDir(t);
  const [data, out] = [join(dir, 'data'), join(dir, 'keys.txt')];
  mkdirSync(data, { mode: 0o700 });
  loadKeys(data, { may_create: true });
  const file = (name: string, text: string): string => {
    writeFileSync(join(dir, name), text, { mode: 0o600 });
    return join(dir, name);
  };
  const opened = (name: string, text: string): Promise<Ran> => {
    const pass = ['--passphrase-file', file(`pass-${name}`, text)];
    return ran(['key', 'import', out, '--data', join(dir, `data-${name}`), ...pass]);
  };
  return { data, out, file, opened };
}

const exported = ({ out, data }: Kit): string[] => ['key', 'export', '--out', out, '--data', data];

test(
  'typed or in a file, with white space at its end or not, it is one',
  needsTerminal,
  async (t) => {
    const k = kit(t);
    const made = await typed(exported(k), [
      { prompt: FIRST, answer: `${PASSPHRASE}  ` },
      { prompt: AGAIN, answer: PASSPHRASE },
    ]);
    assert.equal(made.code, 0, made.shown);
    assert.ok(!made.shown.includes(PASSPHRASE), 'it is not shown');
    for (const [at, text] of [PASSPHRASE, `\uFEFF${PASSPHRASE} \t\r\nmore`].entries()) {
      const { code, err } = await k.opened(String(at), text);
      assert.equal(code, 0, err);
    }
    const fresh = join(k.data, '..', 'typed');
    const back = await typed(
      ['key', 'import', k.out, '--data', fresh],
      [{ prompt: FIRST, answer: `${PASSPHRASE} ` }],
    );
    assert.equal(back.code, 0, back.shown);
    assert.deepEqual(readFileSync(join(fresh, 'log.key')), readFileSync(join(k.data, 'log.key')));
  },
);

test(
  'one that is short or not repeated is refused, and nothing is written',
  needsTerminal,
  async (t) => {
    const k = kit(t);
    const differs = await typed(exported(k), [
      { prompt: FIRST, answer: PASSPHRASE },
      { prompt: AGAIN, answer: `${PASSPHRASE}.` },
    ]);
    assert.equal(differs.code, 1);
    assert.match(differs.shown, /PASSPHRASE_DIFFERS/);
    const short = await typed(exported(k), [{ prompt: FIRST, answer: 'mười ba ký tự  ' }]);
    assert.equal(short.code, 1);
    assert.match(short.shown, /PASSPHRASE_SHORT/);
    assert.ok(!short.shown.includes(AGAIN), 'it is not asked for again');
    assert.ok(!existsSync(k.out));
  },
);

test('5,000 characters can be typed, and what is longer is never cut', needsTerminal, async (t) => {
  const k = kit(t);
  const most = 'x'.repeat(5_000);
  const beyond = await typed(exported(k), [{ prompt: FIRST, answer: `${most}x` }]);
  assert.equal(beyond.code, 1, beyond.shown);
  assert.match(beyond.shown, /TYPED_TOO_LONG/);
  assert.ok(!existsSync(k.out));
  const made = await typed(exported(k), [
    { prompt: FIRST, answer: most },
    { prompt: AGAIN, answer: most },
  ]);
  assert.equal(made.code, 0, made.shown);
  const { code, err } = await k.opened('most', most);
  assert.equal(code, 0, err);
});

test('14 characters are enough and 13 are not, in whatever way accents are typed', async (t) => {
  const k = kit(t);
  // 13 and 14 letters; taken apart, an accent is a character of its own.
  const pass = (text: string): string[] => ['--passphrase-file', k.file('pass', `${text}   \n`)];
  for (const thirteen of ['mười ba ký tự', 'mười ba ký tự'.normalize('NFD')]) {
    assert.match((await ran([...exported(k), ...pass(thirteen)])).err, /^PASSPHRASE_SHORT/);
  }
  assert.ok(!existsSync(k.out));
  const done = await ran([...exported(k), ...pass('mười bốn ký tự'.normalize('NFD'))]);
  assert.equal(done.code, 0, done.err);
  const { code, err } = await k.opened('nfc', 'mười bốn ký tự'.normalize('NFC'));
  assert.equal(code, 0, err);
});

test('a file of the passphrase that others can read is refused before anything else', async (t) => {
  const k = kit(t);
  const nowhere = ['--data', join(k.data, 'nowhere')];
  const pass = k.file('pass', PASSPHRASE);
  chmodSync(pass, 0o640);
  for (const words of [
    ['key', 'export', '--out', k.data, ...nowhere],
    ['key', 'import', join(k.data, 'no-file'), ...nowhere],
  ]) {
    const open = await ran([...words, '--passphrase-file', pass]);
    assert.match(open.err, /^SECRET_RIGHTS: .*pass: [^\n]*\n {2}fix: chmod 600 /);
    const gone = await ran([...words, '--passphrase-file', join(k.data, 'no-pass')]);
    assert.match(gone.err, /^PASSPHRASE_UNREADABLE/);
  }
  const short = ['--passphrase-file', k.file('short', 'short\n')];
  const first = await ran(['key', 'export', '--out', k.data, ...nowhere, ...short]);
  assert.match(first.err, /^PASSPHRASE_SHORT/);
});

test('a key that others can read is not exported', async (t) => {
  const k = kit(t);
  const pass = ['--passphrase-file', k.file('pass', PASSPHRASE)];
  for (const name of ['log.key', 'document.key']) {
    chmodSync(join(k.data, name), 0o644);
    const { code, err } = await ran([...exported(k), ...pass]);
    assert.equal(code, 1);
    assert.match(err, /^SECRET_RIGHTS: .*\.key: /);
    chmodSync(join(k.data, name), 0o600);
  }
  assert.ok(!existsSync(k.out));
});
