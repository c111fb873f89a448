import assert from 'node:assert/strict';
import { test } from 'node:test';
import { editDistance, nearest } from '../../shared/nearest.ts';

test('slips of the finger find the key that was meant', () => {
  const keys = ['address', 'mac', 'hostname', 'interval_s'];
  assert.equal(nearest('adress', keys), 'address');
  assert.equal(nearest('hostnaem', keys), 'hostname');
  assert.equal(nearest('Interval_S', keys), 'interval_s');
  assert.equal(nearest('colour', keys), undefined);
  assert.equal(nearest('x'.repeat(10_000), keys), undefined);
});

test('swapped neighbours count once, other changes one each', () => {
  assert.equal(editDistance('ab', 'ba'), 1);
  assert.equal(editDistance('', 'abc'), 3);
  assert.equal(editDistance('kitten', 'sitting'), 3);
});
