import assert from 'node:assert/strict';
import test from 'node:test';
import { gzipSync } from 'node:zlib';
import { utf8 } from '../../../shared/bytes.ts';
import { SECTION_INFLATED_BYTES_MAX } from '../../../shared/measure/batch.ts';
import { packSection, unpackSection } from '../../../shared/node/section-bytes.ts';

const json = utf8('{"v":1,"series":[]}');
const salt = new Uint8Array(16).fill(9);

test('packed and unpacked; private sections stand behind their salt', () => {
  const infra = packSection('infra', json, null);
  assert.deepEqual([infra[0], infra[1], infra[9]], [0x1f, 0x8b, 255]);
  assert.deepEqual([...infra.subarray(4, 8)], [0, 0, 0, 0]);
  assert.deepEqual(packSection('infra', json, null), infra);
  assert.deepEqual(new Uint8Array(unpackSection('infra', infra)), json);
  for (const name of ['endpoints', 'identity'] as const) {
    const bytes = packSection(name, json, salt);
    assert.deepEqual(bytes.subarray(0, 16), salt);
    assert.deepEqual(new Uint8Array(unpackSection(name, bytes)), json);
  }
  assert.throws(() => packSection('infra', json, salt), TypeError);
  assert.throws(() => packSection('endpoints', json, null), TypeError);
});

test('bad gzip is refused', () => {
  const infra = packSection('infra', json, null);
  const flipped = infra.map((byte, at) => (at === infra.length - 6 ? byte ^ 1 : byte));
  const bad = [new Uint8Array(), json, infra.subarray(0, -1), flipped];
  for (const bytes of bad) {
    assert.throws(() => unpackSection('infra', bytes), { code: 'SECTION_GZIP', place: 'infra' });
  }
  assert.throws(() => unpackSection('endpoints', infra.subarray(0, 16)), { code: 'SECTION_GZIP' });
});

test('inflating stops at the limit', () => {
  const fits = gzipSync(new Uint8Array(SECTION_INFLATED_BYTES_MAX));
  assert.equal(unpackSection('infra', fits).length, SECTION_INFLATED_BYTES_MAX);
  const bomb = gzipSync(new Uint8Array(SECTION_INFLATED_BYTES_MAX + 1));
  assert.throws(() => unpackSection('infra', bomb), { code: 'SECTION_TOO_LARGE', place: 'infra' });
});
