import type { Share } from './ratios.ts';

/**
 * What a document claims of a value. Rounding goes against it: `at_least` is rounded down,
 * `at_most` up, so that a reader who recomputes it finds the claim no weaker than printed.
 */
export type Claim = 'at_least' | 'at_most';

/** More decimals than any document prints; keeps the integers below small. */
const DIGITS_MAX = 12;

/** Decimal text with exactly `digits` decimals (0 to 12), a point, no exponent. Null stays null. */
export function roundForClaim(value: number, claim: Claim, digits: number): string;
export function roundForClaim(value: number | null, claim: Claim, digits: number): string | null;
export function roundForClaim(value: number | null, claim: Claim, digits: number): string | null {
  if (value === null) return null;
  const { part, whole } = exact(value);
  return rounded(part, whole, claim, digits);
}

/**
 * A ratio 0 to 1 as percent. Of the shortest decimal text of the double: 0.29 is 29.00, though
 * 0.29 × 100 is not.
 */
export function percentForClaim(ratio: number, claim: Claim, digits: number): string;
export function percentForClaim(ratio: number | null, claim: Claim, digits: number): string | null;
export function percentForClaim(ratio: number | null, claim: Claim, digits: number): string | null {
  if (ratio === null) return null;
  const { part, whole } = exact(ratio);
  return rounded(part * 100n, whole, claim, digits);
}

/** A share in integers as percent, exact at any size; null: nothing to divide by. */
export function percentOf(share: Share, claim: Claim, digits: number): string | null {
  if (share.whole <= 0) return null;
  return rounded(BigInt(share.part) * 100n, BigInt(share.whole), claim, digits);
}

function rounded(part: bigint, whole: bigint, claim: Claim, digits: number): string {
  if (!Number.isInteger(digits) || digits < 0 || digits > DIGITS_MAX) {
    throw new RangeError(`digits must be a whole number from 0 to ${DIGITS_MAX}`);
  }
  const scaled = part * 10n ** BigInt(digits);
  let units = scaled / whole;
  // Division of integers cuts towards zero: mend it to floor, then to ceiling.
  if (units * whole > scaled) units -= 1n;
  if (claim === 'at_most' && units * whole < scaled) units += 1n;
  const sign = units < 0n ? '-' : '';
  const text = (units < 0n ? -units : units).toString().padStart(digits + 1, '0');
  if (digits === 0) return sign + text;
  return `${sign}${text.slice(0, -digits)}.${text.slice(-digits)}`;
}

function exact(value: number): { part: bigint; whole: bigint } {
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(value));
  if (match === null) throw new RangeError(`${value} is no finite number`);
  const [, sign = '', whole = '0', decimals = '', exponent = '0'] = match;
  const part = BigInt(`${sign}${whole}${decimals}`);
  const shift = Number(exponent) - decimals.length;
  if (shift >= 0) return { part: part * 10n ** BigInt(shift), whole: 1n };
  return { part, whole: 10n ** BigInt(-shift) };
}
