import { createLoad, noise } from './switch-traffic.ts';

/** What can change about a port. */
export interface PortState {
  readonly link_up: boolean;
  readonly admin_up: boolean;
  readonly speed_mbps: number;
  readonly duplex: 'full' | 'half';
  /** Damaged frames received per second while the link is up; counted in ifInErrors, too. */
  readonly errors_per_s: number;
  /** Damaged frames that only dot3StatsFCSErrors counts, as on switches that drop them early. */
  readonly fcs_per_s: number;
}

/** Counters since the last restart of the switch. */
export interface PortCounters {
  readonly in_octets: bigint;
  readonly out_octets: bigint;
  readonly in_ucast: bigint;
  readonly out_ucast: bigint;
  readonly in_mcast: bigint;
  readonly out_mcast: bigint;
  readonly in_bcast: bigint;
  readonly out_bcast: bigint;
  readonly in_errors: bigint;
  readonly fcs_errors: bigint;
  readonly alignment_errors: bigint;
  readonly late_collisions: bigint;
  readonly single_collisions: bigint;
  readonly multiple_collisions: bigint;
  readonly deferred: bigint;
  readonly excessive_collisions: bigint;
  readonly in_discards: bigint;
  readonly out_discards: bigint;
}

/** Rates of the busiest hour. */
export interface PortRates {
  readonly in_octets_per_s: number;
  readonly out_octets_per_s: number;
}

export interface SwitchPort {
  /** From `at_ms` on; changes may be given in any order. */
  change(at_ms: number, patch: Partial<PortState>): void;
  stateAt(at_ms: number): PortState;
  /** The last instant in (after_ms, at_ms] at which the link came or went, or null. */
  lastLinkChange(after_ms: number, at_ms: number): number | null;
  countersAt(since_ms: number, at_ms: number): PortCounters;
}

const FRAME_BYTES = 620;
const MCAST_PER_S = 0.4;
const BCAST_PER_S = 1.1;
const ALIGNMENT_SHARE = 0.1;
/** Of a half-duplex port whose other side is full, by seconds of full load. */
const LATE_COLLISIONS_PER_LOAD_S = 0.2;
const SINGLE_COLLISIONS_PER_LOAD_S = 1.5;
const MULTIPLE_COLLISIONS_PER_LOAD_S = 0.5;
const DEFERRED_PER_LOAD_S = 3;
const EXCESSIVE_COLLISIONS_PER_LOAD_S = 0.005;
const OUT_DISCARDS_PER_LOAD_S = 0.001;

interface Sums {
  load_s: number;
  half_load_s: number;
  up_s: number;
  errors: number;
  fcs_only: number;
}

function counted(rates: PortRates, sums: Sums): PortCounters {
  const whole = (value: number): bigint => BigInt(Math.floor(value));
  const { in_octets_per_s: rate_in, out_octets_per_s: rate_out } = rates;
  const alignment = sums.errors * ALIGNMENT_SHARE;
  const on_half = (per_load_s: number): bigint => whole(sums.half_load_s * per_load_s);
  return {
    in_octets: whole(sums.load_s * rate_in + sums.up_s * 90),
    out_octets: whole(sums.load_s * rate_out + sums.up_s * 150),
    in_ucast: whole((sums.load_s * rate_in) / FRAME_BYTES),
    out_ucast: whole((sums.load_s * rate_out) / FRAME_BYTES),
    in_mcast: whole(sums.up_s * MCAST_PER_S),
    out_mcast: whole(sums.up_s * MCAST_PER_S * 4),
    in_bcast: whole(sums.up_s * BCAST_PER_S * 0.2),
    out_bcast: whole(sums.up_s * BCAST_PER_S * 3),
    in_errors: whole(sums.errors),
    fcs_errors: whole(sums.errors) - whole(alignment) + whole(sums.fcs_only),
    alignment_errors: whole(alignment),
    late_collisions: on_half(LATE_COLLISIONS_PER_LOAD_S),
    single_collisions: on_half(SINGLE_COLLISIONS_PER_LOAD_S),
    multiple_collisions: on_half(MULTIPLE_COLLISIONS_PER_LOAD_S),
    deferred: on_half(DEFERRED_PER_LOAD_S),
    excessive_collisions: on_half(EXCESSIVE_COLLISIONS_PER_LOAD_S),
    in_discards: 0n,
    out_discards: whole(sums.load_s * OUT_DISCARDS_PER_LOAD_S),
  };
}

/** One port of a modelled switch; `number` from 1 seeds its habits. */
export function createSwitchPort(
  seed: number,
  number: number,
  from_ms: number,
  initial: PortState,
  rates: PortRates,
): SwitchPort {
  const load = createLoad(seed, number, from_ms);
  const changes: { at_ms: number; patch: Partial<PortState> }[] = [];
  const personal = 0.4 + 1.2 * noise(seed, number, 0);
  const own_rates = {
    in_octets_per_s: rates.in_octets_per_s * personal,
    out_octets_per_s: rates.out_octets_per_s * personal,
  };

  function stateAt(at_ms: number): PortState {
    let state = initial;
    for (const change of changes) {
      if (change.at_ms <= at_ms) state = { ...state, ...change.patch };
    }
    return state;
  }
  const isUp = (at_ms: number): boolean => {
    const state = stateAt(at_ms);
    return state.link_up && state.admin_up;
  };

  return {
    stateAt,
    change(at_ms, patch) {
      changes.push({ at_ms, patch });
      changes.sort((a, b) => a.at_ms - b.at_ms);
    },
    lastLinkChange(after_ms, at_ms) {
      const times = changes.map((change) => change.at_ms);
      const found = times.findLast(
        (time) => time > after_ms && time <= at_ms && isUp(time) !== isUp(time - 1),
      );
      return found ?? null;
    },
    countersAt(since_ms, at_ms) {
      const sums: Sums = { load_s: 0, half_load_s: 0, up_s: 0, errors: 0, fcs_only: 0 };
      const add = (state: PortState, from: number, to: number): void => {
        if (!(state.link_up && state.admin_up) || to <= from) return;
        const part = load(to) - load(from);
        sums.load_s += part;
        if (state.duplex === 'half') sums.half_load_s += part;
        sums.up_s += (to - from) / 1_000;
        sums.errors += (state.errors_per_s * (to - from)) / 1_000;
        sums.fcs_only += (state.fcs_per_s * (to - from)) / 1_000;
      };
      let state = stateAt(since_ms);
      let from_ms = since_ms;
      for (const change of changes) {
        if (change.at_ms <= since_ms || change.at_ms >= at_ms) continue;
        add(state, from_ms, change.at_ms);
        state = { ...state, ...change.patch };
        from_ms = change.at_ms;
      }
      add(state, from_ms, at_ms);
      return counted(own_rates, sums);
    },
  };
}
