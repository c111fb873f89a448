import assert from 'node:assert/strict';
import test from 'node:test';
import { hashes } from '../../../agent/deliver/proof.ts';
import { toBase64 } from '../../../shared/bytes.ts';

test('a proof has at most 128 hashes', () => {
  const list = (count: number): string[] =>
    Array.from({ length: count }, () => toBase64(new Uint8Array(32)));
  assert.equal(hashes(list(128)).length, 128);
  assert.throws(() => hashes(list(129)), { code: 'PROOF_FORMAT' });
});
