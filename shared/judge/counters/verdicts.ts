import { type CounterColumn, lineLimit, withMargin } from './columns.ts';
import type { InvalidReason } from './types.ts';

/** Shortest frame as devices count octets, without padding and checksum: an ARP packet. */
const FRAME_OCTETS_MIN = 40n;
const WRAP_32 = 2 ** 32;

/** One counter of one port from its reading before to now, within one epoch. */
export interface Move {
  readonly name: string;
  readonly column: CounterColumn;
  /** When the reading before was, UTC ms. */
  readonly from_ms: number;
  readonly old: bigint;
  readonly value: bigint;
  /** Best speed of the port in between, Mb/s; null: not known. */
  readonly mbps: number | null;
  /** Longest time between the two values, ms. */
  readonly span_ms: number;
  /** sysUpTime of both readings proves that the device did not restart between. */
  readonly sure: boolean;
}

export type Verdict = { readonly delta: bigint; readonly wrapped: boolean } | InvalidReason;
const STILL: Verdict = { delta: 0n, wrapped: false };

/** Line rate × time × 1.1. Nearly no move needs it twice, and one that stands still never. */
function limitOf({ column, mbps, span_ms }: Move): number {
  return withMargin(lineLimit(column.kind, mbps, span_ms));
}

/** 32 bits can have wrapped once more, unseen. */
function isNarrow({ column, mbps, span_ms }: Move): boolean {
  if (column.bits !== 32 || column.kind === 'errors') return false;
  return lineLimit(column.kind, mbps, span_ms) >= WRAP_32;
}

function fell(move: Move): boolean {
  return move.value < move.old;
}

function turn(move: Move): bigint {
  return 1n << BigInt(move.column.bits);
}

/** A fall that a wrap explains: from the upper half, and no more than the line carries. */
function mayWrap(move: Move): boolean {
  const { old, value, sure } = move;
  if (!sure || !fell(move) || old <= turn(move) / 2n) return false;
  return value + turn(move) - old <= limitOf(move);
}

/** A fall that neither a wrap nor a restart explains: somebody set the counter back. */
export function wasCleared(move: Move): boolean {
  return fell(move) && move.sure && !isNarrow(move) && !mayWrap(move);
}

/** Even at line rate it could not have come back to where it stands: it was not set back. */
function surelyRanOn(move: Move): boolean {
  return !fell(move) && !isNarrow(move) && move.old > limitOf(move);
}

/**
 * Whether the port's other counters of the same reading prove that they were not all set back:
 * one is too high for that, or more packets stand there than the octets since could hold.
 */
function witnessed(move: Move, row: readonly Move[]): boolean {
  const others = row.filter(
    (other) => other !== move && (other.old > 0n || other.column.kind !== 'errors'),
  );
  // Errors never come near 2^32 by themselves: of them a wrap is believed to witnesses alone.
  if (others.length === 0) return move.column.kind !== 'errors';
  const ran = others.some((other) => other.from_ms <= move.from_ms && surelyRanOn(other));
  if (ran || move.column.kind !== 'octets') return ran;
  const { direction } = move.column;
  const packets = others
    .filter(({ column }) => column.kind === 'packets' && column.direction === direction)
    .reduce((sum, { value }) => sum + value, 0n);
  return packets * FRAME_OCTETS_MIN > move.value;
}

/**
 * What a counter counted. `row`: all moves of its port in this reading. `cleared`: an operator set
 * counters of the port back between the two readings.
 */
export function verdictOf(move: Move, row: readonly Move[], cleared: boolean): Verdict {
  const { old, value } = move;
  if (wasCleared(move)) return 'cleared';
  if (cleared && !surelyRanOn(move)) return 'cleared';
  if (isNarrow(move)) return 'narrow_at_speed';
  if (fell(move)) {
    // Nothing tells a wrap from a restart or from a clearing: no number is better than a wrong one.
    if (!mayWrap(move) || !witnessed(move, row)) return 'discontinuity';
    return { delta: value + turn(move) - old, wrapped: true };
  }
  if (value === old) return STILL;
  const delta = value - old;
  return delta > limitOf(move) ? 'rate_above_line' : { delta, wrapped: false };
}
