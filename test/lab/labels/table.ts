import type { Said } from './labels.ts';
import type { Judged, Verdict } from './match.ts';

const INVENTED = 'nothing was done';

/** Expected × said as a Markdown table; a cell is a count, right and accepted ones in bold. */
export function confusionTable(all: readonly Judged[]): string {
  const cells = new Map<string, { count: number; good: boolean }>();
  const add = (row: string, said: Said, good: boolean): void => {
    const key = JSON.stringify([row, said]);
    cells.set(key, { count: (cells.get(key)?.count ?? 0) + 1, good });
  };
  const good = ({ grade }: Verdict) => grade === 'right' || grade === 'accepted';
  const rows = new Set<string>();
  const columns = new Set<Said>();
  for (const verdict of all.flatMap((one) => one.verdicts)) {
    const row = `${verdict.fault.plan.kind} → ${verdict.fault.plan.expected.said}`;
    rows.add(row);
    columns.add(verdict.said);
    add(row, verdict.said, good(verdict));
  }
  const head = [...rows].sort();
  for (const { said } of all.flatMap((one) => one.invented)) {
    if (!head.includes(INVENTED)) head.push(INVENTED);
    columns.add(said);
    add(INVENTED, said, false);
  }
  const said = [...columns].sort();
  const line = (texts: readonly string[]): string => `| ${texts.join(' | ')} |`;
  return [
    line(['fault → expected', ...said]),
    line(['---', ...said.map(() => '---')]),
    ...head.map((row) =>
      line([
        row,
        ...said.map((column) => {
          const cell = cells.get(JSON.stringify([row, column]));
          if (cell === undefined) return '';
          return cell.good ? `**${cell.count}**` : String(cell.count);
        }),
      ]),
    ),
  ].join('\n');
}
