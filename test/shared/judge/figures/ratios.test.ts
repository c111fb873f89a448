import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  affectedAtMost_ms,
  ratiosOf,
  smallestDetectableOutage_ms,
} from '../../../../shared/judge/figures/ratios.ts';
import {
  percentForClaim,
  percentOf,
  roundForClaim,
} from '../../../../shared/judge/figures/rounding.ts';
import { type FigureSums, newTally } from '../../../../shared/judge/figures/sums.ts';
import { HOUR, S } from './world.ts';

const sums = (some: Partial<FigureSums>): FigureSums => ({ ...newTally(), ...some });

test('flags change exactly at 95 and 80 %', () => {
  const flags = (unknown_ms: number, rest: Partial<FigureSums> = {}) => {
    const { coverage_low, no_headline } = ratiosOf(
      sums({ expected_ms: 10_000, unknown_ms, up_ms: 10_000 - unknown_ms, ...rest }),
    );
    return [coverage_low, no_headline];
  };
  assert.deepEqual(flags(500), [false, false]);
  assert.deepEqual(flags(501), [true, false]);
  assert.deepEqual(flags(2_000), [true, false]);
  assert.deepEqual(flags(2_001), [true, true]);
  const planned = { up_ms: 3_500, maintenance_ms: 4_000, off_ms: 2_000 };
  assert.deepEqual(flags(500, planned), [true, false], 'of the 4 000 ms that could be known');
});

test('nothing left: every ratio is null and nothing is a headline', () => {
  const { mttr_ms, mtbf_ms, coverage_low, no_headline, ...ratios } = ratiosOf(
    sums({ expected_ms: 100, maintenance_ms: 60, off_ms: 40 }),
  );
  assert.deepEqual(new Set(Object.values(ratios)), new Set([null]));
  assert.deepEqual([mttr_ms, mtbf_ms, coverage_low, no_headline], [null, null, false, true]);
});

test('mean time between failures only from ten outages on', () => {
  const nine = { expected_ms: 100 * HOUR, up_ms: 90 * HOUR, down_ms: 10 * HOUR };
  const story = { ...nine, outages: 9, ended: 9, ended_ms: 9 * HOUR };
  assert.equal(ratiosOf(sums(story)).mtbf_ms, null);
  assert.equal(ratiosOf(sums(story)).mttr_ms, HOUR);
  assert.equal(ratiosOf(sums({ ...story, outages: 10 })).mtbf_ms, 9 * HOUR);
});

test('smallest detectable outage is four intervals; device time is an upper bound', () => {
  assert.equal(smallestDetectableOutage_ms(5 * S), 20 * S);
  assert.equal(affectedAtMost_ms(sums({ down_ms: 3, unreachable_ms: 4, unknown_ms: 9 })), 7);
});

test('rounding goes against the claim', () => {
  assert.equal(percentForClaim(0.999999, 'at_least', 2), '99.99');
  assert.equal(percentForClaim(0.999999, 'at_most', 2), '100.00');
  assert.equal(percentForClaim(0.29, 'at_least', 2), '29.00', '0.29 × 100 is a little less');
  assert.equal(percentForClaim(0.07, 'at_most', 1), '7.0');
  assert.equal(roundForClaim(1.21, 'at_least', 1), '1.2');
  assert.equal(roundForClaim(1.21, 'at_most', 1), '1.3');
  assert.equal(roundForClaim(1.5, 'at_most', 0), '2');
  assert.equal(roundForClaim(-0.25, 'at_least', 1), '-0.3');
  assert.equal(roundForClaim(-0.25, 'at_most', 1), '-0.2');
  assert.equal(roundForClaim(1e-9, 'at_most', 2), '0.01');
  assert.equal(roundForClaim(1e21, 'at_least', 1), '1000000000000000000000.0');
  assert.equal(roundForClaim(null, 'at_least', 2), null);
  assert.equal(percentForClaim(null, 'at_least', 2), null);
  assert.equal(percentOf({ part: 0, whole: 0 }, 'at_least', 2), null);
  assert.throws(() => roundForClaim(Number.NaN, 'at_least', 2), RangeError);
  assert.throws(() => roundForClaim(1, 'at_least', 13), RangeError);
});

test('a printed share is never on the claim’s side, and never more than a digit off', () => {
  const month = fc.integer({ min: 1, max: 2_678_400_000 });
  fc.assert(
    fc.property(month, month, fc.integer({ min: 0, max: 4 }), (a, b, digits) => {
      const share = { part: Math.min(a, b), whole: Math.max(a, b) };
      const low = percentOf(share, 'at_least', digits);
      const high = percentOf(share, 'at_most', digits);
      assert.equal(percentForClaim(share.part / share.whole, 'at_least', digits), low);
      assert.equal(percentForClaim(share.part / share.whole, 'at_most', digits), high);
      const unit = 10n ** BigInt(digits);
      const units = (text: string | null) => BigInt(String(text).replace('.', ''));
      const exact = BigInt(share.part) * 100n * unit;
      assert.ok(units(low) * BigInt(share.whole) <= exact);
      assert.ok(units(high) * BigInt(share.whole) >= exact);
      assert.ok(units(high) - units(low) <= 1n);
    }),
    { numRuns: 3_000 },
  );
});
