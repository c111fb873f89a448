import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import type { ClockSample } from '../../../shared/measure/batch.ts';
import { nextOffset, placeTick, runOffset } from '../../../shared/measure/clock.ts';

const sample = (mono_ms: number, wall_ms: number, sync: boolean): ClockSample => ({
  mono_ms,
  wall_ms,
  source: sync ? 'kernel' : 'none',
  sync,
  error_ms: null,
});

test('the newest synchronised sample, else the first', () => {
  assert.equal(runOffset([]), null);
  const free = [sample(1, 101, false), sample(2, 999, false)];
  assert.deepEqual(runOffset(free), { offset_ms: 100, synchronised: false });
  const mixed = [...free, sample(3, 503, true), sample(4, 505, true), sample(5, 5, false)];
  assert.deepEqual(runOffset(mixed), { offset_ms: 501, synchronised: true });
});

test('an offset follows near samples only; a step of the settable clock never moves it', () => {
  const before = { offset_ms: 1_000, synchronised: true };
  assert.deepEqual(nextOffset(before, []), before);
  assert.deepEqual(nextOffset(before, [sample(0, 2_000, true)])?.offset_ms, 2_000);
  assert.deepEqual(nextOffset(before, [sample(0, 2_001, true)]), before);
  assert.deepEqual(nextOffset(before, [sample(0, 1_001, false)]), before);
  const free = { offset_ms: 0, synchronised: false };
  const found = nextOffset(free, [sample(0, 9_000_000, true)]);
  assert.deepEqual(found, { offset_ms: 9_000_000, synchronised: true });
  assert.deepEqual(nextOffset(null, [sample(0, 7, false)]), { offset_ms: 7, synchronised: false });
});

test('a tick lies in its slot, and the next one in the next', () => {
  const ms = fc.integer({ min: 0, max: 2 ** 40 });
  fc.assert(
    fc.property(ms, fc.nat(5_000), fc.constantFrom(1_000, 5_000, 600_000), ms, (t0, j, i, off) => {
      const slot = placeTick(t0, j, i, off);
      const sent = t0 + j * i + off;
      assert.ok(slot * i <= sent && sent < (slot + 1) * i);
      assert.equal(placeTick(t0, j + 1, i, off), slot + 1);
      assert.ok(Number.isSafeInteger(slot));
    }),
  );
});
