import type { PortValues } from '../../measure/snmp-columns.ts';
import { COUNTERS, type CounterColumn, lineLimit, withMargin } from './columns.ts';
import type { Cell, CountersState, PortState } from './state.ts';
import type { CounterDelta, InvalidReason, PlacedReading } from './types.ts';
import { type Move, verdictOf, wasCleared } from './verdicts.ts';

/** Two polls at the longest interval (600 s) and a minute: beyond, too much can hide, ms. */
export const GAP_MAX_MS = 1_260_000;
const WRAP_32 = 1n << 32n;

export interface RowResult {
  readonly deltas: readonly CounterDelta[];
  /** Counters that have a value now and had none that it could be held against. */
  readonly begun: readonly string[];
}

/** The port whose counters are read, and what is known of the reading. */
export interface RowPlace {
  readonly state: CountersState;
  readonly index: number;
  readonly port: PortState;
  readonly reading: PlacedReading;
  /** sysUpTime proves the epoch of this reading. */
  readonly sure: boolean;
}

/** Holds the counters of one port against their readings before, and remembers them. */
export function feedCounters(place: RowPlace, row: PortValues, physical: boolean): RowResult {
  const { port, reading } = place;
  const deltas: CounterDelta[] = [];
  const begun: string[] = [];
  const moves: Move[] = [];
  for (const [name, value] of row) {
    const column = COUNTERS.get(name);
    if (column === undefined || (column.etherlike && !physical)) continue;
    if (column.wide !== null && isWide(port, row, column.wide)) continue;
    const before = port.cells[name];
    if (value === null) {
      if (before !== undefined) deltas.push(invalid(place, name, before, 'missing'));
      delete port.cells[name];
      continue;
    }
    if (before !== undefined && before.at_ms >= reading.at_ms) continue;
    port.cells[name] = cellOf(place, value);
    const lost = before === undefined ? null : outside(place, before);
    if (before === undefined) begun.push(name);
    else if (lost !== null) deltas.push(invalid(place, name, before, lost));
    else moves.push(moveOf(place, name, column, before, value));
  }
  noteClearing(place, moves);
  for (const move of moves) deltas.push(deltaOf(place, move, moves));
  return { deltas, begun };
}

/** Each port has its own choice: on some switches only the uplink counts in 64 bits. */
function isWide(port: PortState, row: PortValues, wide: string): boolean {
  return port.cells[wide] !== undefined || (row.get(wide) ?? null) !== null;
}

function cellOf({ state, port, reading, sure }: RowPlace, value: bigint): Cell {
  return {
    value: value.toString(),
    at_ms: reading.at_ms,
    epoch: state.epoch,
    sure,
    discontinuity: port.discontinuity,
    top_mbps: port.speed?.value ?? null,
  };
}

/** Why the two readings cannot be held against each other, if so. */
function outside({ state, port, reading }: RowPlace, before: Cell): InvalidReason | null {
  if (before.epoch !== state.epoch) return state.broken;
  if (reading.at_ms - before.at_ms > GAP_MAX_MS) return 'gap';
  return before.discontinuity === port.discontinuity ? null : 'discontinuity';
}

function moveOf(
  { state, port, reading, sure }: RowPlace,
  name: string,
  column: CounterColumn,
  before: Cell,
  value: bigint,
): Move {
  const speed = port.speed?.value ?? null;
  const mbps = Math.max(before.top_mbps ?? 0, speed ?? 0);
  // The earlier value may have been read at once and this one with the last answer.
  const span_ms = reading.at_ms + reading.response_ms - before.at_ms;
  const line = lineLimit(column.kind, mbps > 0 ? mbps : null, span_ms);
  return {
    name,
    column,
    before,
    old: BigInt(before.value),
    value,
    limit: withMargin(line),
    narrow: column.bits === 32 && column.kind !== 'errors' && line >= WRAP_32,
    sure: sure && before.sure && before.at_ms >= (state.wrapped_ms ?? before.at_ms),
  };
}

function noteClearing({ port, reading }: RowPlace, moves: readonly Move[]): void {
  const from = moves.filter(wasCleared).map(({ before }) => before.at_ms);
  if (from.length > 0) port.cleared = { from_ms: Math.max(...from), to_ms: reading.at_ms };
}

function deltaOf(place: RowPlace, move: Move, row: readonly Move[]): CounterDelta {
  const { index, port, reading } = place;
  const { name, before } = move;
  const cleared = port.cleared !== null && before.at_ms < port.cleared.to_ms;
  const verdict = verdictOf(move, row, cleared);
  if (typeof verdict === 'string') return invalid(place, name, before, verdict);
  return {
    port: index,
    column: name,
    from_ms: before.at_ms,
    to_ms: reading.at_ms,
    delta: verdict.delta,
    validity: verdict.wrapped ? 'wrap' : 'valid',
    reason: null,
  };
}

function invalid(
  { index, reading }: RowPlace,
  column: string,
  before: Cell,
  reason: InvalidReason,
): CounterDelta {
  const span = { from_ms: before.at_ms, to_ms: reading.at_ms };
  return { port: index, column, ...span, delta: null, validity: 'invalid', reason };
}
