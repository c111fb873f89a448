import type { PortValues } from '../../measure/snmp-columns.ts';
import { feedClocks } from './clocks.ts';
import { feedCounters } from './deltas.ts';
import { portEvidence, type Said } from './evidence.ts';
import { feedFacts, feedKind, feedSpeed, isPhysical } from './facts.ts';
import { feedRatios } from './ratios.ts';
import { type CountersState, PORTS_MAX, type PortState, portState } from './state.ts';
import type { CounterDelta, CountersOutput, PlacedReading, Restart } from './types.ts';

const OK = 'ok';

/**
 * Takes the next reading of one device in, in the order in which its agent wrote them, and says
 * what it shows: restarts, what counters counted, error ratios, facts of ports. `state` is changed;
 * after an error in the holder's own work it goes on from its stored copy.
 */
export function feedReading(state: CountersState, reading: PlacedReading): CountersOutput {
  const out: CountersOutput = {
    restarts: [],
    deltas: [],
    ratios: [],
    changes: [],
    flaps: [],
    findings: [],
  };
  if (!beginReading(state, reading)) return out;
  const said: Said = new Map();
  const sure = feedClocks(state, reading, said);
  if (reading.ports !== undefined) {
    portEvidence(state, reading.ports, reading.at_ms, said);
    feedPorts(state, reading, (index, port, row) => {
      feedFacts(state, index, port, row, reading, out);
      const place = { state, index, port, reading, sure };
      const result = feedCounters(place, row, isPhysical(port), null);
      out.deltas.push(...result.deltas);
      out.ratios.push(...feedRatios(index, port, result, reading.at_ms));
    });
  }
  out.restarts.push(...said.values());
  return out;
}

/**
 * The deltas of these columns, just as feedReading would say them, for whoever wants no more: what
 * else a reading shows is neither said nor remembered, which is most of the work. A state is fed by
 * one of the two only.
 */
export function feedCounts(
  state: CountersState,
  reading: PlacedReading,
  columns: ReadonlySet<string>,
): CounterDelta[] {
  if (!beginReading(state, reading)) return [];
  const sure = feedClocks(state, reading, new Map());
  const deltas: CounterDelta[] = [];
  feedPorts(state, reading, (index, port, row) => {
    feedSpeed(port, row, reading);
    const place = { state, index, port, reading, sure };
    for (const delta of feedCounters(place, row, isPhysical(port), columns).deltas) {
      deltas.push(delta);
    }
  });
  return deltas;
}

/**
 * The restarts that a reading shows, just as feedReading would say them, for whoever has no use for
 * its ports, of which nothing is remembered.
 */
export function feedRestarts(state: CountersState, reading: PlacedReading): Restart[] {
  if (!beginReading(state, reading)) return [];
  const said: Said = new Map();
  feedClocks(state, reading, said);
  return [...said.values()];
}

/** False: the device did not answer. */
function beginReading(state: CountersState, { outcome, at_ms }: PlacedReading): boolean {
  if (outcome !== OK) return false;
  if (state.at_ms !== null && at_ms < state.at_ms) forgetTimes(state, at_ms);
  state.at_ms = at_ms;
  return true;
}

/**
 * The agent's clock was placed anew, before what it said last: no time between is known, so all
 * that would be measured in it begins again.
 */
function forgetTimes(state: CountersState, at_ms: number): void {
  state.clock = null;
  state.wrapped_ms = null;
  state.scalars = null;
  state.open = null;
  for (const port of Object.values(state.ports)) {
    port.cells = {};
    port.window = null;
    port.cleared = null;
    port.moves = [];
    port.last_change = null;
    for (const seen of [port.oper, port.admin, port.speed, port.duplex]) {
      if (seen !== null) seen.at_ms = Math.min(seen.at_ms, at_ms);
    }
  }
}

function feedPorts(
  state: CountersState,
  reading: PlacedReading,
  feedPort: (index: number, port: PortState, row: PortValues) => void,
): void {
  let fed = 0;
  for (const [index, row] of reading.ports ?? []) {
    fed += 1;
    if (fed > PORTS_MAX) return;
    let port = portState(state, index, reading.at_ms);
    if (feedKind(port, row) === 'other') {
      delete state.ports[index];
      port = portState(state, index, reading.at_ms);
      feedKind(port, row);
    }
    port.at_ms = reading.at_ms;
    feedPort(index, port, row);
  }
}
