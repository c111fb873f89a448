import type { Incident } from '../../../shared/judge/site/material.ts';
import type { JudgementReads } from '../../store/store-judgement.ts';
import { unpackIncidents } from './row.ts';

/** Days that are read at once: some 100 kB each, and nothing else waits for them. */
const STEP_MS = 20 * 24 * 3_600_000;

/** The newest word of an incident in the judged days that touch [from_ms, end_ms); null: none. */
export async function findInDays(
  store: Pick<JudgementReads, 'days'>,
  site: string,
  id: string,
  from_ms: number,
  end_ms: number,
): Promise<Incident | null> {
  for (let to_ms = end_ms; to_ms > from_ms; to_ms -= STEP_MS) {
    const rows = await store.days(site, Math.max(from_ms, to_ms - STEP_MS), to_ms);
    for (const row of rows.toReversed()) {
      const found = unpackIncidents(row).find((one) => one.id === id);
      if (found !== undefined) return found;
    }
  }
  return null;
}
