import type { BatchHeader, SnmpChanges, SnmpKey, SnmpPart, SnmpPoll } from './batch.ts';

/** What a reader must know of the header that a part stands under. */
export type SnmpPlace = Pick<BatchHeader, 'epoch' | 'seq' | 'run' | 'list'>;

/** The values of one port by MIB object; null is "no such instance". */
export type PortValues = ReadonlyMap<string, bigint | null>;

/** One poll with absolute values. */
export interface SnmpReading {
  readonly target: number;
  readonly requested_mono_ms: number;
  readonly response_ms: number;
  /** Hundredths of a second, modulo 2^32. */
  readonly sys_uptime_ticks: number | null;
  /** `ok` or a coded failure. */
  readonly outcome: string;
  /**
   * By ifIndex; what the poll did not read is not in it. Undefined where the poll read no ports,
   * or where the reader lacks the key poll or a poll since.
   */
  readonly ports: ReadonlyMap<number, PortValues> | undefined;
}

export interface SnmpReader {
  /**
   * The polls of the next batch of one agent. `parts` is null where the section cannot be read
   * (withheld, deleted, faulty), and empty where the batch has no SNMP. After a batch that is not
   * the successor, another run or another list, values begin again at the next key polls.
   */
  feed(place: SnmpPlace, parts: readonly SnmpPart[] | null): SnmpReading[];
}

interface Table {
  readonly if_index: readonly number[];
  readonly names: readonly string[];
  /** By column, then by position in `if_index`. */
  readonly values: readonly (readonly (bigint | null)[])[];
}

/** Turns the parts of one agent's batches, fed in order, back into what the devices said. */
export function createSnmpReader(): SnmpReader {
  const tables = new Map<string, Table>();
  let last: SnmpPlace | undefined;
  return {
    feed(place, parts) {
      if (last === undefined || !follows(last, place) || parts === null) tables.clear();
      last = place;
      return (parts ?? []).flatMap((part) =>
        part.polls.map((poll) => readingOf(tables, part.target, poll)),
      );
    },
  };
}

function follows(last: SnmpPlace, next: SnmpPlace): boolean {
  const { epoch, seq, run, list } = last;
  const chained = next.epoch === epoch && next.seq === seq + 1;
  return chained && next.run === run && next.list.hash === list.hash;
}

function readingOf(tables: Map<string, Table>, target: number, poll: SnmpPoll): SnmpReading {
  const [requested_mono_ms, response_ms, sys_uptime_ticks, outcome, number, held] = poll;
  const times = { target, requested_mono_ms, response_ms, sys_uptime_ticks, outcome };
  if (held === undefined) return { ...times, ports: undefined };
  const key = `${target}/${number}`;
  const table = 'columns' in held ? tableOf(held) : changed(tables.get(key), held);
  if (table === undefined) {
    // Differences that do not fit leave nothing that later ones could be added to.
    tables.delete(key);
    return { ...times, ports: undefined };
  }
  tables.set(key, table);
  return { ...times, ports: portsOf(table) };
}

function tableOf({ if_index, columns, values }: SnmpKey): Table {
  const wide = values.map((column) => column.map((cell) => (cell === null ? null : BigInt(cell))));
  return { if_index, names: columns, values: wide };
}

function changed(before: Table | undefined, changes: SnmpChanges): Table | undefined {
  if (before === undefined || changes.length > before.names.length) return undefined;
  const ports = before.if_index.length;
  if (changes.some((column) => column !== 0 && column.length !== ports)) return undefined;
  const values = before.values.map((column, c) => {
    const added = changes[c] ?? 0;
    if (added === 0) return column;
    return column.map((cell, k) => (cell === null ? null : cell + BigInt(added[k] ?? 0)));
  });
  return { ...before, values };
}

function portsOf({ if_index, names, values }: Table): Map<number, PortValues> {
  const ports = new Map<number, PortValues>();
  for (const [k, port] of if_index.entries()) {
    const row = new Map<string, bigint | null>();
    for (let c = 0; c < names.length; c++) row.set(names[c] ?? '', values[c]?.[k] ?? null);
    ports.set(port, row);
  }
  return ports;
}
