import type { Said } from './labels.ts';
import type { Judged, Verdict } from './match.ts';

const INVENTED = 'nothing was done';

/**
 * The confusion table, a row for each kind of fault: what was expected, and how often what was said
 * of it; right and accepted words in bold. One column for each word would be wider than any page.
 */
export function confusionTable(all: readonly Judged[]): string {
  const rows = new Map<string, Map<Said, { count: number; good: boolean }>>();
  const add = (row: string, said: Said, good: boolean): void => {
    const cells = rows.get(row) ?? new Map<Said, { count: number; good: boolean }>();
    rows.set(row, cells);
    cells.set(said, { count: (cells.get(said)?.count ?? 0) + 1, good });
  };
  for (const verdict of all.flatMap((one) => one.verdicts)) {
    const { kind, expected } = verdict.fault.plan;
    add(line([kind, expected.said]), verdict.said, isGood(verdict));
  }
  const head = [...rows.keys()].sort();
  for (const { said } of all.flatMap((one) => one.invented)) add(INVENTED, said, false);
  if (rows.has(INVENTED)) head.push(INVENTED);
  return [
    '| fault | expected | said, how often |',
    '|---|---|---|',
    ...head.map((row) => {
      const cells = [...(rows.get(row) ?? [])].sort(([a], [b]) => (a < b ? -1 : 1));
      const said = cells.map(([word, { count, good }]) =>
        good ? `**${word}** ${count}` : `${word} ${count}`,
      );
      return `| ${row === INVENTED ? line([row, '–']) : row} | ${said.join(', ')} |`;
    }),
  ].join('\n');
}

function isGood({ grade }: Verdict): boolean {
  return grade === 'right' || grade === 'accepted';
}

function line(texts: readonly string[]): string {
  return texts.join(' | ');
}
