import { ConfigError } from './config-error.ts';

/** 50,000 lines of 200 bytes, with room. */
export const CSV_BYTES_MAX = 16 * 1024 * 1024;

export interface CsvRow {
  /** Line of the file where the row begins, from 1; quoted cells may span lines. */
  readonly line: number;
  readonly cells: readonly string[];
}

/**
 * Strict RFC 4180: quotes only around whole cells, doubled inside; LF or CRLF. The separator is
 * the comma or the semicolon (Excel with Vietnamese settings writes semicolons), whichever stands
 * first in the first line. Empty lines are skipped. Throws ConfigError at the first broken line.
 */
export function parseCsv(source: string | Uint8Array, file: string): readonly CsvRow[] {
  const text = (typeof source === 'string' ? source : decode(source, file)).replace(/^\uFEFF/, '');
  const separator = /[,;]/.exec(text.split('\n', 1)[0] ?? '')?.[0] ?? ',';
  const cell = new RegExp(
    `(?:"([^"]*(?:""[^"]*)*)"|([^"${separator}\\r\\n]*))(${separator}|\\r?\\n|$)`,
    'y',
  );
  const rows: CsvRow[] = [];
  let line = 1;
  let begin = 1;
  let cells: string[] = [];
  while (cell.lastIndex < text.length || cells.length > 0) {
    const found = cell.exec(text);
    if (found === null) {
      const fix = 'put the whole cell in "quotes" and double the quotes inside it';
      throw csvError(
        file,
        line,
        'CSV_QUOTES',
        'a quote stands inside a cell, or is not closed',
        fix,
      );
    }
    const [all, quoted, plain = '', end] = found;
    cells.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    line += all.split('\n').length - 1;
    if (end === separator) continue;
    if (cells.length > 1 || cells[0] !== '') rows.push({ line: begin, cells });
    cells = [];
    begin = line;
    if (end === '') break;
  }
  return rows;
}

function decode(bytes: Uint8Array, file: string): string {
  if (bytes.length > CSV_BYTES_MAX) {
    const message = `is larger than ${CSV_BYTES_MAX} bytes`;
    throw csvError(file, 1, 'CSV_TOO_LARGE', message, 'split the file');
  }
  const fix = 'save it as "CSV UTF-8 (Comma delimited)"';
  if (bytes[0] === 0xff || bytes[0] === 0xfe || bytes[0] === 0 || bytes[1] === 0) {
    throw csvError(file, 1, 'CSV_ENCODING', 'is UTF-16, not UTF-8', fix);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw csvError(file, 1, 'CSV_ENCODING', 'is not valid UTF-8', fix);
  }
}

function csvError(file: string, line: number, code: string, message: string, fix: string) {
  const place = `${file}:${line}`;
  return new ConfigError(file, [{ severity: 'error', code, at: [line], place, message, fix }]);
}
