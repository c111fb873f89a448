import { addAll, closeTally, type FigureSums, newTally } from '../figures/sums.ts';
import { decodeSums, PARTS } from './sums-codec.ts';

/** Sums of one day without its devices one by one. */
export interface DayTotals {
  readonly site: FigureSums;
  readonly workplaces: FigureSums;
  /** Σ of the devices but those left out. */
  readonly devices: FigureSums;
}

const [ZERO, NINE, COMMA, OPEN, CLOSE] = [0x30, 0x39, 0x2c, 0x5b, 0x5d];
/** Place of maintenance_ms: what follows it are parts of the parts. */
const TIMES = PARTS.indexOf('maintenance_ms') + 1;

/**
 * What decodeSums says of a text of encodeSums, its devices added up. A province's month is a
 * quarter of a million of them, nearly all a number or a row of numbers: those are added as they
 * are read, which is several times as fast as making an object of each.
 */
export function decodeTotals(text: string, left_out: readonly string[]): DayTotals {
  const added = new Float64Array(PARTS.length);
  const row = new Float64Array(PARTS.length);
  const rows: string[] = [];
  // Codes hold neither quotes nor brackets, and sums hold no objects: the first brace ends them.
  const end = text.indexOf('}');
  let at = 2;
  while (at < end) {
    const name = at + 1;
    const from = text.indexOf('"', name) + 2;
    at = readNumbers(text, from, row);
    const plain = at > 0;
    if (!plain) at = endOfList(text, from);
    if (!isOneOf(text, name, from - 2, left_out)) {
      if (plain) for (let k = 0; k < row.length; k += 1) added[k] = (added[k] ?? 0) + (row[k] ?? 0);
      else rows.push(text.slice(from, at));
    }
    at += 1;
  }
  const listed = rows.map((text_of, k) => `"${k}":${text_of}`).join(',');
  const { site, workplaces, devices } = decodeSums(`[{${listed}${text.slice(end)}`);
  const all = newTally();
  PARTS.forEach((part, k) => {
    all[part] = added[k] ?? 0;
    if (k < TIMES) all.expected_ms += all[part];
  });
  return { site, workplaces, devices: addAll([closeTally(all), ...Object.values(devices)]) };
}

/** Reads a number or a row of numbers into `row`; the place behind it, or 0: it holds lists. */
function readNumbers(text: string, from: number, row: Float64Array): number {
  row.fill(0);
  const isRow = text.charCodeAt(from) === OPEN;
  let part = 0;
  let ms = 0;
  for (let at = isRow ? from + 1 : from; ; at += 1) {
    const code = text.charCodeAt(at);
    if (code >= ZERO && code <= NINE) {
      ms = 10 * ms + code - ZERO;
    } else if (code === OPEN) {
      return 0;
    } else {
      row[part] = ms;
      part += 1;
      ms = 0;
      if (!isRow) return at;
      if (code !== COMMA) return at + 1;
    }
  }
}

/** Place behind the list that begins at `from`. */
function endOfList(text: string, from: number): number {
  let depth = 0;
  for (let at = from; ; at += 1) {
    const code = text.charCodeAt(at);
    if (code === OPEN) depth += 1;
    else if (code === CLOSE) depth -= 1;
    if (depth === 0) return at + 1;
  }
}

/** Whether text[from, to) is one of the codes. */
function isOneOf(text: string, from: number, to: number, codes: readonly string[]): boolean {
  for (const code of codes) {
    if (code.length === to - from && text.startsWith(code, from)) return true;
  }
  return false;
}
