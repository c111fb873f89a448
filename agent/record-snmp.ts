import type { IdentityRow, SnmpColumnPoll, SnmpPart } from '../shared/measure/batch.ts';
import type { DevicePoll } from './snmp/poll.ts';

type Raw = number | bigint;
type Cell = number | string | null;

/** Polls of one target in one batch; a poll a second would still fit, and no device is asked so. */
const POLLS_MAX = 64;

interface PartPoll {
  readonly requested_mono_ms: number;
  readonly response_ms: number;
  readonly sys_uptime_ticks: number | null;
  readonly outcome: string;
  readonly columns: Readonly<Record<string, ReadonlyMap<number, Raw>>>;
}

/** The polls of one target inside the open batch, written as columns when it is sealed. */
export class SnmpRecord {
  readonly #polls: PartPoll[] = [];
  #scalars: Readonly<Record<string, number>> | undefined;

  /**
   * Every part of a poll that brought columns, or that failed, is an entry of its own, because it
   * has its own times. A clock reading stands alone only where nothing else was read.
   */
  add(poll: DevicePoll): void {
    const { system } = poll;
    if (system.ok && Object.keys(system.scalars).length > 0) this.#scalars = system.scalars;
    const parts = [poll.status, poll.traffic].filter((part) => part !== undefined);
    const entries = parts.length === 0 ? [system] : parts;
    for (const entry of entries) {
      if (this.#polls.length >= POLLS_MAX) return;
      this.#polls.push({
        requested_mono_ms: Math.round(entry.requested_mono_ms),
        response_ms: Math.max(0, Math.round(entry.response_ms)),
        sys_uptime_ticks: entry.ok ? entry.sys_uptime_ticks : null,
        outcome: entry.ok ? 'ok' : entry.failed,
        columns: entry.ok && 'columns' in entry ? entry.columns : {},
      });
    }
  }

  part(target: number): SnmpPart {
    const indexes = new Set<number>();
    for (const { columns } of this.#polls) {
      for (const rows of Object.values(columns))
        for (const index of rows.keys()) indexes.add(index);
    }
    const if_index = [...indexes].sort((a, b) => a - b);
    const scalars = this.#scalars;
    return {
      target,
      polls: this.#polls.map((poll) => [
        poll.requested_mono_ms,
        poll.response_ms,
        poll.sys_uptime_ticks,
        poll.outcome,
      ]),
      if_index,
      columns: this.#columns(if_index),
      ...(scalars === undefined ? {} : { scalars }),
    };
  }

  #columns(if_index: readonly number[]): Record<string, SnmpColumnPoll[]> {
    const out: Record<string, SnmpColumnPoll[]> = {};
    const before = new Map<string, readonly (Raw | null)[]>();
    for (const [number, { columns }] of this.#polls.entries()) {
      for (const [name, rows] of Object.entries(columns)) {
        const values = if_index.map((index) => rows.get(index) ?? null);
        const last = before.get(name);
        before.set(name, values);
        const cells = last === undefined ? values.map(cell) : differences(last, values);
        if (last !== undefined && cells.every((value) => value === 0)) continue;
        const list = out[name] ?? [];
        list.push([number, cells]);
        out[name] = list;
      }
    }
    return out;
  }
}

/** A value that appears or disappears counts from 0, so that sums still give the value. */
function differences(last: readonly (Raw | null)[], values: readonly (Raw | null)[]): Cell[] {
  return values.map((value, i) => {
    const previous = last[i] ?? null;
    if (value === null) return previous === null ? 0 : null;
    return cell(BigInt(value) - BigInt(previous ?? 0));
  });
}

function cell(value: Raw | null): Cell {
  if (value === null || typeof value === 'number') return value;
  const small =
    value <= BigInt(Number.MAX_SAFE_INTEGER) && value >= -BigInt(Number.MAX_SAFE_INTEGER);
  return small ? Number(value) : value.toString();
}

/** Names that a poll brought, as rows of the identity section. */
export function identityRows(target: number, poll: DevicePoll): IdentityRow[] {
  const { identity } = poll;
  if (identity === undefined || !identity.ok) return [];
  const rows: IdentityRow[] = [];
  const { sys_name, sys_descr } = identity.system;
  if (sys_name !== undefined) rows.push({ target, what: 'sys_name', value: sys_name.text });
  if (sys_descr !== undefined) rows.push({ target, what: 'sys_descr', value: sys_descr.text });
  for (const [port, texts] of identity.ports) {
    for (const what of ['if_name', 'if_descr', 'if_alias'] as const) {
      const text = texts[what];
      if (text !== undefined) rows.push({ target, what, port, value: text.text });
    }
  }
  return rows;
}
