/** Spreadsheets run a cell that begins so as a formula (OWASP: CSV injection). */
const FORMULA = /^[=+\-@\t\r]/;

export type CsvCell = string | number | boolean | null | undefined;

/**
 * RFC 4180 text with a header row and CRLF. Text that could be a formula gets a leading `'`;
 * numbers stay numbers, negative ones too.
 */
export function toCsv(columns: readonly string[], rows: readonly (readonly CsvCell[])[]): string {
  return [columns, ...rows].map((row) => `${row.map(csvCell).join(',')}\r\n`).join('');
}

export function csvCell(cell: CsvCell): string {
  if (cell === null || cell === undefined) return '';
  if (typeof cell !== 'string') return String(cell);
  const safe = FORMULA.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Rows of flat objects; lists are joined with spaces, maps become JSON. */
export function objectsToCsv(items: readonly object[]): string {
  const columns = [...new Set(items.flatMap((item) => Object.keys(item)))];
  const rows = items.map((item) => {
    const cells = new Map(Object.entries(item));
    return columns.map((column) => flatten(cells.get(column)));
  });
  return toCsv(columns, rows);
}

function flatten(value: unknown): CsvCell {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
    return value;
  }
  if (Array.isArray(value) && value.every((part) => typeof part !== 'object')) {
    return value.join(' ');
  }
  return JSON.stringify(value);
}
