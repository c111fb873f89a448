import { COUNTERS } from './columns.ts';
import type { RowResult } from './deltas.ts';
import type { OpenWindow, PortState } from './state.ts';
import { type CounterDelta, type ErrorRatio, RATIO_METRICS, type RatioMetric } from './types.ts';

/** Windows are the UTC multiples of this, ms (accounting §6). */
export const WINDOW_MS = 300_000;
/** Errors and packets of one poll are read within this; further apart they are no pair, ms. */
const PAIR_MS = 30_000;

/** Late collisions are of frames that the port sent, the others of frames that it received. */
const METRICS: Readonly<Record<RatioMetric, { readonly column: string; readonly of: Side }>> = {
  in_errors: { column: 'ifInErrors', of: 'in' },
  fcs: { column: 'dot3StatsFCSErrors', of: 'in' },
  alignment: { column: 'dot3StatsAlignmentErrors', of: 'in' },
  late_collisions: { column: 'dot3StatsLateCollisions', of: 'out' },
};
type Side = 'in' | 'out';
const UNICAST: Readonly<Record<Side, readonly string[]>> = {
  in: ['ifHCInUcastPkts', 'ifInUcastPkts'],
  out: ['ifHCOutUcastPkts', 'ifOutUcastPkts'],
};

/**
 * Takes the deltas of one row into the port's open window. A window begins and ends with the first
 * readings of packets, with errors just before them, in it and in the next one.
 */
export function feedRatios(
  index: number,
  port: PortState,
  { deltas, begun }: RowResult,
  at_ms: number,
): ErrorRatio[] {
  const { window } = port;
  if (window !== null) {
    for (const delta of deltas) add(window, delta);
    // What was not counted from the window's begin on is not all of it.
    for (const name of begun) spoil(window, name);
  }
  const number = Math.floor(at_ms / WINDOW_MS);
  if (window?.number === number || !readsPackets(port, at_ms)) return [];
  const out = window === null ? [] : close(index, window, number, at_ms, port);
  port.window = open(port, number, at_ms);
  return out;
}

function readsPackets(port: PortState, at_ms: number): boolean {
  return [...UNICAST.in, ...UNICAST.out].some((name) => port.cells[name]?.at_ms === at_ms);
}

function fresh(port: PortState, name: string, at_ms: number): boolean {
  const cell = port.cells[name];
  return cell !== undefined && at_ms - cell.at_ms <= PAIR_MS;
}

function open(port: PortState, number: number, at_ms: number): OpenWindow {
  const side = (of: Side) => (UNICAST[of].some((name) => fresh(port, name, at_ms)) ? '0' : null);
  const errors: OpenWindow['errors'] = {};
  for (const metric of RATIO_METRICS) {
    if (fresh(port, METRICS[metric].column, at_ms)) errors[metric] = '0';
  }
  return {
    number,
    measured_from_ms: at_ms,
    in_packets: side('in'),
    out_packets: side('out'),
    errors,
  };
}

function add(window: OpenWindow, { column, from_ms, delta }: CounterDelta): void {
  const counter = COUNTERS.get(column);
  if (counter === undefined) return;
  // It began long before the window, so that a part of it belongs elsewhere.
  if (delta === null || from_ms < window.measured_from_ms - PAIR_MS) {
    spoil(window, column);
    return;
  }
  if (counter.kind === 'packets') {
    const side = `${counter.direction}_packets` as const;
    window[side] = plus(window[side], delta);
  }
  for (const metric of RATIO_METRICS) {
    const sum = window.errors[metric];
    if (METRICS[metric].column !== column || sum === undefined) continue;
    window.errors[metric] = plus(sum, delta);
  }
}

function plus(sum: string | null, delta: bigint): string | null {
  return sum === null ? null : (BigInt(sum) + delta).toString();
}

function spoil(window: OpenWindow, column: string): void {
  const counter = COUNTERS.get(column);
  if (counter?.kind === 'packets') window[`${counter.direction}_packets`] = null;
  for (const metric of RATIO_METRICS) {
    if (METRICS[metric].column === column && window.errors[metric] !== undefined) {
      window.errors[metric] = null;
    }
  }
}

function close(
  port: number,
  window: OpenWindow,
  number: number,
  at_ms: number,
  state: PortState,
): ErrorRatio[] {
  const from_ms = window.number * WINDOW_MS;
  const next = number === window.number + 1;
  return RATIO_METRICS.flatMap((metric): ErrorRatio[] => {
    const sum = window.errors[metric];
    if (sum === undefined) return [];
    const { column, of } = METRICS[metric];
    const all = of === 'in' ? window.in_packets : window.out_packets;
    const span = { port, metric, from_ms, to_ms: from_ms + WINDOW_MS };
    const begin = { ...span, measured_from_ms: window.measured_from_ms };
    if (!next || sum === null || all === null || !fresh(state, column, at_ms)) {
      const measured_to_ms = next ? at_ms : null;
      return [{ ...begin, measured_to_ms, errors: null, packets: null, ratio: null }];
    }
    const errors = BigInt(sum);
    const packets = BigInt(all);
    const frames = errors + packets;
    const ratio = frames === 0n ? null : Number(errors) / Number(frames);
    return [{ ...begin, measured_to_ms: at_ms, errors, packets, ratio }];
  });
}
