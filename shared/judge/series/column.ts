import { type ByteReader, type ByteWriter, damaged } from './bytes.ts';

/** Values of 0 to 2^53 − 1, or null where nothing is known. */
export type Column = readonly (number | null)[];

/** How values are written: as steps from the one before, or from the column's median. */
const STEPS = 0;
const FROM_MEDIAN = 1;
/** Cells of one column: a day of seconds is far more than any has. */
const CELLS_MAX = 100_000;

/**
 * Writes a column: its length, runs of null and known cells in turns, then the known values. What
 * drifts is smallest as steps, what only jitters as distances from its middle.
 */
export function writeColumn(out: ByteWriter, column: Column): void {
  out.unsigned(column.length);
  const known: number[] = [];
  let run = 0;
  let isKnown = false;
  for (const value of column) {
    if ((value !== null) !== isKnown) {
      out.unsigned(run);
      run = 0;
      isKnown = !isKnown;
    }
    run += 1;
    if (value !== null) known.push(value);
  }
  out.unsigned(run);
  if (known.length === 0) return;
  const median = medianOf(known);
  const steps = costOf(known, (_, before) => before);
  const mode = costOf(known, () => median) < steps ? FROM_MEDIAN : STEPS;
  out.byte(mode);
  let before = mode === FROM_MEDIAN ? median : 0;
  if (mode === FROM_MEDIAN) out.unsigned(median);
  for (const value of known) {
    out.signed(value - before);
    if (mode === STEPS) before = value;
  }
}

/** Reads a column. Throws LanProofError SERIES_FORMAT. */
export function readColumn(input: ByteReader): (number | null)[] {
  const length = input.unsigned();
  if (length > CELLS_MAX) throw damaged('a column is too long');
  const column: (number | null)[] = new Array(length).fill(null);
  const runs: [number, number][] = [];
  let known = 0;
  let at = input.unsigned();
  if (at > length) throw damaged('runs do not fit their column');
  for (let isKnown = true; at < length; isKnown = !isKnown) {
    const run = input.unsigned();
    if (isKnown) {
      runs.push([at, at + run]);
      known += run;
    }
    at += run;
    if (at > length || run === 0) throw damaged('runs do not fit their column');
  }
  if (known === 0) return column;
  const mode = input.byte();
  let before = mode === FROM_MEDIAN ? input.unsigned() : 0;
  for (const [from, to] of runs) {
    for (let cell = from; cell < to; cell++) {
      const value = before + input.signed();
      column[cell] = value;
      if (mode === STEPS) before = value;
    }
  }
  return column;
}

function medianOf(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/** About how many bits the distances from `origin` take. */
function costOf(
  values: readonly number[],
  origin: (value: number, before: number) => number,
): number {
  let bits = 0;
  let before = 0;
  for (const value of values) {
    bits += Math.log2(1 + Math.abs(value - origin(value, before)));
    before = value;
  }
  return bits;
}
