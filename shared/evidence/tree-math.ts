/**
 * Whole-number arithmetic for trees of up to 2^53 − 1 leaves. JavaScript's shift operators work
 * on 32 bits and would silently wrap, hence division.
 */

export function isTreeSize(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

/** Throws a RangeError on what cannot be a number of leaves. */
export function checkTreeSize(value: number): void {
  if (!isTreeSize(value)) throw new RangeError(`not a tree size: ${value}`);
}

/** Floor of half: one level up in the tree. */
export function half(value: number): number {
  return Math.floor(value / 2);
}

export function isPowerOfTwo(value: number): boolean {
  return value >= 1 && countBits(value) === 1;
}

/** Set bits of a size: the number of complete subtrees that make up such a tree. */
export function countBits(value: number): number {
  let bits = 0;
  for (let rest = value; rest > 0; rest = half(rest)) bits += rest % 2;
  return bits;
}

/** The largest power of two smaller than `value` (≥ 2): where RFC 6962 splits a tree. */
export function largestPowerBelow(value: number): number {
  let power = 1;
  while (power * 2 < value) power *= 2;
  return power;
}
