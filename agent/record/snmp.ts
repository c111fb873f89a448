import type {
  IdentityRow,
  SnmpChanges,
  SnmpKey,
  SnmpPart,
  SnmpPoll,
} from '../../shared/measure/batch.ts';
import {
  IF_INDEX_MAX,
  SNMP_INTERFACES_MAX,
  SNMP_POLLS_MAX,
  SNMP_TABLES_MAX,
} from '../../shared/measure/section-snmp.ts';
import type { DevicePoll } from '../snmp/poll.ts';
import { ScalarsRecord } from './scalars.ts';

type Raw = number | bigint;
type Columns = Readonly<Record<string, ReadonlyMap<number, Raw>>>;

const MINUTE_MS = 60_000;
/** Each table is written whole at least that often: who lacks older batches waits no longer. */
const KEY_MS = 60 * MINUTE_MS;
/** Targets write their key polls in different minutes, so that no batch is large. */
const KEY_MINUTES = 60;
/** RFC 2863: it changes when counters of a port began anew. */
const DISCONTINUITY = 'ifCounterDiscontinuityTime';

/** The ports and columns of one kind of poll, with the values that were written last. */
interface Table {
  readonly if_index: readonly number[];
  readonly names: readonly string[];
  /** By column, then by position in `if_index`; null is "no such instance". */
  values: readonly (readonly (Raw | null)[])[];
  /** Hour of its newest key poll, by the target's own minute; undefined: a key poll is due. */
  hour: number | undefined;
}

interface PartPoll {
  readonly requested_mono_ms: number;
  readonly response_ms: number;
  readonly ok: boolean;
  readonly failed?: string;
  readonly sys_uptime_ticks?: number | null;
  readonly columns?: Columns;
}

/**
 * The polls of one target in one run under one list. Values are written as differences to the
 * poll of the same table before, in whatever batch that stands.
 */
export class SnmpRecord {
  readonly #target: number;
  /** By number; the newest used is the last in `#order`. */
  readonly #tables = new Map<number, Table>();
  #order: number[] = [];
  #polls: SnmpPoll[] = [];
  readonly #scalars = new ScalarsRecord();
  #uptime_ticks = 0;

  constructor(target: number) {
    this.#target = target;
  }

  /** True where nothing waits for the next batch. */
  get empty(): boolean {
    return this.#polls.length === 0;
  }

  /**
   * Every part of a poll that brought columns, or that failed, is an entry of its own, because it
   * has its own times. A clock reading stands alone only where nothing else was read. `utc_ms` is
   * now, by the run's offset.
   */
  add(poll: DevicePoll, utc_ms: number): void {
    const { system } = poll;
    const hour = Math.floor((utc_ms - (this.#target % KEY_MINUTES) * MINUTE_MS) / KEY_MS);
    if (system.ok) this.#scalars.add(system, hour);
    const all = [poll.status, poll.etherlike, poll.traffic];
    const parts = all.filter((part) => part !== undefined);
    for (const entry of parts.length === 0 ? [system] : parts) {
      // Nothing is remembered of a poll that is not written: differences count from written ones.
      if (this.#polls.length >= SNMP_POLLS_MAX) return;
      this.#polls.push(this.#entry(entry, hour));
    }
  }

  /** Everything since the last part; differences go on from it. */
  take(): SnmpPart {
    const scalars = this.#scalars.take();
    const polls = this.#polls;
    this.#polls = [];
    return { target: this.#target, polls, ...(scalars === undefined ? {} : { scalars }) };
  }

  #entry(part: PartPoll, hour: number): SnmpPoll {
    const ticks = part.ok ? (part.sys_uptime_ticks ?? null) : null;
    const sent = Math.round(part.requested_mono_ms);
    const took = Math.max(0, Math.round(part.response_ms));
    // After a failure or a restart the device may have other counters: they are written whole.
    if (!part.ok || (ticks !== null && ticks < this.#uptime_ticks)) this.#expire();
    if (ticks !== null) this.#uptime_ticks = ticks;
    if (!part.ok) return [sent, took, null, part.failed ?? 'failed'];
    const { columns } = part;
    if (columns === undefined || Object.keys(columns).length === 0)
      return [sent, took, ticks, 'ok'];
    return [sent, took, ticks, 'ok', ...this.#write(columns, hour)];
  }

  #expire(): void {
    for (const table of this.#tables.values()) table.hour = undefined;
  }

  #write(columns: Columns, hour: number): [number, SnmpKey | SnmpChanges] {
    const names = Object.keys(columns);
    const if_index = portsOf(columns);
    const values = names.map((name) => if_index.map((port) => columns[name]?.get(port) ?? null));
    const known = this.#order.find((number) => isOf(this.#tables.get(number), names, if_index));
    const number = known ?? this.#free();
    this.#order = [...this.#order.filter((other) => other !== number), number];
    const table = this.#tables.get(number);
    if (known !== undefined && table !== undefined && table.hour === hour) {
      const changes = changesOf(table, values);
      table.values = values;
      if (changes !== undefined) return [number, changes];
    }
    this.#tables.set(number, { if_index, names, values, hour });
    return [number, { if_index, columns: names, values: values.map((column) => column.map(cell)) }];
  }

  /** A number that no table has, else that of the table unused for longest. */
  #free(): number {
    const used = this.#order.length;
    return used < SNMP_TABLES_MAX ? used : (this.#order[0] ?? 0);
  }
}

/**
 * Ports that a batch can hold: a device that numbers them otherwise, or has no end of them, must
 * not make the section of its whole site unreadable.
 */
function portsOf(columns: Columns): number[] {
  const ports = new Set<number>();
  for (const rows of Object.values(columns)) {
    for (const port of rows.keys()) if (isPort(port)) ports.add(port);
  }
  return [...ports].sort((a, b) => a - b).slice(0, SNMP_INTERFACES_MAX);
}

function isPort(index: number): boolean {
  return index >= 1 && index <= IF_INDEX_MAX;
}

function isOf(table: Table | undefined, names: readonly string[], ports: readonly number[]) {
  return table !== undefined && alike(table.names, names) && alike(table.if_index, ports);
}

function alike<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.length === b.length && a.every((item, i) => item === b[i]);
}

/** Undefined where a key poll is needed: a value came or went, or counters began anew. */
function changesOf(
  before: Table,
  values: readonly (readonly (Raw | null)[])[],
): SnmpChanges | undefined {
  const changes: (0 | (number | string)[])[] = [];
  for (const [c, column] of values.entries()) {
    const old = before.values[c] ?? [];
    if (column.every((value, k) => value === old[k])) {
      changes.push(0);
      continue;
    }
    if (before.names[c] === DISCONTINUITY) return undefined;
    const differences: (number | string)[] = [];
    for (const [k, value] of column.entries()) {
      const previous = old[k] ?? null;
      if ((value === null) !== (previous === null)) return undefined;
      differences.push(difference(value, previous));
    }
    changes.push(differences);
  }
  while (changes.at(-1) === 0) changes.pop();
  return changes;
}

function difference(value: Raw | null, previous: Raw | null): number | string {
  if (value === null || previous === null) return 0;
  if (typeof value === 'number' && typeof previous === 'number') return value - previous;
  return cell(BigInt(value) - BigInt(previous)) ?? 0;
}

function cell(value: Raw | null): number | string | null {
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
    if (!isPort(port)) continue;
    for (const what of ['if_name', 'if_descr', 'if_alias'] as const) {
      const text = texts[what];
      if (text !== undefined) rows.push({ target, what, port, value: text.text });
    }
    if (texts.mac !== undefined) rows.push({ target, what: 'mac', port, value: texts.mac });
  }
  return rows;
}
