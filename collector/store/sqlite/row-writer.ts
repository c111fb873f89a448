import type { Connection, SqlValue } from './connection.ts';

/**
 * Returns a function that writes one row of `table`. With `key` (a unique set of columns) a row
 * that is there already gets the new values; without, it is an error. Columns are ours, never
 * from outside. Returns the row's id.
 */
export function rowWriter<Column extends string>(
  sql: Connection,
  table: string,
  columns: readonly Column[],
  key: readonly Column[] | null,
): (row: Readonly<Record<Column, SqlValue>>) => number {
  const marks = columns.map(() => '?').join(', ');
  const insert = `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${marks})`;
  const changed = columns.filter((column) => key?.includes(column) === false);
  const set = changed.map((column) => `${column} = excluded.${column}`).join(', ');
  const onConflict = set === '' ? 'DO NOTHING' : `DO UPDATE SET ${set}`;
  const text = key === null ? insert : `${insert} ON CONFLICT (${key.join(', ')}) ${onConflict}`;
  return (row) => sql.run(text, ...columns.map((column) => row[column])).id;
}
