/** Lists of target indexes as a text: `0-3,60-64` is 0 1 2 3 60 61 62 63 64. */

/** Neighbours that rise by one are joined; the order is kept. */
export function encodeIndexes(indexes: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const index of indexes) {
    const last = runs.at(-1);
    if (last !== undefined && last[1] + 1 === index) last[1] = index;
    else runs.push([index, index]);
  }
  return runs.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join();
}

const RUN = /^(0|[1-9][0-9]{0,8})(?:-([1-9][0-9]{0,8}))?$/;

/** Null where the text is none of these, falls inside a run, or has more than `max` indexes. */
export function decodeIndexes(text: string, max: number): number[] | null {
  const indexes: number[] = [];
  if (text === '') return indexes;
  for (const run of text.split(',', max + 1)) {
    const [, first, last] = RUN.exec(run) ?? [];
    if (first === undefined) return null;
    const from = Number(first);
    const to = Number(last ?? first);
    if ((last !== undefined && to <= from) || indexes.length + to - from >= max) return null;
    for (let index = from; index <= to; index++) indexes.push(index);
  }
  return indexes;
}
