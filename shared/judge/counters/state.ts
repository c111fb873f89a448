import type { Duplex, PortFinding, PortStatus, RatioMetric, Restart } from './types.ts';

/** What is remembered of one counter, as plain JSON. */
export interface Cell {
  /** A decimal string where a number would lose digits. */
  value: number | string;
  at_ms: number;
  epoch: number;
  /** sysUpTime was read with it: a restart since would be seen. */
  sure: boolean;
  /** ifCounterDiscontinuityTime of the port then; null where it has none. */
  discontinuity: string | null;
  /** Best speed of the port since then, Mb/s. */
  top_mbps: number | null;
}

/** Sums of an error window that is open; a metric that had an invalid delta is in `broken`. */
export interface OpenWindow {
  number: number;
  measured_from_ms: number;
  in_packets: string | null;
  out_packets: string | null;
  errors: Partial<Record<RatioMetric, string | null>>;
}

export interface Seen<T> {
  value: T;
  at_ms: number;
}

export interface PortState {
  at_ms: number;
  type: number | null;
  connector: boolean;
  discontinuity: string | null;
  cells: Record<string, Cell>;
  /** When an operator last set counters back: between these, UTC ms. */
  cleared: { from_ms: number; to_ms: number } | null;
  window: OpenWindow | null;
  oper: Seen<PortStatus> | null;
  admin: Seen<PortStatus> | null;
  speed: Seen<number | null> | null;
  duplex: Seen<Duplex | null> | null;
  best_mbps: number | null;
  /** ifLastChange, ticks, and the epoch that it counts in; null where the port tells none. */
  last_change: { ticks: number; epoch: number } | null;
  /** Changes of the last 10 minutes for the flap figure. */
  moves: { at_ms: number; changes: number }[];
  /** Up or down, whatever it last was while admin up: between these flaps are counted. */
  definite: 'up' | 'down' | null;
  flap: { from_ms: number; last_ms: number; changes: number } | null;
  findings: Partial<Record<PortFinding['finding'], PortFinding>>;
}

export interface ScalarsState {
  at_ms: number;
  boots: number | null;
  engine_s: number | null;
  host_ticks: number | null;
}

/**
 * All that is remembered of one device. Plain JSON: JSON.parse(JSON.stringify(state)) goes on as
 * the state itself would. Its holder is the only one that changes it, through feedReading, or
 * through feedCounts.
 */
export interface CountersState {
  v: 1;
  at_ms: number | null;
  clock: { at_ms: number; response_ms: number; ticks: number } | null;
  /** When a wrap of sysUpTime was last seen: a restart at just that moment would look the same. */
  wrapped_ms: number | null;
  epoch: number;
  /** Why the newest epoch began. */
  broken: 'reboot' | 'discontinuity';
  scalars: ScalarsState | null;
  /** The newest restart while later readings may still tell more of it. */
  open: { restart: Restart; before: ScalarsState | null; host_judged: boolean } | null;
  ports: Record<string, PortState>;
}

/** Ports that are remembered: as many as a batch can hold of one target. */
export const PORTS_MAX = 4_096;
/** So many make room at once: a device whose numbers never end must not cost a search each. */
const PORTS_DROPPED = 256;

/**
 * The state before the first reading of a device. `best_mbps`: best speeds by ifIndex from before,
 * where a ledgered document tells them.
 */
export function createCounters(best_mbps: ReadonlyMap<number, number> = new Map()): CountersState {
  const state: CountersState = {
    v: 1,
    at_ms: null,
    clock: null,
    wrapped_ms: null,
    epoch: 0,
    broken: 'discontinuity',
    scalars: null,
    open: null,
    ports: {},
  };
  for (const [port, mbps] of best_mbps) portState(state, port, 0).best_mbps = mbps;
  return state;
}

/** The port's state, made where it is new; those unseen for longest give way at PORTS_MAX. */
export function portState(state: CountersState, port: number, at_ms: number): PortState {
  const known = state.ports[port];
  if (known !== undefined) return known;
  if (Object.keys(state.ports).length >= PORTS_MAX) {
    const all = Object.entries(state.ports).sort(([, a], [, b]) => a.at_ms - b.at_ms);
    for (const [oldest] of all.slice(0, PORTS_DROPPED)) delete state.ports[oldest];
  }
  const made: PortState = {
    at_ms,
    type: null,
    connector: true,
    discontinuity: null,
    cells: {},
    cleared: null,
    window: null,
    oper: null,
    admin: null,
    speed: null,
    duplex: null,
    best_mbps: null,
    last_change: null,
    moves: [],
    definite: null,
    flap: null,
    findings: {},
  };
  state.ports[port] = made;
  return made;
}

/** Best speeds so far by ifIndex, for the document that carries them on. */
export function bestSpeeds(state: CountersState): Map<number, number> {
  return new Map(
    Object.entries(state.ports).flatMap(([port, { best_mbps }]): [number, number][] =>
      best_mbps === null ? [] : [[Number(port), best_mbps]],
    ),
  );
}
