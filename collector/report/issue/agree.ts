/** Whether the figures of a bundle are those that the collector's own pages show. */

import { BUNDLE_AFTER_MS } from '../../../shared/evidence/bundle/types.ts';
import type { AsOf } from '../../../shared/judge/period/judged.ts';
import type { NamedRow } from '../../../shared/judge/period/table.ts';
import type { FiguresFile } from '../../../shared/judge/replay/figures-file.ts';
import type { Span } from '../../../shared/judge/spans.ts';
import type { JudgeReader } from '../../judge/read-types.ts';
import { availabilityFigures } from '../figures.ts';

/** Differences that are told in the log. */
const DIFFERENCES_MAX = 10;
const HOURS = ['all', 'working'] as const;

/** What the pages said of a period. */
export interface Shown {
  readonly as_of: AsOf;
  readonly rows: Readonly<Record<(typeof HOURS)[number], readonly NamedRow[]>>;
}

export interface Disagreement {
  readonly hours: string;
  readonly device: string;
  readonly member: string;
  readonly bundle: number | null;
  readonly shown: number | null;
}

/** Reads what the pages say now. */
export async function readShown(
  judge: Pick<JudgeReader, 'judged'>,
  site: string,
  period: Span,
): Promise<Shown> {
  const shape = { by: 'device', device: null, hide_computers: false } as const;
  const read = (hours: (typeof HOURS)[number]) =>
    availabilityFigures({ judge }, site, { ...period, hours, profile: null }, shape);
  const all = await read('all');
  const working = await read('working');
  return { as_of: working.as_of, rows: { all: all.items, working: working.items } };
}

/**
 * The first differences in times; none: they agree. Null: the pages had gone on by then, so that
 * the two speak of different ends.
 */
export function disagreements(
  figures: FiguresFile,
  shown: Shown,
  period: Span,
): Disagreement[] | null {
  const end = ({ to_ms }: AsOf): number => Math.min(to_ms, period.to_ms + BUNDLE_AFTER_MS);
  if (end(figures.as_of) !== end(shown.as_of)) return null;
  const found: Disagreement[] = [];
  for (const hours of HOURS) {
    const own = byDevice(figures.hours[hours].devices);
    const other = byDevice(shown.rows[hours]);
    for (const device of new Set([...own.keys(), ...other.keys()])) {
      const [a, b] = [own.get(device), other.get(device)];
      for (const member of new Set([...(a?.keys() ?? []), ...(b?.keys() ?? [])])) {
        const [bundle, said] = [a?.get(member) ?? null, b?.get(member) ?? null];
        if (bundle === said) continue;
        found.push({ hours, device, member, bundle, shown: said });
        if (found.length === DIFFERENCES_MAX) return found;
      }
    }
  }
  return found;
}

function byDevice(rows: readonly NamedRow[]): Map<string, Map<string, number>> {
  return new Map(
    rows.map((row) => [
      row.device ?? '',
      new Map(
        Object.entries(row).flatMap(([member, value]) =>
          member.endsWith('_ms') && typeof value === 'number' ? [[member, value]] : [],
        ),
      ),
    ]),
  );
}
