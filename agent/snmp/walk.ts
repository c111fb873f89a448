import { failure, type SnmpFailure } from './failure.ts';
import { type Place, placeText } from './request.ts';
import type { Answer, SnmpSession } from './session.ts';
import { isMissing, type TypedValue } from './value.ts';
import {
  type ColumnKey,
  columnKey,
  follows,
  ROW_AFTER,
  ROW_BEFORE,
  readList,
  type VarbindList,
} from './varbinds.ts';

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

const NONE_YET = -9;

interface Cursor<T> extends Place {
  readonly column: Column;
  readonly rows: Rows<T>;
  /** The last row seen; ROW_DEEPER where `oid` says it, NONE_YET before the first. */
  row: number;
  /** The last OID seen, where its row is no single arc; at first the column's own. */
  oid: string;
  done: boolean;
}

const keys = new WeakMap<Column, ColumnKey>();

/** Columns are constants of the program, so their keys are made once. */
function keyOf(column: Column): ColumnKey {
  const known = keys.get(column) ?? columnKey(column.oid);
  keys.set(column, known);
  return known;
}

type Absorbed = 'moved' | 'ended' | 'not_increasing';

function absorb<T>(
  cursor: Cursor<T>,
  list: VarbindList,
  k: number,
  decode: (value: TypedValue) => T | undefined,
): Absorbed {
  const type = list.typeOf(k);
  if (isMissing({ type })) return 'ended';
  const row = list.rowOf(k, cursor.key);
  if (row === ROW_AFTER) return 'ended';
  if (row === ROW_BEFORE) return 'not_increasing';
  // Single arcs compare as numbers; whatever lies in the column comes after its own OID.
  if (row >= 0 && cursor.row >= 0) {
    if (row <= cursor.row) return 'not_increasing';
  } else if (cursor.row !== NONE_YET && !follows(placeText(cursor), list.oidOf(k))) {
    return 'not_increasing';
  }
  cursor.row = row;
  if (row < 0) cursor.oid = list.oidOf(k);
  else {
    const value = decode({ type, value: list.valueOf(k) });
    if (value !== undefined) cursor.rows.set(row, value);
  }
  return 'moved';
}

/** Those of the active cursors that the next request asks for. */
function asked<T>(session: SnmpSession, active: readonly Cursor<T>[]): readonly Cursor<T>[] {
  return session.request_size.form === 'single' ? active.slice(0, 1) : active;
}

async function ask<T>(
  session: SnmpSession,
  cursors: readonly Cursor<T>[],
  deadline: AbortSignal,
): Promise<Answer<VarbindList> | SnmpFailure> {
  const { form } = session.request_size;
  if (typeof form === 'number') return session.getBulk(cursors, form, deadline);
  const answer = await session.getNext(cursors.map(placeText), deadline);
  return answer.ok
    ? { ...answer, value: readList(answer.value.map((varbind) => [varbind])) }
    : answer;
}

/** Asks for less after a failure; false where that cannot help. */
function askLess({ request_size, counts }: SnmpSession, failed: SnmpFailure): boolean {
  switch (failed.failed) {
    case 'too_big':
    case 'empty':
      return request_size.smaller();
    case 'snmp_error':
      return request_size.withoutBulk();
    case 'timeout':
      // A device that never answered anything is just silent.
      return counts.answers > 0 && request_size.unanswered();
    default:
      return false;
  }
}

/** Takes one answer in; undefined when all went well, `empty` when no cursor moved. */
function take<T>(
  cursors: readonly Cursor<T>[],
  list: VarbindList,
  decode: (value: TypedValue) => T | undefined,
): SnmpFailure | undefined {
  const width = cursors.length;
  let moved = false;
  for (let i = 0; i < width; i++) {
    const cursor = cursors[i];
    for (let k = i; k < list.length; k += width) {
      if (cursor === undefined || cursor.done) break;
      const absorbed = absorb(cursor, list, k, decode);
      if (absorbed === 'not_increasing') {
        return failure('not_increasing', `the device repeats rows of ${cursor.column.name}`);
      }
      cursor.done = absorbed === 'ended';
      moved = true;
    }
  }
  return moved ? undefined : failure('empty', 'the device answers without values');
}

/** SNMPv1 ends a table by noSuchName for the whole message; the cursor that it is about, if any. */
function endedBy<T>(failed: SnmpFailure, cursors: readonly Cursor<T>[]): Cursor<T> | undefined {
  const { no_such_oid } = failed;
  if (no_such_oid === undefined) return undefined;
  return cursors.length === 1
    ? cursors[0]
    : cursors.find((cursor) => placeText(cursor) === no_such_oid);
}

/**
 * Reads columns of one table side by side, as the device's order allows. It always ends: every
 * OID must be greater than the one before, and rows, requests and time are capped. A smaller
 * request that proved necessary is remembered in the session. `decode` says which values count;
 * others are left out.
 */
export async function walkColumns<T>(
  session: SnmpSession,
  columns: readonly Column[],
  decode: (value: TypedValue) => T | undefined,
  deadline: AbortSignal,
): Promise<WalkResult<T>> {
  const cursors = columns.map((column): Cursor<T> => {
    const { oid } = column;
    return { column, key: keyOf(column), rows: new Map(), row: NONE_YET, oid, done: false };
  });
  const size = session.request_size;
  const first_size = size.mark;
  const until_ms = session.now_ms() + WALK_MS_MAX;
  let pdus = 0;
  let truncated = false;
  let smooth = true;
  for (;;) {
    const active = cursors.filter((cursor) => !cursor.done);
    if (active.length === 0) break;
    truncated =
      pdus >= WALK_PDUS_MAX ||
      session.now_ms() >= until_ms ||
      active.some((cursor) => cursor.rows.size >= WALK_ROWS_MAX);
    if (truncated) break;
    const now = asked(session, active);
    const answer = await ask(session, now, deadline);
    const failed = answer.ok ? take(now, answer.value, decode) : answer;
    pdus++;
    if (failed === undefined) continue;
    const ended = typeof size.form === 'number' ? undefined : endedBy(failed, now);
    if (ended !== undefined) {
      ended.done = true;
      continue;
    }
    smooth = false;
    if (askLess(session, failed)) continue;
    size.back(first_size);
    return failed;
  }
  if (smooth) size.good();
  const named = new Map(cursors.map((cursor) => [cursor.column.name, cursor.rows]));
  return { ok: true, columns: named, pdus, truncated };
}
