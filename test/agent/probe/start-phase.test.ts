import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { alignStart, spreadStarts } from '../../../agent/probe/start-phase.ts';
import { INTERVALS_S } from '../../../shared/measure/codes.ts';

const OFFSET = fc.integer({ min: 1_700_000_000_000, max: 1_900_000_000_000 });

test('a start lies 250 ms behind a full second, within one second', () => {
  fc.assert(
    fc.property(fc.nat(1e9), OFFSET, fc.constantFrom(...INTERVALS_S), (earliest, offset, s) => {
      const start = alignStart(earliest, offset, s * 1000, 0);
      assert.ok(start >= earliest && start < earliest + 1000);
      assert.equal((start + offset) % 1000, 250);
    }),
  );
});

test('with ARP the rest of the slot holds the time-out and the request', () => {
  fc.assert(
    fc.property(
      fc.nat(1e9),
      OFFSET,
      fc.constantFrom(5, 10, 30, 60),
      fc.integer({ min: 1, max: 4700 }),
      (earliest, offset, s, needed) => {
        const start = alignStart(earliest, offset, s * 1000, needed);
        assert.ok(start >= earliest && start <= earliest + needed + 1250);
        assert.ok(((start + offset) % (s * 1000)) + needed <= s * 1000);
      },
    ),
  );
});

test('bursts hold every target once, in its slot, with room for the verdict', () => {
  fc.assert(
    fc.property(
      fc.nat(1e9),
      OFFSET,
      fc.constantFrom(...INTERVALS_S),
      fc.nat(200),
      fc.integer({ min: 50, max: 10_000 }),
      (earliest, offset, s, count, timeout) => {
        const interval = s * 1000;
        const timeout_ms = Math.min(timeout, interval - 100);
        const targets = Array.from({ length: count }, (_, k) => k);
        const bursts = spreadStarts(targets, earliest, offset, interval, timeout_ms);
        assert.deepEqual(
          bursts.flatMap(({ members }) => members),
          targets,
        );
        assert.ok(bursts.length <= 4);
        const slots = bursts.map(({ start_ms }) => Math.floor((start_ms + offset) / interval));
        assert.ok(new Set(slots).size <= 1);
        for (const { start_ms } of bursts) {
          assert.equal((start_ms + offset) % 1000, 250);
          assert.ok(start_ms >= earliest && start_ms < earliest + timeout_ms + 7_000);
          const left_ms = interval - ((start_ms + offset) % interval);
          if (interval >= 60_000) assert.ok(left_ms >= timeout_ms);
        }
      },
    ),
  );
});
