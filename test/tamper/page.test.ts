import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { page } from './page.ts';
import { TAMPERINGS } from './tamperings.ts';

const FILE = join(import.meta.dirname, '../../docs/tamperings.md');

test('docs/tamperings.md is the table', () => {
  const text = page(TAMPERINGS);
  if (process.env.LANPROOF_WRITE_DOCS === '1') writeFileSync(FILE, text);
  assert.equal(readFileSync(FILE, 'utf8'), text, 'LANPROOF_WRITE_DOCS=1 node --test this file');
});
