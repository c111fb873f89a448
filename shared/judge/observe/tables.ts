import type { SnmpChanges, SnmpKey } from '../../measure/batch.ts';
import type { Cell, Polled, Table } from './state.ts';

/** Columns that facts come from; the others are counted past and not remembered. */
const KEPT: ReadonlySet<string> = new Set([
  'ifType',
  'ifConnectorPresent',
  'ifAdminStatus',
  'ifOperStatus',
  'ifLastChange',
  'ifSpeed',
  'ifHighSpeed',
  'ifCounterDiscontinuityTime',
  'ifInErrors',
  'dot3StatsDuplexStatus',
  'dot3StatsFCSErrors',
  'dot3StatsAlignmentErrors',
  'dot3StatsLateCollisions',
  'ifHCInOctets',
  'ifInOctets',
  'ifHCInUcastPkts',
  'ifInUcastPkts',
  'ifHCInBroadcastPkts',
  'ifInBroadcastPkts',
]);

type Values = Pick<Table, 'if_index' | 'names' | 'values' | 'at_ms'>;

/** A table before and after one poll. */
export class TableStep {
  readonly now: Values;
  readonly before: Values | null;
  #places: Map<number, number> | null = null;

  constructor(now: Values, before: Values | null) {
    this.now = now;
    this.before = before;
  }

  has(name: string): boolean {
    return this.now.names.includes(name);
  }

  /** False: nothing changed in it. A column without differences stays one list, see added(). */
  moved(name: string): boolean {
    const { now, before } = this;
    const at = now.names.indexOf(name);
    return at >= 0 && (before?.names !== now.names || before.values[at] !== now.values[at]);
  }

  /** The value of the port at a place of `now.if_index`; null: none. */
  value(name: string, place: number): Cell {
    return cellOf(this.now, name, place);
  }

  /** The same of the poll before. */
  old(name: string, place: number): Cell {
    const at = this.#oldPlace(place);
    return this.before === null || at < 0 ? null : cellOf(this.before, name, at);
  }

  /** What a counter of a port grew by; null: not known, or it fell. */
  grown(name: string, place: number): number | null {
    const [old, now] = [this.old(name, place), this.value(name, place)];
    if (old === null || now === null) return null;
    const grown = isSmall(old) && isSmall(now) ? now - old : Number(BigInt(now) - BigInt(old));
    return grown < 0 ? null : grown;
  }

  /** Ports by place whose value of one of these columns changed; all where none is known before. */
  changed(names: readonly string[]): number[] {
    const { if_index } = this.now;
    if (this.before === null) return if_index.map((_, place) => place);
    const out: number[] = [];
    const columns: (readonly [readonly Cell[] | undefined, readonly Cell[] | undefined])[] = [];
    for (const name of names) if (this.moved(name)) columns.push(this.#columns(name));
    if (columns.length === 0) return out;
    for (let place = 0; place < if_index.length; place++) {
      const was = this.#oldPlace(place);
      for (const [now, old] of columns) {
        if ((now?.[place] ?? null) === (was < 0 ? null : (old?.[was] ?? null))) continue;
        out.push(place);
        break;
      }
    }
    return out;
  }

  /** A column now and before: looking a name up for each port is most of the work. */
  #columns(name: string): readonly [readonly Cell[] | undefined, readonly Cell[] | undefined] {
    const { now, before } = this;
    return [now.values[now.names.indexOf(name)], before?.values[before.names.indexOf(name)]];
  }

  #oldPlace(place: number): number {
    const { before, now } = this;
    if (before === null) return -1;
    if (before.if_index === now.if_index) return place;
    this.#places ??= new Map(before.if_index.map((port, at) => [port, at]));
    return this.#places.get(now.if_index[place] ?? -1) ?? -1;
  }
}

function cellOf(table: Values, name: string, place: number): Cell {
  return table.values[table.names.indexOf(name)]?.[place] ?? null;
}

function isSmall(cell: Cell): cell is number {
  return typeof cell === 'number';
}

/** A batch is lacking: differences mean nothing until the next key polls. */
export function breakChain(polled: Readonly<Record<string, Polled>>): void {
  for (const code in polled) {
    const one = polled[code];
    if (one === undefined) continue;
    one.scalars = false;
    for (const number in one.tables) {
      const table = one.tables[number];
      if (table !== undefined) table.whole = false;
    }
  }
}

/** Takes one poll's table in; null: its values are not known. */
export function readTable(
  polled: Polled,
  number: number,
  held: SnmpKey | SnmpChanges,
  at_ms: number,
): TableStep | null {
  const known = polled.tables[number];
  if ('columns' in held) {
    const made = tableOf(held, at_ms);
    // The same ports keep one list, so that places need not be looked up.
    if (known !== undefined && same(known.if_index, made.if_index)) made.if_index = known.if_index;
    polled.tables[number] = made;
    return new TableStep(made, known ?? null);
  }
  if (known === undefined || !known.whole) return null;
  const ports = known.if_index.length;
  const fits = held.every((column) => column === 0 || column.length === ports);
  if (held.length > known.width || !fits) {
    known.whole = false;
    return null;
  }
  const { if_index, names, values } = known;
  const before = { if_index, names, values, at_ms: known.at_ms };
  if (held.length > 0) known.values = added(known, held);
  known.at_ms = at_ms;
  return new TableStep(known, before);
}

/** The values after some differences; a column without any stays the same list. */
function added({ values, places }: Table, held: SnmpChanges): (readonly Cell[])[] {
  return values.map((column, c) => {
    const grown = held[places[c] ?? -1] ?? 0;
    if (grown === 0) return column;
    return column.map((cell, k) => (cell === null ? null : sum(cell, grown[k] ?? 0)));
  });
}

function tableOf({ if_index, columns, values }: SnmpKey, at_ms: number): Table {
  const names: string[] = [];
  const places: number[] = [];
  const kept: (readonly Cell[])[] = [];
  for (const [place, name] of columns.entries()) {
    if (!KEPT.has(name)) continue;
    names.push(name);
    places.push(place);
    kept.push(values[place] ?? []);
  }
  return { if_index, names, places, width: columns.length, values: kept, at_ms, whole: true };
}

function same(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((port, k) => port === b[k]);
}

function sum(cell: number | string, added: number | string): number | string {
  if (isSmall(cell) && isSmall(added) && Number.isSafeInteger(cell + added)) return cell + added;
  const exact = BigInt(cell) + BigInt(added);
  const near = Number(exact);
  return Number.isSafeInteger(near) ? near : exact.toString();
}
