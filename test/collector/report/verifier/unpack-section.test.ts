import assert from 'node:assert/strict';
import test from 'node:test';
import { crc32, deflateRawSync, gzipSync, inflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { unpackSection as inBrowser } from '../../../../collector/report/verifier/unpack-section.ts';
import { concat, utf8 } from '../../../../shared/bytes.ts';
import { LanProofError } from '../../../../shared/errors.ts';
import { SECTION_INFLATED_BYTES_MAX } from '../../../../shared/measure/batch.ts';
import { unpackSection as inNode, packSection } from '../../../../shared/node/section-bytes.ts';

type Unpack = typeof inNode;

const JSON_BYTES = utf8(JSON.stringify({ v: 1, text: 'r12n3r45 '.repeat(400) }));
const GZIP = packSection('infra', JSON_BYTES, null);
const HEADER = GZIP.subarray(0, 10);
const EMPTY = gzipSync(new Uint8Array());

/** What comes out, or the code of what is thrown. */
function outcome(unpack: Unpack, bytes: Uint8Array): string {
  try {
    const out = unpack('infra', bytes);
    return `${out.length} ${crc32(out)}`;
  } catch (error) {
    assert.ok(error instanceof LanProofError, String(error));
    return error.code;
  }
}

function agreed(bytes: Uint8Array): string {
  const node = outcome(inNode, bytes);
  assert.equal(outcome(inBrowser, bytes), node);
  return node;
}

/** A member whose deflated bytes and trailer are given. */
function member(deflated: Uint8Array, content: Uint8Array, length = content.length): Uint8Array {
  const trailer = new Uint8Array(8);
  const view = new DataView(trailer.buffer);
  view.setUint32(0, crc32(content), true);
  view.setUint32(4, length >>> 0, true);
  return concat(HEADER, deflated, trailer);
}

const deflated = new Uint8Array(deflateRawSync(JSON_BYTES));
const cap = new Uint8Array(SECTION_INFLATED_BYTES_MAX);
const over = new Uint8Array(SECTION_INFLATED_BYTES_MAX + 1);
const flipped = (at: number) =>
  GZIP.map((byte, index) => (index === (at + GZIP.length) % GZIP.length ? byte ^ 1 : byte));

test('both read what is written, at every level, up to the limit', () => {
  for (const level of [0, 1, 6, 9]) {
    const bytes = gzipSync(JSON_BYTES, { level });
    assert.equal(agreed(new Uint8Array(bytes)), `${JSON_BYTES.length} ${crc32(JSON_BYTES)}`);
  }
  assert.equal(agreed(new Uint8Array(gzipSync(cap))), `${cap.length} ${crc32(cap)}`);
  const salted = packSection('identity', JSON_BYTES, new Uint8Array(16));
  assert.deepEqual(inBrowser('identity', salted), new Uint8Array(inNode('identity', salted)));
});

test('both refuse what is not one whole plain member', () => {
  const late = deflateRawSync(concat(JSON_BYTES, utf8('more')));
  const hostile: Readonly<Record<string, Uint8Array>> = {
    nothing: new Uint8Array(),
    'no gzip': JSON_BYTES,
    'no content': GZIP.subarray(0, 18),
    'false crc': flipped(-8),
    'false length': flipped(-4),
    'one byte after it': concat(GZIP, utf8('x')),
    'zeros after it': concat(GZIP, new Uint8Array(16)),
    'two members': concat(GZIP, GZIP),
    'an empty member before it': concat(EMPTY, GZIP),
    'an empty member behind it': concat(GZIP, EMPTY),
    'hidden bytes between content and trailer': member(
      concat(deflated, utf8('hidden')),
      JSON_BYTES,
    ),
    'longer than it says': member(new Uint8Array(late), JSON_BYTES),
    'shorter than it says': member(deflated, JSON_BYTES, JSON_BYTES.length + 1),
    'a length beyond the limit': member(deflated, JSON_BYTES, 2 ** 32 - 1),
    'an unknown method': GZIP.map((byte, at) => (at === 2 ? 7 : byte)),
    'a name in its header': concat(
      Uint8Array.of(0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 255),
      utf8('a\0'),
      GZIP.subarray(10),
    ),
  };
  for (const [what, bytes] of Object.entries(hostile)) {
    assert.equal(agreed(bytes), 'SECTION_GZIP', what);
  }
  for (let end = 0; end < GZIP.length; end += 1) {
    assert.equal(agreed(GZIP.subarray(0, end)), 'SECTION_GZIP', `truncated to ${end}`);
  }
});

test('both stop at the limit, also where the length lies', () => {
  assert.equal(agreed(new Uint8Array(gzipSync(over))), 'SECTION_TOO_LARGE');
  const packed = new Uint8Array(deflateRawSync(over));
  assert.equal(inflateRawSync(packed).length, over.length);
  assert.equal(agreed(member(packed, over, 7)), 'SECTION_TOO_LARGE');
  const huge = new Uint8Array(deflateRawSync(new Uint8Array(64 * 1024 * 1024)));
  assert.equal(agreed(member(huge, over, 7)), 'SECTION_TOO_LARGE');
});

test('both agree on any single flipped bit and on any content', () => {
  fc.assert(
    fc.property(fc.nat(GZIP.length * 8 - 1), (bit) => {
      // Modification time, extra flags and system mean nothing.
      const idle = bit >= 4 * 8 && bit < 10 * 8;
      const bytes = GZIP.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
      // So do bits behind the last code, and of codes that no symbol uses: the text stays the same.
      const said = agreed(bytes);
      assert.ok(said === agreed(GZIP) || (!idle && said === 'SECTION_GZIP'), `bit ${bit}: ${said}`);
    }),
    { numRuns: 300 },
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), fc.constantFrom(0, 1, 6, 9), (bytes, level) => {
      assert.equal(
        agreed(new Uint8Array(gzipSync(bytes, { level }))),
        `${bytes.length} ${crc32(bytes)}`,
      );
    }),
    { numRuns: 200 },
  );
});
