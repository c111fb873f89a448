/** First wait after a failure, ms. */
export const BACKOFF_MS_MIN = 1_000;
/** Longest wait that the agent chooses itself: after an outage data flows within a minute. */
export const BACKOFF_MS_MAX = 60_000;
/** A collector may ask for more patience, but not for so much that the office looks dead. */
export const RETRY_AFTER_MS_MAX = 3_600_000;
const SECOND_MS = 1_000;

/**
 * Exponential waits with jitter (half fixed, half random), so that the agents of a province do
 * not come back in one burst after an outage. `random` gives 0 ≤ x < 1.
 */
export class Backoff {
  readonly #random: () => number;
  #failures = 0;

  constructor(random: () => number) {
    this.#random = random;
  }

  get failures(): number {
    return this.#failures;
  }

  /** The wait after one more failure, ms; never shorter than the collector asked for. */
  next_ms(retry_after_ms = 0): number {
    const ceiling_ms = Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** Math.min(this.#failures, 16));
    this.#failures += 1;
    const own_ms = ceiling_ms / 2 + (this.#random() * ceiling_ms) / 2;
    const asked_ms = Math.min(retry_after_ms, RETRY_AFTER_MS_MAX);
    // Asked to wait by the clock, all agents would return at the same moment.
    return asked_ms > 0 ? asked_ms + this.#random() * BACKOFF_MS_MIN : own_ms;
  }

  reset(): void {
    this.#failures = 0;
  }
}

/** `Retry-After` in ms: seconds or an HTTP date (RFC 9110 §10.2.3); 0 where it says nothing. */
export function retryAfterMs(header: string | undefined, date: string | undefined): number {
  if (header === undefined) return 0;
  if (/^\d{1,9}$/.test(header)) return Number(header) * SECOND_MS;
  const until = Date.parse(header);
  // Against the answer's own date: the agent's clock may be wrong by years.
  const now = Date.parse(date ?? '');
  return Number.isNaN(until) || Number.isNaN(now) ? 0 : Math.max(0, until - now);
}
