import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { RunClock, SAMPLE_GAP_MS } from '../../agent/clock.ts';
import type { ClockSample } from '../../shared/measure/batch.ts';
import { nextOffset, type RunOffset } from '../../shared/measure/clock.ts';

const UTC_MS = 1_790_000_040_000;
const EVERY_MS = 30_000;

function sample(mono_ms: number, apart_ms: number, more: Partial<ClockSample> = {}): ClockSample {
  const wall_ms = mono_ms + UTC_MS + apart_ms;
  return { mono_ms, wall_ms, source: 'kernel', sync: true, error_ms: 5, ...more };
}

test('a steady clock is written at the start and every ten minutes', () => {
  const clock = new RunClock();
  const written: number[] = [];
  for (let ms = 0; ms < 3 * SAMPLE_GAP_MS; ms += EVERY_MS) {
    clock.kernel(sample(ms, (ms / EVERY_MS) % 3));
    const collector = sample(ms + 1, 4, { source: 'collector', error_ms: 1 });
    clock.collector(collector, UTC_MS);
    written.push(...clock.takeSamples().map(({ mono_ms }) => mono_ms));
  }
  assert.deepEqual(written, [0, SAMPLE_GAP_MS, 2 * SAMPLE_GAP_MS]);
});

test('another state, another source and a step are written at once', () => {
  const clock = new RunClock();
  const told = (next: ClockSample) => {
    clock.kernel(next);
    return clock.takeSamples().length;
  };
  assert.equal(told(sample(0, 0)), 1);
  assert.equal(told(sample(30_000, 2)), 0);
  assert.equal(told(sample(60_000, 2, { sync: false })), 1);
  assert.equal(told(sample(90_000, 2, { sync: false })), 0);
  assert.equal(told(sample(120_000, 2)), 1);
  assert.equal(told(sample(150_000, 2, { source: 'chrony' })), 1);
  assert.equal(told(sample(180_000, 202, { source: 'chrony' })), 1);
});

test('a free clock is led by the collector, at most once in ten minutes', () => {
  const clock = new RunClock();
  clock.kernel(sample(0, 0, { sync: false, source: 'none', error_ms: null }));
  const collector = { source: 'collector', error_ms: 10 } as const;
  clock.collector(sample(1_000, 100, collector), UTC_MS);
  assert.equal(clock.synchronised, true);
  for (let ms = 60_000; ms < SAMPLE_GAP_MS; ms += 60_000) {
    clock.collector(sample(ms, 150, collector), UTC_MS);
  }
  assert.equal(clock.offset_ms, UTC_MS + 100);
  clock.collector(sample(SAMPLE_GAP_MS + 1_000, 150, collector), UTC_MS);
  assert.equal(clock.offset_ms, UTC_MS + 150);
  assert.equal(clock.takeSamples().length, 3);
});

test('the agent places with the offset that a reader of its headers computes', () => {
  const steps = fc.array(
    fc.record({
      minutes: fc.integer({ min: 0, max: 12 }),
      apart_ms: fc.oneof(
        fc.integer({ min: -40, max: 40 }),
        fc.integer({ min: -5_000, max: 5_000 }),
      ),
      from: fc.constantFrom('kernel', 'kernel', 'collector'),
      sync: fc.boolean(),
      stepped: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
      seal: fc.boolean(),
    }),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(steps, (list) => {
      const clock = new RunClock();
      let read: RunOffset | null = null;
      let mono_ms = 0;
      const seal = () => {
        read = nextOffset(read, clock.takeSamples());
        assert.equal(read?.offset_ms, clock.offset_ms);
        assert.equal(read?.synchronised ?? false, clock.synchronised);
      };
      clock.kernel(sample(0, 0, { sync: false }));
      for (const { minutes, apart_ms, from, sync, stepped, seal: now } of list) {
        mono_ms += minutes * 60_000 + 1;
        if (stepped) clock.stepped();
        const next = sample(mono_ms, apart_ms, from === 'kernel' ? { sync } : { source: from });
        const verdict =
          from === 'kernel' ? clock.kernel(next) : clock.collector(next, UTC_MS + apart_ms);
        if (now || verdict === 'new_run') seal();
        if (verdict !== 'new_run') continue;
        clock.restart(sample(mono_ms, apart_ms, { sync: false }));
        read = null;
      }
      seal();
    }),
    { numRuns: 300 },
  );
});
