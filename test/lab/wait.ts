import { setTimeout as pause } from 'node:timers/promises';

const POLL_MS = 100;

/** Monotonic ms with fractions. */
export const monotonic_ms = (): number => performance.now();

/**
 * Polls until `look` gives something that is neither null, undefined nor false.
 * @throws Error with `what` when `within_ms` have passed.
 */
export async function until<T>(
  what: string,
  within_ms: number,
  look: () => Promise<T | null | undefined | false> | T | null | undefined | false,
  poll_ms = POLL_MS,
): Promise<T> {
  const deadline_ms = monotonic_ms() + within_ms;
  for (;;) {
    const found = await look();
    if (found !== null && found !== undefined && found !== false) return found;
    if (monotonic_ms() > deadline_ms) throw new Error(`not within ${within_ms} ms: ${what}`);
    await pause(poll_ms);
  }
}

/** A fault lasts as long as the script says: this is the script's clock, not a synchronisation. */
export const lasts = (ms: number): Promise<void> => pause(Math.max(0, ms));
