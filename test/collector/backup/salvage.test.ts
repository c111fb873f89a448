import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { salvage } from '../../../collector/backup/salvage.ts';

const dir = mkdtempSync(join(tmpdir(), 'lanproof-salvage-'));
after(() => rmSync(dir, { recursive: true }));
const [from, to] = [join(dir, 'from'), join(dir, 'to')];
const { signal } = new AbortController();

test('what is there is brought, as far as it is listed', async () => {
  for (const length of [0, 1, 4095, 4096, 4097, 10_000]) {
    const bytes = Buffer.alloc(length, 7);
    writeFileSync(from, bytes);
    await salvage(from, to, { bytes: 9_000, signal });
    assert.deepEqual(readFileSync(to), bytes.subarray(0, 9_000), `${length}`);
  }
});

test('what cannot be read is zeros of the same length', async () => {
  // Reading a folder fails as reading a bad sector does.
  await salvage(dir, to, { bytes: 5_000, signal });
  assert.deepEqual(readFileSync(to), Buffer.alloc(5_000));
});

test('where there is no file, none is made', async () => {
  rmSync(to, { force: true });
  await salvage(join(dir, 'nothing'), to, { bytes: 5, signal });
  assert.ok(!existsSync(to));
});
