import type { SnmpChanges, SnmpKey, SnmpPart, SnmpPoll } from './batch.ts';
import type { Strict } from './strict.ts';

/** Switches of one agent in one batch. */
export const SNMP_TARGETS_MAX = 2_000;
/** Polls of one target in one batch: a batch holds a minute, a poll takes 10 s or more. */
export const SNMP_POLLS_MAX = 64;
/** Tables of one target: status, EtherLike, traffic of all ports, of uplinks; room to change. */
export const SNMP_TABLES_MAX = 8;
/** Interfaces of one target, virtual ones too. */
export const SNMP_INTERFACES_MAX = 4_096;
/** Columns of one table: MIB objects of ifTable, ifXTable and EtherLike-MIB. */
export const SNMP_COLUMNS_MAX = 128;
/** RFC 2863 §6: InterfaceIndex is 1 to 2^31 − 1. */
export const IF_INDEX_MAX = 2 ** 31 - 1;
/** RFC 1155: TimeTicks are 32 bits. */
const TIME_TICKS_MAX = 2 ** 32 - 1;
const OBJECT_NAME = /^[A-Za-z][A-Za-z0-9]{0,63}$/;
const OUTCOME = /^[a-z][a-z0-9_]{0,31}$/;
/** Counter64 and its differences, where a double would lose digits. */
const BIG = /^-?(0|[1-9][0-9]{0,19})$/;

/** One target's polls; `targets` is the length of the list in force. See batch.ts for the form. */
export function readSnmp(strict: Strict, value: unknown, place: string, targets: number): SnmpPart {
  const part = strict.object(value, place);
  const target = part.target;
  if (!Number.isSafeInteger(target) || Number(target) < 0 || Number(target) >= targets) {
    strict.fail(`${place}.target`, 'is no index of the list', 'SECTION_TARGET');
  }
  const polls = strict
    .list(part.polls, `${place}.polls`, SNMP_POLLS_MAX)
    .map((poll, index) => readPoll(strict, poll, `${place}.polls[${index}]`));
  return {
    target: Number(target),
    polls,
    ...(part.scalars === undefined
      ? {}
      : { scalars: readScalars(strict, part.scalars, `${place}.scalars`) }),
  };
}

function readPoll(strict: Strict, value: unknown, place: string): SnmpPoll {
  const poll = strict.list(value, place, 6);
  const [sent, took, uptime, outcome, table, held] = poll;
  const times = [
    strict.integer(sent, `${place}[0]`),
    strict.integer(took, `${place}[1]`),
    uptime === null ? null : strict.integer(uptime, `${place}[2]`, 0, TIME_TICKS_MAX),
    strict.text(outcome, `${place}[3]`, OUTCOME),
  ] as const;
  if (poll.length <= times.length) return times;
  const number = strict.integer(table, `${place}[4]`, 0, SNMP_TABLES_MAX - 1);
  const at = `${place}[5]`;
  return [
    ...times,
    number,
    Array.isArray(held) ? readChanges(strict, held, at) : readKey(strict, held, at),
  ];
}

function readKey(strict: Strict, value: unknown, place: string): SnmpKey {
  const key = strict.object(value, place);
  const if_index = strict.list(key.if_index, `${place}.if_index`, SNMP_INTERFACES_MAX);
  const seen = new Set<unknown>();
  for (const [k, port] of if_index.entries()) {
    strict.integer(port, `${place}.if_index[${k}]`, 1, IF_INDEX_MAX);
    if (seen.has(port)) strict.fail(`${place}.if_index[${k}]`, 'stands twice');
    seen.add(port);
  }
  const columns = strict
    .list(key.columns, `${place}.columns`, SNMP_COLUMNS_MAX)
    .map((name, c) => strict.text(name, `${place}.columns[${c}]`, OBJECT_NAME));
  if (new Set(columns).size !== columns.length) strict.fail(`${place}.columns`, 'names one twice');
  const rows = strict.list(key.values, `${place}.values`, columns.length);
  if (rows.length !== columns.length) strict.fail(`${place}.values`, 'is not one per column');
  const values = rows.map((row, c) => {
    const at = `${place}.values[${c}]`;
    const column = strict.list(row, at, if_index.length);
    if (column.length !== if_index.length) strict.fail(at, 'is not one per interface');
    return column.map((cell, k) => {
      return cell === null || isNumber(cell) ? cell : notANumber(strict, `${at}[${k}]`);
    });
  });
  return { if_index: if_index.map(Number), columns, values };
}

/** Whether they fit their key can be said only by a reader that has it. */
function readChanges(strict: Strict, value: unknown, place: string): SnmpChanges {
  return strict.list(value, place, SNMP_COLUMNS_MAX).map((column, c) => {
    if (column === 0) return 0;
    const at = `${place}[${c}]`;
    return strict
      .list(column, at, SNMP_INTERFACES_MAX)
      .map((cell, k) => (isNumber(cell) ? cell : notANumber(strict, `${at}[${k}]`)));
  });
}

/** Places are put together only for cells that are wrong: there are thousands of others. */
function isNumber(cell: unknown): cell is number | string {
  if (typeof cell === 'number') return Number.isSafeInteger(cell);
  return typeof cell === 'string' && BIG.test(cell);
}

function notANumber(strict: Strict, at: string): never {
  return strict.fail(at, 'is no integer or decimal string');
}

function readScalars(
  strict: Strict,
  value: unknown,
  place: string,
): Record<string, number | string> {
  const scalars = strict.object(value, place);
  const out: Record<string, number | string> = {};
  for (const [name, cell] of Object.entries(scalars).slice(0, SNMP_COLUMNS_MAX)) {
    strict.text(name, `${place}.${name.slice(0, 64)}`, OBJECT_NAME);
    out[name] = isNumber(cell) ? cell : notANumber(strict, `${place}.${name}`);
  }
  return out;
}
