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
/** Sent, response time, sysUpTime and outcome: members of a poll that read no table. */
const POLL_TIMES = 4;
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
  if (!isTime(sent)) return strict.fail(`${place}[0]`, 'is no time');
  if (!isTime(took)) return strict.fail(`${place}[1]`, 'is no time');
  if (uptime !== null && !(isTime(uptime) && uptime <= TIME_TICKS_MAX)) {
    return strict.fail(`${place}[2]`, 'are no TimeTicks');
  }
  if (typeof outcome !== 'string' || !OUTCOME.test(outcome)) {
    return strict.fail(`${place}[3]`, 'is no outcome');
  }
  if (poll.length <= POLL_TIMES) return [sent, took, uptime, outcome];
  if (!isTime(table) || table >= SNMP_TABLES_MAX) {
    return strict.fail(`${place}[4]`, 'is no number of a table');
  }
  const at = `${place}[5]`;
  const read = Array.isArray(held) ? readChanges(strict, held, at) : readKey(strict, held, at);
  return [sent, took, uptime, outcome, table, read];
}

function readKey(strict: Strict, value: unknown, place: string): SnmpKey {
  const key = strict.object(value, place);
  const if_index = strict.list(key.if_index, `${place}.if_index`, SNMP_INTERFACES_MAX);
  const seen = new Set<unknown>();
  for (const [k, port] of if_index.entries()) {
    if (!isTime(port) || port < 1 || port > IF_INDEX_MAX || seen.has(port)) {
      strict.fail(`${place}.if_index[${k}]`, 'is no InterfaceIndex, or stands twice');
    }
    seen.add(port);
  }
  const columns = strict
    .list(key.columns, `${place}.columns`, SNMP_COLUMNS_MAX)
    .map((name, c) => strict.text(name, `${place}.columns[${c}]`, OBJECT_NAME));
  if (new Set(columns).size !== columns.length) strict.fail(`${place}.columns`, 'names one twice');
  const rows = strict.list(key.values, `${place}.values`, columns.length);
  if (rows.length !== columns.length) strict.fail(`${place}.values`, 'is not one per column');
  for (const [c, row] of rows.entries()) {
    const at = `${place}.values[${c}]`;
    const column = strict.list(row, at, if_index.length);
    if (column.length !== if_index.length) strict.fail(at, 'is not one per interface');
    checkNumbers(strict, column, at, true);
  }
  // Every member was checked above; a copy of each number would double the cost of a poll.
  return { if_index, columns, values: rows } as SnmpKey;
}

/** Whether they fit their key can be said only by a reader that has it. */
function readChanges(strict: Strict, value: unknown, place: string): SnmpChanges {
  const columns = strict.list(value, place, SNMP_COLUMNS_MAX);
  for (const [c, column] of columns.entries()) {
    if (column === 0) continue;
    const at = `${place}[${c}]`;
    checkNumbers(strict, strict.list(column, at, SNMP_INTERFACES_MAX), at, false);
  }
  // Every member was checked above.
  return columns as SnmpChanges;
}

/** Milliseconds, ticks or a small count; messages are put together only for what is wrong. */
function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

/** Places are put together only for cells that are wrong: there are thousands of others. */
function checkNumbers(
  strict: Strict,
  cells: readonly unknown[],
  place: string,
  nullable: boolean,
): void {
  for (let k = 0; k < cells.length; k++) {
    const cell = cells[k];
    if (!isNumber(cell) && !(nullable && cell === null)) notANumber(strict, `${place}[${k}]`);
  }
}

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
