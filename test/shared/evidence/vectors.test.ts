import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { secondReaderSkip } from '../../fixtures/second-reader.ts';
import { evidenceVectors } from '../../fixtures/vectors.ts';

const vectors = fileURLToPath(new URL('../../fixtures/vectors/', import.meta.url));
const reader = fileURLToPath(new URL('../../second_reader/read_evidence.py', import.meta.url));

for (const [name, expected] of Object.entries(evidenceVectors())) {
  test(`vectors/${name}.json still holds`, () => {
    const kept: unknown = JSON.parse(readFileSync(`${vectors}${name}.json`, 'utf8'));
    assert.deepEqual(kept, JSON.parse(JSON.stringify(expected)));
  });
}

test('an independent reader accepts the vectors', { skip: secondReaderSkip }, () => {
  const run = spawnSync('python3', [reader, 'vectors', vectors], { encoding: 'utf8' });
  assert.equal(run.status, 0, run.stdout + run.stderr);
  for (const name of Object.keys(evidenceVectors())) {
    assert.match(run.stdout, new RegExp(`^ok ${name}$`, 'm'));
  }
});
