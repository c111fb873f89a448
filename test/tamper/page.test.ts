import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { page } from './page.ts';
import { TAMPERINGS } from './tamperings.ts';

test('docs/tamperings.md is the table', () => {
  const text = readFileSync(join(import.meta.dirname, '../../docs/tamperings.md'), 'utf8');
  assert.equal(text, page(TAMPERINGS), 'node test/tamper/write-docs.ts writes it');
});
