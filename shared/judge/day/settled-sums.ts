import { workingSpans } from '../../calendar/working.ts';
import type { Closed } from '../closed.ts';
import type { DeviceWindow } from '../lists.ts';
import { documentsUntil } from './documents-until.ts';
import { daySums } from './sums.ts';
import type { DaySums, JudgedWindow, SiteDocuments } from './types.ts';

/** What is known of a site, of all time. */
export interface SumsKnown {
  readonly documents: SiteDocuments;
  /** Own windows. */
  readonly windows: readonly DeviceWindow[];
  readonly closed: Closed;
}

/** Sums of a judged day by every hour and by the calendar's own week. */
export function settledSums(
  { documents: all, windows, closed }: SumsKnown,
  judged: JudgedWindow,
): { readonly all: DaySums; readonly working: DaySums } {
  const { from_ms, to_ms } = judged;
  const documents = documentsUntil(all, to_ms);
  const known_to_ms = new Map(
    [...closed].map(([agent, { ms }]) => [agent, ms === null ? null : Math.min(ms, to_ms)]),
  );
  const ask = { documents, windows, judged, from_ms, to_ms, as_of_to_ms: to_ms, known_to_ms };
  const working = workingSpans(documents.calendar, null, from_ms, to_ms);
  return {
    all: daySums({ ...ask, hours: [{ from_ms, to_ms }] }),
    working: daySums({ ...ask, hours: working }),
  };
}
