import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';

const ROOT = join(import.meta.dirname, '..');
/** A file longer than this has more than one concern; tests and their data may be longer. */
const LINES_MAX = 250;
const TEST_LINES_MAX = 600;
const COLUMNS_MAX = 100;
/** A text that a person reads, or an address, is not broken over lines. */
const LONG_TEXT = /https?:\/\/|'[^']{30,}|"[^"]{30,}|`[^`]{30,}/;
const BANNED = /\b(TODO|FIXME|XXX|HACK)\b|@ts-ignore|@ts-nocheck|\.only\(/;

const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], {
  cwd: ROOT,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '' && existsSync(join(ROOT, file)));
const sources = files.filter((file) => /\.(ts|tsx|mjs|css|sql|py|sh)$/.test(file));
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');

test('files are short enough to read at once', () => {
  const long = sources
    .map((file) => ({ file, lines: read(file).split('\n').length - 1 }))
    .filter(({ file, lines }) => lines > (file.startsWith('test/') ? TEST_LINES_MAX : LINES_MAX));
  assert.deepEqual(long, []);
});

test('lines fit in 100 columns', () => {
  const wide = sources.flatMap((file) =>
    read(file)
      .split('\n')
      .map((line, i) => ({ place: `${file}:${i + 1}`, columns: [...line].length, line }))
      // A kernel reads the program of a script from its one first line.
      .filter(({ columns, line }) => columns > COLUMNS_MAX && !line.startsWith('#!'))
      .filter(({ line }) => !LONG_TEXT.test(line))
      .map(({ place, columns }) => ({ place, columns })),
  );
  assert.deepEqual(wide, []);
});

test('nothing is left unfinished in the sources', () => {
  const marked = sources
    .filter((file) => file !== 'test/tidy.test.ts')
    .flatMap((file) =>
      read(file)
        .split('\n')
        .map((line, i) => ({ place: `${file}:${i + 1}`, line: line.trim() }))
        .filter(({ line }) => BANNED.test(line)),
    );
  assert.deepEqual(marked, []);
});

test('no database, secret or archive is committed', () => {
  const wrong = files.filter((file) => /\.(db|sqlite|sqlite3|pem|key|zip|tgz)$/.test(file));
  assert.deepEqual(wrong, []);
});

test('documents link only to files that exist', () => {
  const broken = files
    .filter((file) => file.endsWith('.md'))
    .flatMap((file) =>
      [...read(file).matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)]
        .map((match) => match[1] ?? '')
        .filter((link) => !/^(https?:|mailto:)/.test(link))
        .filter((link) => !existsSync(join(ROOT, file, '..', link)))
        .map((link) => ({ file, link })),
    );
  assert.deepEqual(broken, []);
});
