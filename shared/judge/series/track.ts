import type { CounterDelta } from '../counters/types.ts';
import { type CounterTrack, DAY_MS, type PortMetric } from './types.ts';

/** What counts nothing most of the time: long runs of zeros are joined to one. */
const SPARSE: ReadonlySet<PortMetric> = new Set([
  'in_errors',
  'out_errors',
  'in_discards',
  'out_discards',
]);

/** MIB objects by metric; packets are the sum of the three kinds that a port counts. */
const METRIC_OF: ReadonlyMap<string, PortMetric> = new Map(
  [['in', 'In'] as const, ['out', 'Out'] as const].flatMap(
    ([direction, word]): [string, PortMetric][] => [
      ...['', 'HC'].flatMap((wide): [string, PortMetric][] => [
        [`if${wide}${word}Octets`, `${direction}_octets`],
        ...['Ucast', 'Multicast', 'Broadcast'].map((kind): [string, PortMetric] => [
          `if${wide}${word}${kind}Pkts`,
          `${direction}_packets`,
        ]),
      ]),
      [`if${word}Errors`, `${direction}_errors`],
      [`if${word}Discards`, `${direction}_discards`],
    ],
  ),
);
/** The columns that metrics are made of. */
export const COUNTED: ReadonlySet<string> = new Set(METRIC_OF.keys());

/** Gathers what one counter counted between readings that touch one UTC day. */
export class TrackBuilder {
  readonly #day_ms: number;
  readonly #joins_zeros: boolean;
  readonly #times_ms: number[] = [];
  readonly #deltas: (number | null)[] = [];

  constructor(day_ms: number, metric: PortMetric) {
    this.#day_ms = day_ms;
    this.#joins_zeros = SPARSE.has(metric);
  }

  /** In order of time; `delta` null: not valid. */
  add(from_ms: number, to_ms: number, delta: number | null): void {
    if (to_ms <= this.#day_ms || from_ms >= this.#day_ms + DAY_MS) return;
    const last_ms = this.#times_ms.at(-1);
    if (last_ms === undefined) {
      if (delta === null || to_ms <= from_ms) return;
      this.#times_ms.push(from_ms);
    } else {
      if (to_ms <= last_ms) return;
      if (from_ms > last_ms) this.#push(from_ms, null);
      // The agent's clock was placed anew: of a span that is known already nothing is said twice.
      if (from_ms < last_ms) {
        this.#push(to_ms, null);
        return;
      }
    }
    this.#push(to_ms, delta);
  }

  #push(to_ms: number, delta: number | null): void {
    const before = this.#deltas.at(-1);
    const joins = delta === null || (delta === 0 && this.#joins_zeros);
    if (joins && before === delta) {
      this.#times_ms[this.#times_ms.length - 1] = to_ms;
      return;
    }
    this.#times_ms.push(to_ms);
    this.#deltas.push(delta);
  }

  /** Null: nothing valid. */
  track(): CounterTrack | null {
    const end = this.#deltas.findLastIndex((delta) => delta !== null) + 1;
    if (end === 0) return null;
    return { times_ms: this.#times_ms.slice(0, end + 1), deltas: this.#deltas.slice(0, end) };
  }
}

export interface MetricDelta {
  readonly port: number;
  readonly metric: PortMetric;
  readonly from_ms: number;
  readonly to_ms: number;
  /** Null: not valid. */
  readonly count: number | null;
}

/** Deltas of one reading of a device, port after port, as counts of metrics. */
export function metricDeltas(deltas: readonly CounterDelta[]): MetricDelta[] {
  const out: MetricDelta[] = [];
  let first = 0;
  for (const { port, column, from_ms, to_ms, delta } of deltas) {
    const metric = METRIC_OF.get(column);
    if (metric === undefined) continue;
    if (out[first]?.port !== port) first = out.length;
    const count = delta === null ? null : exact(Number(delta));
    const made = { port, metric, from_ms, to_ms, count };
    let at = first;
    while (at < out.length && out[at]?.metric !== metric) at += 1;
    const part = out[at];
    out[at] = part === undefined ? made : sumOf(part, made);
  }
  return out;
}

/** Parts that were counted over different times are no sum. */
function sumOf(a: MetricDelta, b: MetricDelta): MetricDelta {
  const same = a.from_ms === b.from_ms && a.to_ms === b.to_ms;
  const count = same && a.count !== null && b.count !== null ? exact(a.count + b.count) : null;
  return { ...a, from_ms: Math.min(a.from_ms, b.from_ms), count };
}

/** Beyond 2^53 no line counts within a gap that is valid; it would not be exact either. */
function exact(count: number): number | null {
  return Number.isSafeInteger(count) ? count : null;
}
