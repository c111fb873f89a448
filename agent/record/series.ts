import type { CodeRun, RttColumns, SeriesPart } from '../../shared/measure/batch.ts';
import type { RawCode, SeriesProbe } from '../../shared/measure/codes.ts';
import type { Row, Series } from '../probe/prober.ts';

/** Lags up to this are the normal jitter of a scheduler and are not written down, ms. */
export const LAG_MS_MIN = 20;
const MINUTE_MS = 60_000;

/**
 * Probes whose round trips are written down. Checks tell their phases instead, and of large echoes
 * only the losses say something: their times would cost a site a megabyte a day.
 */
const TIMED: ReadonlySet<SeriesProbe> = new Set(['icmp', 'arp', 'snmp']);

/** Turns the runs of one target into its text; the codec of shared/measure/runs.ts. */
export type EncodeRuns = (runs: readonly CodeRun[]) => string;

interface Tick {
  readonly n: number;
  readonly codes: readonly RawCode[];
  readonly lag_ms: number;
}

/** What a seal takes out of a series: rows before `boundary_ms`, round trips of closed minutes. */
export interface Cut {
  /** UTC ms; rows of ticks placed at or after it stay for the next batch. */
  readonly boundary_ms: number;
  readonly offset_ms: number;
  /** True where the batch closes the minute that ends at `boundary_ms`. */
  readonly closes_minute: boolean;
}

/**
 * One series inside the open batch: rows that no batch has yet, and the round trips of the
 * current minute, which outlive early batches. Positions are those of the series' targets.
 */
export class SeriesRecord {
  readonly series: Series;
  /** Version of the target list whose indexes the series uses. */
  readonly list_version: number;
  closed = false;
  #ticks: Tick[] = [];
  #next = 0;
  /** Per UTC minute (its number since 1970), per position: round trips in µs. */
  readonly #rtt = new Map<number, number[][]>();

  constructor(series: Series, list_version: number) {
    this.series = series;
    this.list_version = list_version;
  }

  /** Monotonic ms of the first tick without a row. */
  get next_mono_ms(): number {
    return this.sentAt(this.#next);
  }

  get empty(): boolean {
    return this.#ticks.length === 0;
  }

  sentAt(n: number): number {
    return this.series.t0_ms + n * this.series.interval_ms;
  }

  /** `codes` are the row's codes after the carrier was looked at. */
  add(row: Row, codes: readonly RawCode[], offset_ms: number): void {
    this.#ticks.push({ n: row.n, codes, lag_ms: row.lag_ms });
    this.#next = row.n + 1;
    if (!TIMED.has(this.series.probe)) return;
    const minute = Math.floor((this.sentAt(row.n) + offset_ms) / MINUTE_MS);
    let trips = this.#rtt.get(minute);
    for (const [position, rtt_us] of row.rtt_us.entries()) {
      if (rtt_us < 0 || codes[position] !== 'r') continue;
      if (trips === undefined) {
        trips = this.series.targets.map(() => []);
        this.#rtt.set(minute, trips);
      }
      trips[position]?.push(rtt_us);
    }
  }

  /** Whether a row of a tick placed before `boundary_ms` is still to come. */
  waits(boundary_ms: number, offset_ms: number): boolean {
    return !this.closed && this.next_mono_ms + offset_ms < boundary_ms;
  }

  /**
   * Removes the rows that the cut takes and returns them as one part per section; `sections`
   * splits the positions (PCs stand apart). Undefined where there was nothing to take.
   */
  take(cut: Cut, sections: readonly (readonly number[])[], encode: EncodeRuns): SeriesPart[] {
    const end = this.#ticks.findIndex(({ n }) => this.sentAt(n) + cut.offset_ms >= cut.boundary_ms);
    const ticks = end < 0 ? this.#ticks : this.#ticks.slice(0, end);
    this.#ticks = end < 0 ? [] : this.#ticks.slice(end);
    const trips = this.#takeTrips(cut, ticks);
    const first = ticks[0];
    if (first === undefined) return [];
    return sections
      .filter((positions) => positions.length > 0)
      .map((positions) => this.#part(first.n, ticks, positions, trips, encode));
  }

  #part(
    n0: number,
    ticks: readonly Tick[],
    positions: readonly number[],
    trips: readonly (readonly number[])[] | undefined,
    encode: EncodeRuns,
  ): SeriesPart {
    const { probe, check = 0, t0_ms, interval_ms, targets } = this.series;
    const lag = ticks
      .filter(({ lag_ms }) => lag_ms > LAG_MS_MIN)
      .map(({ n, lag_ms }): readonly [number, number] => [n, Math.round(lag_ms)]);
    return {
      probe,
      ...(check === 0 ? {} : { check }),
      t0: t0_ms,
      i: interval_ms,
      n0,
      n: ticks.length,
      targets: positions.map((position) => targets[position] ?? 0),
      s: positions.map((position) => encode(runsOf(ticks, position))),
      ...(lag.length === 0 ? {} : { lag }),
      ...(trips === undefined ? {} : { rtt: rttColumns(positions.map((p) => trips[p] ?? [])) }),
    };
  }

  /** Round trips go into the batch that closes their minute, or the last one that has a row. */
  #takeTrips(cut: Cut, ticks: readonly Tick[]): number[][] | undefined {
    const last = ticks.at(-1);
    if (last === undefined) return undefined;
    const minute = Math.floor((this.sentAt(last.n) + cut.offset_ms) / MINUTE_MS);
    const more = !this.closed && this.next_mono_ms + cut.offset_ms < (minute + 1) * MINUTE_MS;
    if (!cut.closes_minute && more) return undefined;
    const trips = this.#rtt.get(minute);
    for (const known of this.#rtt.keys()) if (known <= minute) this.#rtt.delete(known);
    return trips;
  }
}

function runsOf(ticks: readonly Tick[], position: number): CodeRun[] {
  const runs: { code: RawCode; ticks: number }[] = [];
  for (const tick of ticks) {
    const code = tick.codes[position] ?? 'x';
    const last = runs.at(-1);
    if (last?.code === code) last.ticks += 1;
    else runs.push({ code, ticks: 1 });
  }
  return runs;
}

/** Nearest-rank quantiles (no interpolation), so that every figure is a measured value. */
function rttColumns(trips: readonly (readonly number[])[]): RttColumns {
  const sorted = trips.map((list) => [...list].sort((a, b) => a - b));
  const rank = (share: number) =>
    sorted.map((list) => list[Math.max(0, Math.ceil(share * list.length) - 1)] ?? null);
  return { min: rank(0), med: rank(0.5), p95: rank(0.95), max: rank(1) };
}
