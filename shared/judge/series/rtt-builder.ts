import type { RttColumns } from '../../measure/batch.ts';
import { DAY_MINUTES, type RttMinutes } from './types.ts';

/** min, med, p95, max. */
const CELLS = 4;
const NONE = -1;

/** Round trips of one device over the minutes of one day, µs. */
export class RttBuilder {
  readonly #cells = new Int32Array(DAY_MINUTES * CELLS).fill(NONE);

  /**
   * Takes in what position `at` of the columns says of a minute. Where a minute has two parts (an
   * engine was started again) each of the four keeps its further, for quantiles the worse bound.
   */
  add(minute: number, rtt: RttColumns, at: number): void {
    const [min = null, med = null] = [rtt.min[at], rtt.med[at]];
    const [p95 = null, max = null] = [rtt.p95[at], rtt.max[at]];
    if (min === null || med === null || p95 === null || max === null) return;
    const cells = this.#cells;
    const first = minute * CELLS;
    const before = cells[first] ?? NONE;
    cells[first] = before === NONE ? min : Math.min(before, min);
    for (const [k, us] of [med, p95, max].entries()) {
      cells[first + 1 + k] = Math.max(cells[first + 1 + k] ?? NONE, us);
    }
  }

  /** Only of minutes marked in `answered`; null where nothing is left. */
  minutes(answered: Uint8Array): RttMinutes | null {
    const cells = this.#cells;
    let any = false;
    const column = (k: number): (number | null)[] =>
      Array.from(answered, (known, minute) => {
        const us = cells[minute * CELLS + k] ?? NONE;
        if (known === 0 || us === NONE) return null;
        any = true;
        return us;
      });
    const [min, med, p95, max] = [column(0), column(1), column(2), column(3)];
    return any ? { min, med, p95, max } : null;
  }
}
