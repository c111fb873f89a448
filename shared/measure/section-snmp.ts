import type { SnmpColumnPoll, SnmpPart } from './batch.ts';
import type { Strict } from './strict.ts';

/** Switches of one agent in one batch. */
export const SNMP_TARGETS_MAX = 2_000;
/** Polls of one target in one batch: a batch holds a minute, a poll takes 10 s or more. */
export const SNMP_POLLS_MAX = 64;
/** Interfaces of one target, virtual ones too. */
export const SNMP_INTERFACES_MAX = 4_096;
/** Columns of one target: MIB objects of ifTable, ifXTable and EtherLike-MIB. */
export const SNMP_COLUMNS_MAX = 128;
/** RFC 2863 §6: InterfaceIndex is 1 to 2^31 − 1. */
const IF_INDEX_MAX = 2 ** 31 - 1;
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
  const if_index = strict
    .list(part.if_index, `${place}.if_index`, SNMP_INTERFACES_MAX)
    .map((port, k) => strict.integer(port, `${place}.if_index[${k}]`, 1, IF_INDEX_MAX));
  const columns = strict.object(part.columns, `${place}.columns`);
  const names = Object.keys(columns);
  if (names.length > SNMP_COLUMNS_MAX) strict.fail(`${place}.columns`, 'has too many members');
  const read: Record<string, readonly SnmpColumnPoll[]> = {};
  for (const name of names) {
    const at = `${place}.columns.${name.slice(0, 64)}`;
    strict.text(name, at, OBJECT_NAME);
    read[name] = readColumn(strict, columns[name], at, polls.length, if_index.length);
  }
  return {
    target: Number(target),
    polls,
    if_index,
    columns: read,
    ...(part.scalars === undefined
      ? {}
      : { scalars: readScalars(strict, part.scalars, `${place}.scalars`) }),
  };
}

function readPoll(strict: Strict, value: unknown, place: string): SnmpPart['polls'][number] {
  const [sent, took, uptime, outcome] = strict.list(value, place, 4);
  return [
    strict.integer(sent, `${place}[0]`),
    strict.integer(took, `${place}[1]`),
    uptime === null ? null : strict.integer(uptime, `${place}[2]`, 0, TIME_TICKS_MAX),
    strict.text(outcome, `${place}[3]`, OUTCOME),
  ];
}

function readColumn(
  strict: Strict,
  value: unknown,
  place: string,
  polls: number,
  ports: number,
): SnmpColumnPoll[] {
  let before = -1;
  return strict.list(value, place, polls).map((item, index) => {
    const at = `${place}[${index}]`;
    const [poll, values] = strict.list(item, at, 2);
    const number = strict.integer(poll, `${at}[0]`, before + 1, polls - 1);
    before = number;
    const column = strict.list(values, `${at}[1]`, ports);
    if (column.length !== ports) strict.fail(`${at}[1]`, 'is not one per interface');
    return [number, column.map((cell, k) => readCell(strict, cell, at, k))];
  });
}

function readCell(strict: Strict, cell: unknown, at: string, k: number): number | string | null {
  if (cell === null) return null;
  if (typeof cell === 'number' && Number.isSafeInteger(cell)) return cell;
  if (typeof cell === 'string' && BIG.test(cell)) return cell;
  return strict.fail(`${at}[1][${k}]`, 'is no integer, decimal string or null');
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
    if (typeof cell === 'number' && Number.isSafeInteger(cell)) out[name] = cell;
    else if (typeof cell === 'string' && BIG.test(cell)) out[name] = cell;
    else strict.fail(`${place}.${name}`, 'is no integer or decimal string');
  }
  return out;
}
