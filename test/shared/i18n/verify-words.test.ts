import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import type { BundleManifest } from '../../../shared/evidence/bundle/types.ts';
import { FINDINGS } from '../../../shared/evidence/verify/codes.ts';
import { isDemo } from '../../../shared/i18n/verdict-lines.ts';
import { FINDING_WORDS, sayFinding } from '../../../shared/i18n/verify-finding-words.ts';
import { VERIFY_PAGE_WORDS } from '../../../shared/i18n/verify-page-words.ts';
import { CHECK_WORDS, VERIFY_WORDS } from '../../../shared/i18n/verify-words.ts';

const FOLDER = join(import.meta.dirname, '../../../shared/evidence/verify');
const placeholders = (text: string): string[] =>
  [...text.matchAll(/\{(\w+)\}/g)].map(String).sort();

test('both languages name the same values', () => {
  const texts = { ...FINDING_WORDS, ...CHECK_WORDS, ...VERIFY_WORDS, ...VERIFY_PAGE_WORDS };
  for (const [name, { vi, en }] of Object.entries(texts)) {
    const [a, b] = [placeholders(vi), placeholders(en)];
    assert.deepEqual([...new Set(a)], [...new Set(b)], name);
  }
});

test('every finding is said somewhere, and no text promises what cannot be', () => {
  const source = readdirSync(FOLDER)
    .filter((file) => file !== 'codes.ts')
    .map((file) => readFileSync(join(FOLDER, file), 'utf8'))
    .join('\n');
  const unused = Object.keys(FINDINGS).filter((code) => !source.includes(`'${code}'`));
  assert.deepEqual(unused, []);
  const all = JSON.stringify([FINDING_WORDS, CHECK_WORDS, VERIFY_WORDS]);
  assert.doesNotMatch(all, /không thể giả mạo|vân tay|xác thực|cannot be forged/i);
});

test('times are written as people read them, and an odd one does no harm', () => {
  const at = { anchored_ms: Date.UTC(2026, 10, 23, 1), end_ms: 9e15 };
  const text = sayFinding({ code: 'ANCHOR_EARLY', detail: at }, 'en');
  assert.match(text, /23\/11\/2026 08:00/);
  assert.match(text, /9000000000000000/);
});

test('only a log whose name begins with demo/ is called a demo', () => {
  const of = (log: string) => isDemo({ manifest: manifestOf(log) });
  assert.ok(of('demo/63dcf5f2/log-1'));
  for (const log of ['socson/63dcf5f2/log-1', 'demo.example/1/log-1', 'x/demo/log-1']) {
    assert.ok(!of(log), log);
  }
  assert.ok(!isDemo({ manifest: null }));
});

function manifestOf(log: string): BundleManifest {
  return {
    ...{ v: 1, site: 's', from_ms: 0, to_ms: 1, masked: false, rules: 1, begin: null },
    ...{ begin_ms: 0, end_ms: 1, agents: [], software: 'test' },
    as_of: { log, size: 1, to_ms: 1, at_ms: 1 },
  };
}
