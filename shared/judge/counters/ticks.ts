/** sysUpTime is 32 bits of hundredths of a second: it begins anew after 497 days. */
export const TICKS_WRAP = 2 ** 32;
export const TICK_MS = 10;
/** Slow answers and coarse clocks: a sysUpTime this near to the expected one ran on, ms. */
export const TOLERANCE_MS = 50_000;
/** How far `now` is from what `before` lets expect, ms, in [−2^31, 2^31) ticks. */
export function drift(before: number, now: number, elapsed_ms: number): number {
  const half = TICKS_WRAP / 2;
  const ticks = now - before - elapsed_ms / TICK_MS + half;
  return ((((ticks % TICKS_WRAP) + TICKS_WRAP) % TICKS_WRAP) - half) * TICK_MS;
}
