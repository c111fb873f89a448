const FIRST_MS = 250;
const MAX_MS = 10_000;
/** A process that lived this long has earned a fresh start. */
const STABLE_MS = 30_000;

/** Pauses between restarts: 250 ms, doubled up to 10 s, anew after a stable life. */
export class Backoff {
  #next_ms = FIRST_MS;

  /** The process has lived for `age_ms`. */
  alive(age_ms: number): void {
    if (age_ms > STABLE_MS) this.#next_ms = FIRST_MS;
  }

  /** How long to wait before the next start, ms. */
  pause_ms(): number {
    const pause_ms = this.#next_ms;
    this.#next_ms = Math.min(pause_ms * 2, MAX_MS);
    return pause_ms;
  }
}
