import { CODE_FORM, isCode } from '../measure/inventory-defaults.ts';
import { nearest } from '../nearest.ts';
import { type Problem, quote } from '../problem.ts';
import { ConfigError } from './config-error.ts';
import { parseCsv } from './csv.ts';

/** 3,321 communes and wards, several sites each; beyond that it is another file. */
export const UNITS_ROWS_MAX = 50_000;
const AGENTS_MAX = 16;
const NAME_CHARS_MAX = 200;

/** `required` columns have a value on every line; the others may be left out. */
export const UNITS_COLUMNS = {
  unit_code: { required: true, means: 'code of the unit' },
  unit_name: { required: true, means: 'name as in documents' },
  parent: { required: false, means: 'code of the unit above' },
  site_code: { required: true, means: 'code of the site, unique in the file' },
  site_name: { required: true, means: 'name of the site' },
  contact_name: { required: false, means: 'whom to call' },
  contact_phone: { required: false, means: 'telephone; format the column as text' },
  agents: { required: false, means: 'codes of agents that get a token, separated by spaces' },
} as const;
type Column = keyof typeof UNITS_COLUMNS;
const COLUMNS = Object.keys(UNITS_COLUMNS) as Column[];

/** One line: a site of a unit. Units are repeated on the line of each of their sites. */
export interface UnitRow {
  /** Line of the file where the row begins, from 1. */
  readonly line: number;
  readonly unit: { readonly code: string; readonly name: string; readonly parent?: string };
  readonly site: { readonly code: string; readonly name: string };
  readonly contact: { readonly name?: string; readonly phone?: string };
  /** Each gets an enrolment token; default `do-1`. */
  readonly agents: readonly string[];
}

/**
 * Reads units.csv: UTF-8 with or without BOM, comma or semicolon, a header line with the columns
 * in any order. Throws ConfigError with every problem; nothing is returned if a line is wrong.
 */
export function parseUnitsCsv(source: string | Uint8Array, file: string): readonly UnitRow[] {
  const problems: Problem[] = [];
  const add = (line: number, code: string, message: string, fix: string) => {
    const at = [line];
    problems.push({ severity: 'error', code, at, place: `${file}:${line}`, message, fix });
  };
  const table = parseCsv(source, file);
  const header = table[0];
  if (header === undefined) {
    add(1, 'UNITS_EMPTY', 'the file is empty', `first line: ${COLUMNS.join(',')}`);
    throw new ConfigError(file, problems);
  }
  const columns = readHeader(header.cells, add);
  if (problems.length > 0) throw new ConfigError(file, problems);
  if (table.length - 1 > UNITS_ROWS_MAX) {
    add(1, 'UNITS_TOO_MANY', `more than ${UNITS_ROWS_MAX} lines`, 'split the file');
    throw new ConfigError(file, problems);
  }
  const rows = table.slice(1).map(({ line, cells }) => {
    if (cells.length !== columns.length) {
      const message = `has ${cells.length} cells, the header has ${columns.length}`;
      add(line, 'UNITS_CELLS', message, 'put cells that contain the separator in "quotes"');
    }
    return readRow(line, columns, cells, add);
  });
  checkRows(rows, add);
  if (problems.length > 0) throw new ConfigError(file, problems);
  return rows;
}

type Add = (line: number, code: string, message: string, fix: string) => void;

function readHeader(cells: readonly string[], add: Add): Column[] {
  const names = cells.map((cell) => cell.trim().toLowerCase());
  const known = (name: string): name is Column => Object.hasOwn(UNITS_COLUMNS, name);
  for (const [i, name] of names.entries()) {
    if (!known(name)) {
      const near = nearest(name, COLUMNS);
      const list = `the columns are: ${COLUMNS.join(', ')}`;
      const fix = near === undefined ? list : `did you mean ${near}?`;
      add(1, 'UNITS_UNKNOWN_COLUMN', `unknown column ${quote(name)}`, fix);
    } else if (names.indexOf(name) !== i) {
      add(1, 'UNITS_DUPLICATE_COLUMN', `column ${name} stands twice`, 'remove one of the two');
    }
  }
  for (const name of COLUMNS) {
    if (!UNITS_COLUMNS[name].required || names.includes(name)) continue;
    add(
      1,
      'UNITS_MISSING_COLUMN',
      `column ${name} is missing`,
      `add it: ${UNITS_COLUMNS[name].means}`,
    );
  }
  return names.filter(known);
}

function readRow(line: number, columns: readonly Column[], cells: readonly string[], add: Add) {
  const cell = (name: Column): string => {
    const index = columns.indexOf(name);
    const value = index === -1 ? '' : (cells[index] ?? '').trim();
    if (value === '' && UNITS_COLUMNS[name].required) {
      add(line, 'UNITS_EMPTY_CELL', `${name} is empty`, `write the ${UNITS_COLUMNS[name].means}`);
    } else if (value.length > NAME_CHARS_MAX) {
      add(line, 'UNITS_TOO_LONG', `${name} is too long`, `at most ${NAME_CHARS_MAX} characters`);
    }
    return value;
  };
  const code = (name: Column, value: string): string => {
    if (value !== '' && !isCode(value)) {
      add(line, 'UNITS_CODE', `${name} ${quote(value)} is no code`, `write ${CODE_FORM}`);
    }
    return value;
  };
  const parent = code('parent', cell('parent'));
  const contact_name = cell('contact_name');
  const phone = cell('contact_phone');
  const listed = cell('agents')
    .split(/\s+/)
    .filter((agent) => agent !== '');
  const agents = listed.length === 0 ? ['do-1'] : listed.map((agent) => code('agents', agent));
  if (agents.length > AGENTS_MAX || new Set(agents).size !== agents.length) {
    add(line, 'UNITS_AGENTS', 'agents repeat or are too many', `at most ${AGENTS_MAX}, each once`);
  }
  const row: UnitRow = {
    line,
    unit: {
      code: code('unit_code', cell('unit_code')),
      name: cell('unit_name'),
      ...(parent === '' ? {} : { parent }),
    },
    site: { code: code('site_code', cell('site_code')), name: cell('site_name') },
    contact: {
      ...(contact_name === '' ? {} : { name: contact_name }),
      ...(phone === '' ? {} : { phone }),
    },
    agents,
  };
  return row;
}

/** A unit's parent may stand outside the file (already imported); inside it must be a tree. */
function checkRows(rows: readonly UnitRow[], add: Add): void {
  const sites = new Map<string, UnitRow>();
  const units = new Map<string, UnitRow>();
  for (const row of rows) {
    const before = sites.get(row.site.code);
    if (before === undefined) sites.set(row.site.code, row);
    else {
      const message = `site ${quote(row.site.code)} already stands on line ${before.line}`;
      add(row.line, 'UNITS_DUPLICATE_SITE', message, 'give each site its own code');
    }
    const unit = units.get(row.unit.code);
    if (unit === undefined) units.set(row.unit.code, row);
    else if (unit.unit.name !== row.unit.name || unit.unit.parent !== row.unit.parent) {
      const message = `unit ${quote(row.unit.code)} differs from line ${unit.line}`;
      add(row.line, 'UNITS_UNIT_DIFFERS', message, 'write the same name and parent on both lines');
    }
  }
  const done = new Set<string>();
  for (const start of units.values()) {
    const walk = new Set<string>();
    let row: UnitRow | undefined = start;
    while (row !== undefined && !done.has(row.unit.code) && !walk.has(row.unit.code)) {
      walk.add(row.unit.code);
      row = row.unit.parent === undefined ? undefined : units.get(row.unit.parent);
    }
    if (row !== undefined && walk.has(row.unit.code)) {
      const message = `unit ${quote(row.unit.code)} is its own parent, through ${walk.size} units`;
      add(row.line, 'UNITS_CYCLE', message, 'correct the column parent');
    }
    for (const code of walk) done.add(code);
  }
}
