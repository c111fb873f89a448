import type { PortValues } from '../../measure/snmp-columns.ts';
import { COUNTERS, type CounterColumn } from './columns.ts';
import type { Cell, CountersState, PortState } from './state.ts';
import type { CounterDelta, InvalidReason, PlacedReading } from './types.ts';
import { type Move, verdictOf, wasCleared } from './verdicts.ts';

/** Two polls at the longest interval (600 s) and a minute: beyond, too much can hide, ms. */
export const GAP_MAX_MS = 1_260_000;

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

/**
 * Holds the counters of one port against their readings before, and remembers them. `told`: the
 * columns whose deltas are wanted; the others only witness what became of these. Null: all.
 */
export function feedCounters(
  place: RowPlace,
  row: PortValues,
  physical: boolean,
  told: ReadonlySet<string> | null,
): RowResult {
  const { port, reading } = place;
  const deltas: CounterDelta[] = [];
  const begun: string[] = [];
  const moves: Move[] = [];
  const lose = (name: string, from_ms: number, reason: InvalidReason): void => {
    if (told?.has(name) !== false) deltas.push(invalid(place, name, from_ms, reason));
  };
  for (const [name, value] of row) {
    const column = COUNTERS.get(name);
    if (column === undefined || (column.etherlike && !physical)) continue;
    if (column.wide !== null && isWide(port, row, column.wide)) continue;
    const cell = port.cells[name];
    if (value === null) {
      if (cell !== undefined) lose(name, cell.at_ms, 'missing');
      delete port.cells[name];
      continue;
    }
    if (cell === undefined) {
      port.cells[name] = cellOf(place, value);
      begun.push(name);
      continue;
    }
    if (cell.at_ms >= reading.at_ms) continue;
    const lost = outside(place, cell);
    if (lost !== null) lose(name, cell.at_ms, lost);
    else moves.push(moveOf(place, name, column, cell, value));
    renew(place, cell, value);
  }
  noteClearing(place, moves);
  for (const move of moves) {
    if (told?.has(move.name) !== false) deltas.push(deltaOf(place, move, moves));
  }
  return { deltas, begun };
}

/** Each port has its own choice: on some switches only the uplink counts in 64 bits. */
function isWide(port: PortState, row: PortValues, wide: string): boolean {
  return port.cells[wide] !== undefined || (row.get(wide) ?? null) !== null;
}

function cellOf({ state, port, reading, sure }: RowPlace, value: bigint): Cell {
  return {
    value: storable(value),
    at_ms: reading.at_ms,
    epoch: state.epoch,
    sure,
    discontinuity: port.discontinuity,
    top_mbps: port.speed?.value ?? null,
  };
}

/** In its place: thousands of cells are read each minute, and most of them stand still. */
function renew({ state, port, reading, sure }: RowPlace, cell: Cell, value: bigint): void {
  cell.value = storable(value);
  cell.at_ms = reading.at_ms;
  cell.epoch = state.epoch;
  cell.sure = sure;
  cell.discontinuity = port.discontinuity;
  cell.top_mbps = port.speed?.value ?? null;
}

function storable(value: bigint): number | string {
  const near = Number(value);
  return Number.isSafeInteger(near) ? near : value.toString();
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
  return {
    name,
    column,
    from_ms: before.at_ms,
    old: before.value === Number(value) ? value : BigInt(before.value),
    value,
    mbps: mbps > 0 ? mbps : null,
    // The earlier value may have been read at once and this one with the last answer.
    span_ms: reading.at_ms + reading.response_ms - before.at_ms,
    sure: sure && before.sure && before.at_ms >= (state.wrapped_ms ?? before.at_ms),
  };
}

function noteClearing({ port, reading }: RowPlace, moves: readonly Move[]): void {
  let from_ms: number | null = null;
  for (const move of moves) {
    if (wasCleared(move)) from_ms = Math.max(from_ms ?? move.from_ms, move.from_ms);
  }
  if (from_ms !== null) port.cleared = { from_ms, to_ms: reading.at_ms };
}

function deltaOf(place: RowPlace, move: Move, row: readonly Move[]): CounterDelta {
  const { index, port, reading } = place;
  const { name, from_ms } = move;
  const cleared = port.cleared !== null && from_ms < port.cleared.to_ms;
  const verdict = verdictOf(move, row, cleared);
  if (typeof verdict === 'string') return invalid(place, name, from_ms, verdict);
  return {
    port: index,
    column: name,
    from_ms,
    to_ms: reading.at_ms,
    delta: verdict.delta,
    validity: verdict.wrapped ? 'wrap' : 'valid',
    reason: null,
  };
}

function invalid(
  { index, reading }: RowPlace,
  column: string,
  from_ms: number,
  reason: InvalidReason,
): CounterDelta {
  const to_ms = reading.at_ms;
  return { port: index, column, from_ms, to_ms, delta: null, validity: 'invalid', reason };
}
