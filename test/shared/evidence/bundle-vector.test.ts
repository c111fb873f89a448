import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { secondReaderSkip } from '../../fixtures/second-reader.ts';
import { newFolder } from '../../support/bundle-kit.ts';
import { failedChecks, told, verified } from '../../support/verify-kit.ts';

const path = fileURLToPath(new URL('../../fixtures/vectors/bundle.json', import.meta.url));
const reader = fileURLToPath(new URL('../../second_reader/read_bundle.py', import.meta.url));
const kept: { readonly gzip_of_zip: string; readonly gzip_of_masked_zip: string } = JSON.parse(
  readFileSync(path, 'utf8'),
);
const bundles = [
  ['the kept bundle', kept.gzip_of_zip, { r: 324, n: 30, x: 5, l: 1, '-': 60 }],
  ['the kept masked bundle', kept.gzip_of_masked_zip, { r: 324, n: 30, x: 5, l: 1, '-': 60 }],
] as const;

for (const [what, packed, counts] of bundles) {
  const zip = new Uint8Array(gunzipSync(Buffer.from(packed, 'base64')));

  test(`${what} still verifies, with the hole that it has`, async () => {
    const verdict = await verified(zip);
    assert.deepEqual(failedChecks(verdict), [], told(verdict).join('\n'));
    assert.equal(verdict.outcome, 'pass_with_gaps');
    assert.deepEqual(
      verdict.gaps.filter(({ code }) => code === 'HOLE').map(({ detail }) => detail.reason),
      ['spool_limit'],
    );
  });

  test(`${what} is read by the second reader`, { skip: secondReaderSkip }, (t) => {
    const file = join(newFolder(t), 'a.zip');
    writeFileSync(file, zip);
    const args = [reader, file, '--device', 'gw', '--every'];
    const { status, stdout, stderr } = spawnSync('python3', args, { encoding: 'utf8' });
    assert.equal(status, 0, stdout + stderr);
    const { checked, slots } = JSON.parse(stdout);
    assert.deepEqual(slots.counts, counts);
    assert.equal(checked.batches, 6);
    assert.equal(checked.seen, 1);
    assert.equal(checked.holes, 1);
  });
}
