import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

/** Words that the glossary replaces; codes, keys and commands stand in backticks and are left. */
const AVOIDED = new RegExp(
  [
    String.raw`(?<![-/\w])(agent|collector)\b`,
    'điểm mạng|đích|phép dò|lần dò|không quản lý|bảng điều khiển|sổ cái',
    String.raw`(?:kh|h|x)oá(?!\p{L})`,
  ].join('|'),
  'giu',
);

/** What a person reads: neither code nor links. */
function prose(page: string): string {
  return readFileSync(page, 'utf8')
    .replace(/```[\s\S]*?```|`[^`]*`|\]\([^)]*\)/g, '')
    .replace(/\b[a-z]+\.yml\b/g, '');
}

const PAGES = ['guide', 'configuration', 'accounting', 'auditor'];

for (const page of PAGES.map((name) => `docs/${name}.vi.md`)) {
  test(`${page} uses the words of the glossary`, () => {
    assert.deepEqual(
      [...prose(page).matchAll(AVOIDED)].map(([word]) => word),
      [],
    );
  });
}

test('both guides give the same commands, and never name the file with the private key for --ca', () => {
  const guides = ['docs/guide.md', 'docs/guide.vi.md'].map((page) => readFileSync(page, 'utf8'));
  const [en = [], vi = []] = guides.map((text) =>
    [...text.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, code = '']) =>
      code
        .replaceAll('MÃ-NGẮN', 'CODE')
        .replaceAll('MÃ', 'TOKEN')
        .replace('switch-la', 'odd-switch'),
    ),
  );
  assert.deepEqual(vi, en);
  for (const text of guides) assert.ok(!/--ca(cert)? \S*tls\.pem/.test(text));
  const rows = guides.map((text) => text.match(/^\| /gm)?.length);
  assert.equal(rows[0], rows[1], 'each row of a table stands in both');
});
