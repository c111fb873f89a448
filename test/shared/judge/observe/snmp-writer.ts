import type { SnmpPart, SnmpPoll } from '../../../../shared/measure/batch.ts';

export interface Poll {
  readonly s: number;
  /** sysUpTime, s; default: since an hour before T0. */
  readonly up_s?: number | null;
  readonly outcome?: string;
  readonly table?: number;
  /** By ifIndex and column; absent: no ports are read. */
  readonly ports?: Readonly<Record<number, Readonly<Record<string, number | string | null>>>>;
  readonly scalars?: Readonly<Record<string, number>>;
}

type Held = { columns: string[]; ports: number[]; values: (number | string | null)[][] };

/** The whole chain is written anew for each cut: a key first, then differences. */
export function snmpOf(
  polls: readonly Poll[],
  mono: (s: number) => number,
  inside: (s: number) => boolean,
): Omit<SnmpPart, 'target'> | null {
  const held = new Map<number, Held>();
  const out: SnmpPoll[] = [];
  let scalars: Record<string, number> | undefined;
  for (const { s, up_s = 3_600 + s, outcome = 'ok', table = 0, ports, ...poll } of polls) {
    const ticks = up_s === null || outcome !== 'ok' ? null : Math.round(up_s * 100);
    const times = [mono(s), 20, ticks, outcome] as const;
    if (outcome !== 'ok') held.clear();
    if (ports === undefined || outcome !== 'ok') {
      if (inside(s)) out.push(times);
    } else {
      const next = tableOf(ports);
      const before = held.get(table);
      held.set(table, next);
      if (inside(s)) out.push([...times, table, written(before, next)]);
    }
    if (inside(s) && poll.scalars !== undefined) scalars = poll.scalars;
  }
  if (out.length === 0) return null;
  return { polls: out, ...(scalars === undefined ? {} : { scalars }) };
}

function tableOf(ports: NonNullable<Poll['ports']>): Held {
  const indexes = Object.keys(ports).map(Number);
  const columns = [...new Set(Object.values(ports).flatMap((row) => Object.keys(row)))];
  const values = columns.map((name) => indexes.map((port) => ports[port]?.[name] ?? null));
  return { columns, ports: indexes, values };
}

function written(before: Held | undefined, next: Held): NonNullable<SnmpPoll[5]> {
  const same =
    before !== undefined &&
    String(before.ports) === String(next.ports) &&
    String(before.columns) === String(next.columns) &&
    before.values.every((column, c) =>
      column.every((cell, k) => (cell === null) === ((next.values[c]?.[k] ?? null) === null)),
    );
  if (!same) return { if_index: next.ports, columns: next.columns, values: next.values };
  const changes = next.values.map((column, c): 0 | (number | string)[] => {
    const added = column.map((cell, k) => {
      const old = before.values[c]?.[k] ?? null;
      if (cell === null || old === null) return 0;
      const exact = BigInt(cell) - BigInt(old);
      return Number.isSafeInteger(Number(exact)) ? Number(exact) : exact.toString();
    });
    return added.every((cell) => cell === 0) ? 0 : added;
  });
  while (changes.at(-1) === 0) changes.pop();
  return changes;
}
