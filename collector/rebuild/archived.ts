import type { ReadUnit, Store } from '../store/store.ts';
import type { ComparedRow } from './compare.ts';

/**
 * The judge finds its way again within minutes of the first bodies that are there; what it says
 * two days behind them rests on them alone.
 */
const SETTLED_MS = 2 * 86_400_000;

/** From when on judgement can be compared: bodies are there, and the judge has settled. */
export async function comparableFrom(kept: Pick<ReadUnit, 'archivedBefore'>): Promise<number> {
  const before_ms = await kept.archivedBefore();
  return before_ms === 0 ? Number.NEGATIVE_INFINITY : before_ms + SETTLED_MS;
}

/** What rows say of the time from `from_ms` on; one that reaches over it is cut there. */
export function rowsSince(rows: readonly ComparedRow[], from_ms: number): readonly ComparedRow[] {
  if (from_ms === Number.NEGATIVE_INFINITY) return rows;
  return rows.flatMap((row) => {
    const { table, at_ms, cells } = row;
    if (table === 'interval' && at_ms !== null && at_ms < from_ms) {
      const { to_ms } = cells;
      if (typeof to_ms === 'number' && to_ms <= from_ms) return [];
      // How early it may have begun was seen in time that is archived.
      return [{ ...row, at_ms: from_ms, cells: { ...cells, earliest_ms: null } }];
    }
    if (table === 'seen' && Number(cells.from_ms) < from_ms) return [];
    const archived = table === 'chunk' || table === 'day' || table.startsWith('series_');
    return archived && at_ms !== null && at_ms < from_ms ? [] : [row];
  });
}

/** The scratch goes on from the last archived day, as the collector does. */
export async function seedArchived(kept: ReadUnit, scratch: Store, site: string): Promise<void> {
  const before_ms = await kept.archivedBefore();
  if (before_ms === 0) return;
  const archived = await kept.days(site, 0, before_ms);
  const last = archived.filter(({ day_ms }) => day_ms < before_ms).at(-1);
  if (last !== undefined) await scratch.write((tx) => tx.putDay(last));
}

/**
 * A device that is silent since archived time looks as if it had never answered: what is told of
 * the site is comparable again from its first answer on.
 */
export async function behindSilence(
  scratch: Pick<Store, 'intervals'>,
  site: string,
  from_ms: number,
): Promise<number> {
  if (from_ms === Number.NEGATIVE_INFINITY) return from_ms;
  const over = (await scratch.intervals(site, from_ms, from_ms + 1)).filter(
    ({ reason }) => reason === 'never_answered',
  );
  return Math.max(from_ms, ...over.map(({ to_ms }) => to_ms ?? Number.POSITIVE_INFINITY));
}
