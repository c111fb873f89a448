import type {
  EngineProblem,
  ProbeSink,
  ProbeTarget,
  Row,
  Series,
} from '../../../agent/probe/prober.ts';

/** A sink that keeps everything and checks the promises that every engine gives. */
export class RecordingSink implements ProbeSink {
  readonly opened: Series[] = [];
  readonly rows = new Map<number, Row[]>();
  readonly closed: number[] = [];
  readonly problems: EngineProblem[] = [];

  open(series: Series): void {
    if (this.rows.has(series.id)) throw new Error(`series ${series.id} was opened twice`);
    if (!Number.isInteger(series.t0_ms)) throw new Error(`t0 ${series.t0_ms} is no integer`);
    this.opened.push(series);
    this.rows.set(series.id, []);
  }

  row(row: Row): void {
    const rows = this.rows.get(row.series);
    const size = this.opened.find((series) => series.id === row.series)?.targets.length;
    if (rows === undefined || this.closed.includes(row.series))
      throw new Error('row without series');
    if (row.n !== rows.length) throw new Error(`row ${row.n} came after ${rows.length} rows`);
    if (row.codes.length !== size || row.rtt_us.length !== size)
      throw new Error('row of wrong size');
    rows.push(row);
  }

  close(series: number): void {
    if (this.closed.includes(series)) throw new Error(`series ${series} was closed twice`);
    this.closed.push(series);
  }

  problem(problem: EngineProblem): void {
    this.problems.push(problem);
  }

  /** Rows of the k-th series that was opened. */
  rowsOf(k: number): Row[] {
    return this.rows.get(this.opened[k]?.id ?? -1) ?? [];
  }

  /** Nominal send times of a target over all series, with its codes, in time order. */
  ticksOf(index: number): { at_ms: number; code: string }[] {
    return this.opened
      .flatMap((series) => {
        const position = series.targets.indexOf(index);
        const rows = position < 0 ? [] : (this.rows.get(series.id) ?? []);
        return rows.map((row) => ({
          at_ms: series.t0_ms + row.n * series.interval_ms,
          code: row.codes[position] ?? '?',
        }));
      })
      .toSorted((a, b) => a.at_ms - b.at_ms);
  }
}

/** The machine's clocks; `shift_ms` moves the settable one as a person would. */
export function realClock(): {
  shift_ms: number;
  monotonic_ms(): number;
  wall_ms(): number;
} {
  return {
    shift_ms: 0,
    monotonic_ms: () => Number(process.hrtime.bigint()) / 1e6,
    wall_ms() {
      return Date.now() + this.shift_ms;
    },
  };
}

export function target(
  index: number,
  address: string,
  more: Partial<ProbeTarget> = {},
): ProbeTarget {
  return {
    index,
    address,
    interval_ms: 1000,
    timeout_ms: 300,
    arp_on_silence: false,
    mac: undefined,
    ...more,
  };
}

/** Waits until `ready` holds; fails with `what` after the deadline. */
export async function until(
  what: string,
  ready: () => boolean,
  deadline_ms = 15_000,
): Promise<void> {
  const end = performance.now() + deadline_ms;
  while (!ready()) {
    if (performance.now() > end) throw new Error(`did not happen in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
