import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fromBase64, isBase64, toBase64 } from '../../shared/bytes.ts';

test('base64 is that of every other program, both ways', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const text = toBase64(bytes);
      assert.equal(text, Buffer.from(bytes).toString('base64'));
      assert.deepEqual(fromBase64(text), bytes);
    }),
  );
});

test('only canonical base64 is read: one text for one value', () => {
  const letters = fc.string({ unit: fc.constantFrom(...'AQZaz09+/=-_ \né'), maxLength: 12 });
  fc.assert(
    fc.property(letters, (text) => {
      const canonical = Buffer.from(text, 'base64').toString('base64') === text;
      if (canonical) assert.equal(toBase64(fromBase64(text)), text);
      else assert.throws(() => fromBase64(text), TypeError);
      const length = canonical ? Buffer.from(text, 'base64').length : -1;
      for (let bytes = 0; bytes <= 9; bytes++)
        assert.equal(isBase64(text, bytes), bytes === length);
    }),
    { numRuns: 2_000 },
  );
  const odd = [
    'A',
    'AA',
    'AAA',
    'AA=',
    'AB==',
    'AAB=',
    '====',
    'A===',
    'AA=A',
    'AAAA====',
    'AA==AA==',
  ];
  for (const text of odd) {
    assert.throws(() => fromBase64(text), TypeError, text);
    for (let bytes = 0; bytes <= 9; bytes++) assert.equal(isBase64(text, bytes), false, text);
  }
});
