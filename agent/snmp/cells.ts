import type { Varbind } from 'net-snmp';
import { failure, type SnmpFailure } from './failure.ts';
import type { SnmpSession } from './session.ts';
import { isMissing } from './value.ts';
import type { Column, Rows } from './walk.ts';

/** Varbinds of one GET: 24 counters make an answer of some 600 bytes, which every agent sends. */
export const GET_VARBINDS_MAX = 24;
/** Cells of one call: 9 columns of 200 ports, some 75 requests. */
export const CELLS_MAX = 1_800;

export interface CellsDone<T> {
  readonly ok: true;
  readonly columns: Map<string, Rows<T>>;
  /** More cells were asked for than CELLS_MAX. */
  readonly truncated: boolean;
}

interface Cell {
  readonly oid: string;
  readonly name: string;
  readonly index: number;
}

/** Which cell of a request the device said it does not have, or −1. */
function absentAt({ no_such_oid }: SnmpFailure, chunk: readonly Cell[]): number {
  if (no_such_oid === undefined) return -1;
  if (chunk.length === 1) return 0;
  return chunk.findIndex(({ oid }) => oid === no_such_oid);
}

/**
 * Reads single cells by GET, for a few known ports of a large table. Missing cells are left out.
 * A message that is too big is asked again in halves, down to one cell.
 */
export async function getCells<T>(
  session: SnmpSession,
  columns: readonly Column[],
  if_indexes: readonly number[],
  decode: (varbind: Varbind) => T | undefined,
  deadline: AbortSignal,
): Promise<CellsDone<T> | SnmpFailure> {
  const cells = if_indexes.flatMap((index) =>
    columns.map(({ name, oid }): Cell => ({ oid: `${oid}.${index}`, name, index })),
  );
  const result = new Map(columns.map(({ name }): [string, Rows<T>] => [name, new Map()]));
  const truncated = cells.length > CELLS_MAX;
  let end = Math.min(cells.length, CELLS_MAX);
  let size = GET_VARBINDS_MAX;
  for (let at = 0; at < end; ) {
    const chunk = cells.slice(at, Math.min(at + size, end));
    const answer = await session.get(
      chunk.map(({ oid }) => oid),
      deadline,
    );
    if (!answer.ok) {
      const missing = absentAt(answer, chunk);
      if (missing >= 0) {
        // SNMPv1 refuses the whole message for one cell that is not there.
        cells.splice(at + missing, 1);
        end--;
        continue;
      }
      const divides = answer.failed === 'too_big' || answer.no_such_oid !== undefined;
      if (!divides || size === 1) return answer;
      size = Math.ceil(size / 2);
      continue;
    }
    for (const [i, { oid, name, index }] of chunk.entries()) {
      const varbind = answer.value[i];
      if (varbind?.oid !== oid) return failure('garbage', 'an answer does not fit the request');
      const value = isMissing(varbind) ? undefined : decode(varbind);
      if (value !== undefined) result.get(name)?.set(index, value);
    }
    at += chunk.length;
  }
  return { ok: true, columns: result, truncated };
}
