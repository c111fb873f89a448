import type { RawCode } from '../../shared/measure/codes.ts';
import type { CheckDetail, ProbeSink, Series } from './prober.ts';

/** Inner state of one cell; the index is what a Uint8Array holds. */
const CELL_CODES: readonly RawCode[] = ['x', 'r', 'n', 'a', 'x', 'n'];
const EMPTY = 0;
const CELL_OF: Readonly<Record<Exclude<RawCode, 'l'>, number>> = { r: 1, n: 2, a: 3, x: 4 };
const HELD = 5;

interface Tick {
  readonly cells: Uint8Array;
  readonly rtt_us: Int32Array;
  empty: number;
  held: number;
  lag_ms: number;
  /** Only checks have any. */
  details: (CheckDetail | undefined)[] | undefined;
}

/**
 * Keeps the ticks of one series until every target has its verdict and hands them to the sink as
 * rows, in order and without gaps. It owns no timer: whoever measures calls `advance` with the
 * monotonic time, and a tick that stayed incomplete for `patience_ms` becomes `x` where it is
 * empty, because then nothing can be said (engine silent).
 */
export class SeriesBook {
  readonly series: Series;
  readonly #sink: ProbeSink;
  readonly #patience_ms: number;
  readonly #ticks: Tick[] = [];
  #first = 0;
  #end = Number.POSITIVE_INFINITY;
  #closed = false;

  /** Opens the series at the sink. `patience_ms` counts from the tick's nominal send time. */
  constructor(sink: ProbeSink, series: Series, patience_ms: number) {
    this.series = series;
    this.#sink = sink;
    this.#patience_ms = patience_ms;
    sink.open(series);
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Nominal send time of tick n, monotonic ms. */
  sentAt(n: number): number {
    return this.series.t0_ms + n * this.series.interval_ms;
  }

  /** When the first tick without a row is or was due, monotonic ms. */
  get next_ms(): number {
    return this.sentAt(this.#first);
  }

  /** Whether tick n may still take verdicts. */
  takes(n: number): boolean {
    return !this.#closed && Number.isInteger(n) && n >= this.#first && n < this.#end;
  }

  /** The verdict of one target; the first one stands, except that a held cell is filled. */
  set(
    n: number,
    position: number,
    code: Exclude<RawCode, 'l'>,
    rtt_us: number,
    detail?: CheckDetail,
  ): void {
    if (!this.takes(n)) return;
    const tick = this.#tick(n);
    const cell = tick.cells[position];
    if (cell === EMPTY) tick.empty -= 1;
    else if (cell === HELD) tick.held -= 1;
    else return;
    tick.cells[position] = CELL_OF[code];
    tick.rtt_us[position] = code === 'r' ? rtt_us : -1;
    if (detail === undefined) return;
    tick.details ??= this.series.targets.map(() => undefined);
    tick.details[position] = detail;
  }

  /**
   * Marks a cell as `n` that a second question may still turn into something else. The row waits
   * for `set`; whoever holds a cell has a deadline of its own. False if there is nothing to hold.
   */
  hold(n: number, position: number): boolean {
    if (!this.takes(n)) return false;
    const tick = this.#tick(n);
    if (tick.cells[position] !== EMPTY) return false;
    tick.cells[position] = HELD;
    tick.empty -= 1;
    tick.held += 1;
    return true;
  }

  /** Notes how much later than nominal tick n was sent; the greatest one stands. */
  lag(n: number, lag_ms: number): void {
    if (!this.takes(n)) return;
    const tick = this.#tick(n);
    if (lag_ms > tick.lag_ms) tick.lag_ms = Math.round(lag_ms);
  }

  /** No tick sent at or after `before_ms` belongs to this series any more. */
  retire(before_ms: number): void {
    const end = Math.ceil((before_ms - this.series.t0_ms) / this.series.interval_ms);
    this.#end = Math.min(this.#end, Math.max(end, this.#first));
    this.#ticks.length = Math.min(this.#ticks.length, this.#end - this.#first);
  }

  /** Emits what is complete or overdue at `now_ms`; closes the series after its last tick. */
  advance(now_ms: number): void {
    while (!this.#closed) {
      if (this.#first >= this.#end) {
        this.#close();
        return;
      }
      const overdue = now_ms > this.sentAt(this.#first) + this.#patience_ms;
      const tick = overdue ? this.#tick(this.#first) : this.#ticks[0];
      if (tick === undefined || tick.held > 0 || (tick.empty > 0 && !overdue)) return;
      this.#emit(tick);
    }
  }

  /** Emits every tick sent until `now_ms` with what is known, and closes. */
  finish(now_ms: number): void {
    while (!this.#closed && this.#first < this.#end && this.sentAt(this.#first) <= now_ms) {
      this.#emit(this.#tick(this.#first));
    }
    this.#close();
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#ticks.length = 0;
    this.#sink.close(this.series.id);
  }

  #emit(tick: Tick): void {
    const n = this.#first;
    this.#ticks.shift();
    this.#first += 1;
    const codes = Array.from(tick.cells, (cell) => CELL_CODES[cell] ?? 'x');
    const rtt_us = Array.from(tick.rtt_us);
    const { lag_ms, details } = tick;
    const row = { series: this.series.id, n, codes, rtt_us, lag_ms };
    this.#sink.row(details === undefined ? row : { ...row, details });
  }

  #tick(n: number): Tick {
    const size = this.series.targets.length;
    for (let have = this.#ticks.length; have <= n - this.#first; have += 1) {
      const rtt_us = new Int32Array(size).fill(-1);
      const cells = new Uint8Array(size);
      this.#ticks.push({ cells, rtt_us, empty: size, held: 0, lag_ms: 0, details: undefined });
    }
    const tick = this.#ticks[n - this.#first];
    if (tick === undefined) throw new RangeError(`tick ${n} of series ${this.series.id} is gone`);
    return tick;
  }
}
