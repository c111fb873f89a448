import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { decodeIndexes, encodeIndexes } from '../../../shared/measure/index-runs.ts';

test('any list comes back in its order', () => {
  const lists = fc.array(fc.nat(1_999), { maxLength: 100 });
  fc.assert(
    fc.property(lists, (indexes) => {
      assert.deepEqual(decodeIndexes(encodeIndexes(indexes), 100), indexes);
    }),
  );
  assert.equal(encodeIndexes([0, 1, 2, 60, 7, 8]), '0-2,60,7-8');
});

test('what is no list of runs, or too long, is none', () => {
  for (const text of ['a', '1-', '-1', '01', '3-3', '3-1', '1,,2', '1, 2', '0-5', '1,2,3,4,5,6']) {
    assert.equal(decodeIndexes(text, 5), null, text);
  }
  assert.equal(decodeIndexes('0-999999999', 2_000), null);
  assert.deepEqual(decodeIndexes('0-4', 5), [0, 1, 2, 3, 4]);
});
