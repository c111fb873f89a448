import type { Varbind } from 'net-snmp';
import { failure, type SnmpFailure } from './failure.ts';
import type { Answer, SnmpSession } from './session.ts';
import { isMissing } from './value.ts';

/** Rows of one column: eight stacked 52-port switches with their VLAN rows stay below it. */
export const WALK_ROWS_MAX = 1_024;
/** Requests of one walk: 1,024 rows at 4 rows a datagram, doubled; then the switch needs rest. */
export const WALK_PDUS_MAX = 512;
/** One walk, ms: three of them still fit a poll interval of 60 s. */
export const WALK_MS_MAX = 15_000;

/** A table column to read. */
export interface Column {
  /** MIB object name, e.g. ifHCInOctets. */
  readonly name: string;
  /** Without leading or trailing dot; rows are `oid.ifIndex`. */
  readonly oid: string;
}

/** Rows of one column by ifIndex. Rows whose index has more than one arc are left out. */
export type Rows<T> = Map<number, T>;

export interface WalkDone<T> {
  readonly ok: true;
  readonly columns: Map<string, Rows<T>>;
  /** Requests answered. */
  readonly pdus: number;
  /** A cap was reached: what is here was measured, but rows may be missing. */
  readonly truncated: boolean;
}
export type WalkResult<T> = WalkDone<T> | SnmpFailure;

/**
 * What to ask next when an answer does not fit or GETBULK stays unanswered. `next`: GETNEXT for
 * all columns; `single`: GETNEXT for one column at a time.
 */
const LADDER = [20, 10, 5, 1, 'next', 'single'] as const;
const STEP_10 = 1;
const STEP_NEXT = 4;
const STEP_LAST = LADDER.length - 1;

const DIGIT_0 = 48;

interface Cursor<T> {
  readonly column: Column;
  readonly prefix: string;
  readonly rows: Rows<T>;
  /** Last OID seen. */
  oid: string;
  /** Its index where that was a single arc, else −1. */
  index: number;
  done: boolean;
}

/** Whether `next` comes strictly after `oid` in MIB order (RFC 3416 §4.2.2). */
export function follows(oid: string, next: string): boolean {
  const a = oid.split('.');
  const b = next.split('.');
  for (let i = 0; i < a.length && i < b.length; i++) {
    const difference = Number(b[i]) - Number(a[i]);
    if (difference !== 0) return difference > 0;
  }
  return b.length > a.length;
}

/** The arc from `at` on if it is the last one, else −1. Read in place: once for every value. */
function lastArc(oid: string, at: number): number {
  let arc = 0;
  for (let i = at; i < oid.length; i++) {
    const digit = oid.charCodeAt(i) - DIGIT_0;
    if (digit < 0 || digit > 9) return -1;
    arc = arc * 10 + digit;
  }
  return arc;
}

type Absorbed = 'moved' | 'ended' | 'not_increasing';

function absorb<T>(
  cursor: Cursor<T>,
  varbind: Varbind,
  decode: (varbind: Varbind) => T | undefined,
): Absorbed {
  if (isMissing(varbind)) return 'ended';
  const { oid } = varbind;
  if (!oid.startsWith(cursor.prefix)) {
    return follows(cursor.oid, oid) ? 'ended' : 'not_increasing';
  }
  const index = lastArc(oid, cursor.prefix.length);
  // The first row only has to lie in the column; after that single arcs compare as numbers.
  const increasing =
    index >= 0 && cursor.index >= 0
      ? index > cursor.index
      : cursor.oid === cursor.column.oid || follows(cursor.oid, oid);
  if (!increasing) return 'not_increasing';
  cursor.oid = oid;
  cursor.index = index;
  const value = index >= 0 ? decode(varbind) : undefined;
  if (value !== undefined) cursor.rows.set(index, value);
  return 'moved';
}

async function ask<T>(
  session: SnmpSession,
  active: readonly Cursor<T>[],
  deadline: AbortSignal,
): Promise<Answer<Varbind[][]> | SnmpFailure> {
  const step = LADDER[session.walk_step] ?? 'single';
  const asked = step === 'single' ? active.slice(0, 1) : active;
  const oids = asked.map((cursor) => cursor.oid);
  if (typeof step === 'number') return session.getBulk(oids, step, deadline);
  const answer = await session.getNext(oids, deadline);
  return answer.ok ? { ok: true, value: answer.value.map((varbind) => [varbind]) } : answer;
}

/** The next rung after a failure, or −1 where there is none. */
function stepAfter(failed: SnmpFailure, step: number, answered: boolean): number {
  if (failed.failed === 'too_big' || failed.failed === 'empty') {
    return step < STEP_LAST ? step + 1 : -1;
  }
  // Some agents never answer GETBULK. A device that never answered anything is just silent.
  if (failed.failed !== 'timeout' || !answered || step >= STEP_NEXT) return -1;
  return step < STEP_10 ? STEP_10 : STEP_NEXT;
}

/** Takes one answer in; undefined when all went well, `empty` when no cursor moved. */
function take<T>(
  active: readonly Cursor<T>[],
  lists: readonly (readonly Varbind[])[],
  decode: (varbind: Varbind) => T | undefined,
): SnmpFailure | undefined {
  let moved = false;
  for (let i = 0; i < lists.length; i++) {
    const cursor = active[i];
    for (const varbind of lists[i] ?? []) {
      if (cursor === undefined || cursor.done) break;
      const absorbed = absorb(cursor, varbind, decode);
      if (absorbed === 'not_increasing') {
        return failure('not_increasing', `the device repeats rows of ${cursor.column.name}`);
      }
      cursor.done = absorbed === 'ended';
      moved = true;
    }
  }
  return moved ? undefined : failure('empty', 'the device answers without values');
}

/**
 * Reads columns of one table side by side, as the device's order allows. It always ends: every
 * OID must be greater than the one before, and rows, requests and time are capped. A smaller
 * request size that proved necessary is remembered in the session. `decode` says which values
 * count; others are left out.
 */
export async function walkColumns<T>(
  session: SnmpSession,
  columns: readonly Column[],
  decode: (varbind: Varbind) => T | undefined,
  deadline: AbortSignal,
): Promise<WalkResult<T>> {
  const cursors = columns.map(
    (column): Cursor<T> => ({
      column,
      prefix: `${column.oid}.`,
      rows: new Map(),
      oid: column.oid,
      index: -1,
      done: false,
    }),
  );
  const first_step = session.walk_step;
  const until_ms = session.now_ms() + WALK_MS_MAX;
  let pdus = 0;
  let truncated = false;
  for (;;) {
    const active = cursors.filter((cursor) => !cursor.done);
    if (active.length === 0) break;
    truncated =
      pdus >= WALK_PDUS_MAX ||
      session.now_ms() >= until_ms ||
      active.some((cursor) => cursor.rows.size >= WALK_ROWS_MAX);
    if (truncated) break;
    const answer = await ask(session, active, deadline);
    const failed = answer.ok ? take(active, answer.value, decode) : answer;
    pdus++;
    if (failed === undefined) continue;
    const step = stepAfter(failed, session.walk_step, session.counts.answers > 0);
    session.walk_step = step === -1 ? first_step : step;
    if (step === -1) return failed;
  }
  const named = new Map(cursors.map((cursor) => [cursor.column.name, cursor.rows]));
  return { ok: true, columns: named, pdus, truncated };
}
