import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { TICKS_MAX } from '../../../shared/measure/batch.ts';
import { RAW_CODES } from '../../../shared/measure/codes.ts';
import { countRuns, decodeRuns, encodeRuns } from '../../../shared/measure/runs.ts';

test('ticks one by one give the one spelling that reads back', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...RAW_CODES), { maxLength: 300 }), (codes) => {
      const text = encodeRuns(codes.map((code) => ({ code, ticks: 1 })));
      assert.equal(countRuns(text), codes.length);
      const back = decodeRuns(text).flatMap(({ code, ticks }) => Array(ticks).fill(code));
      assert.deepEqual(back, codes);
      assert.equal(encodeRuns(decodeRuns(text)), text);
    }),
  );
  assert.equal(
    encodeRuns([
      { code: 'r', ticks: 12 },
      { code: 'n', ticks: 0 },
    ]),
    'r12',
  );
  assert.equal(countRuns('r12n3r45'), 60);
  assert.equal(countRuns(''), 0);
});

test('another spelling is refused', () => {
  const over = `r${TICKS_MAX + 1}`;
  const odd = [
    'r',
    'r0',
    'r01',
    'r1r2',
    'R1',
    '1r',
    'r1 ',
    'q1',
    'r-1',
    'r1.5',
    'r1e2',
    'rn1',
    over,
  ];
  for (const text of odd) {
    assert.equal(countRuns(text), -1, text);
    assert.throws(() => decodeRuns(text), { code: 'RUNS_FORMAT' });
  }
  assert.equal(countRuns(`r${TICKS_MAX}`), TICKS_MAX);
  assert.equal(countRuns(`r${TICKS_MAX - 1}n1`), TICKS_MAX);
  assert.equal(countRuns(`r${TICKS_MAX}n1`), -1);
});
