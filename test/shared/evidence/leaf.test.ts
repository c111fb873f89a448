import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fromUtf8, toBase64, utf8 } from '../../../shared/bytes.ts';
import {
  decodeLeaf,
  encodeLeaf,
  hashLeaf,
  LEAF_BYTES_MAX,
  LEAF_KINDS,
  type Leaf,
} from '../../../shared/evidence/leaf.ts';
import { leafHash } from '../../../shared/evidence/merkle.ts';
import { TIME_MS_MAX } from '../../../shared/measure/strict.ts';
import { createNodeCrypto } from '../../../shared/node/crypto.ts';
import { isCode } from '../../fixtures/errors.ts';

const crypto = createNodeCrypto();
const batch: Leaf = {
  kind: 'batch',
  site: 'socson-hq',
  agent: 'do-1',
  epoch: 1,
  seq: 42,
  hash: new Uint8Array(crypto.sha256(utf8('header'))),
  recv_ms: 1_790_000_000_000,
};
const text = fromUtf8(encodeLeaf(batch));

const code = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,62}$/);
const place = fc.oneof(
  fc.record({ site: fc.constant(null), agent: fc.constant(null) }),
  fc.record({ site: code, agent: fc.option(code) }),
);
const anyLeaf: fc.Arbitrary<Leaf> = fc
  .tuple(
    place,
    fc.record({
      kind: fc.constantFrom(...LEAF_KINDS.filter((kind) => kind !== 'batch')),
      epoch: fc.maxSafeNat(),
      seq: fc.maxSafeNat(),
      hash: fc.uint8Array({ minLength: 32, maxLength: 32 }),
      recv_ms: fc.nat(TIME_MS_MAX),
    }),
  )
  .map(([where, rest]) => ({ ...where, ...rest }));

test('the bytes of a batch leaf', () => {
  const hash = toBase64(batch.hash);
  const lines = `lanproof-leaf/v1\nbatch\nsocson-hq\ndo-1\n1\n42\n${hash}\n1790000000000\n`;
  assert.equal(text, lines);
  assert.deepEqual(hashLeaf(crypto, batch), leafHash(crypto, utf8(lines)));
});

test('leaves round trip and differ where their fields differ', () => {
  fc.assert(
    fc.property(anyLeaf, anyLeaf, (a, b) => {
      const bytes = encodeLeaf(a);
      assert.ok(bytes.length <= LEAF_BYTES_MAX);
      assert.deepEqual(decodeLeaf(bytes), a);
      const same = toBase64(bytes) === toBase64(encodeLeaf(b));
      assert.equal(same, JSON.stringify(decodeLeaf(bytes)) === JSON.stringify(b));
    }),
  );
});

test('any altered byte is refused or is another leaf', () => {
  const bytes = encodeLeaf(batch);
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, mask) => {
      const altered = bytes.with(at, (bytes[at] ?? 0) ^ mask);
      try {
        assert.notDeepEqual(decodeLeaf(altered), batch);
      } catch (error) {
        if (!isCode('LEAF_FORMAT')(error)) throw error;
      }
    }),
    { numRuns: 1_000 },
  );
});

test('unfit leaves are refused in both directions', () => {
  const edits: [string | RegExp, string][] = [
    ['v1', 'v2'],
    ['batch', 'batches'],
    ['\n1\n', '\n01\n'],
    ['\n42\n', '\n+42\n'],
    ['\n42\n', '\n4e1\n'],
    ['\n42\n', '\n-42\n'],
    ['\n42\n', '\n9007199254740993\n'],
    ['\n42\n', '\n\n'],
    ['\n42\n', '\n0\n'],
    ['do-1', '-'],
    ['socson-hq', '-'],
    ['socson-hq', 'Socson'],
    ['socson-hq', ''],
    ['=', ''],
    [/\n$/, ''],
    [/$/, '\n'],
    [/\n/g, '\r\n'],
  ];
  for (const [from, to] of edits) {
    const altered = utf8(text.replace(from, to));
    assert.throws(() => decodeLeaf(altered), isCode('LEAF_FORMAT'), `${from} → ${to}`);
  }
  assert.throws(() => decodeLeaf(Uint8Array.of(0xff)), isCode('LEAF_FORMAT'));
  assert.throws(() => decodeLeaf(new Uint8Array(LEAF_BYTES_MAX + 1)), isCode('LEAF_FORMAT'));
  const wrong: Partial<Leaf>[] = [{ site: 'a/b' }, { seq: 0.5 }, { hash: new Uint8Array(31) }];
  wrong.push(
    { site: null },
    { recv_ms: -1 },
    { recv_ms: TIME_MS_MAX + 1 },
    { epoch: 2 ** 53 },
    { agent: '-' },
    { agent: '..' },
  );
  encodeLeaf({ ...batch, recv_ms: TIME_MS_MAX });
  for (const change of wrong) {
    assert.throws(() => encodeLeaf({ ...batch, ...change }), isCode('LEAF_FORMAT'));
  }
});
