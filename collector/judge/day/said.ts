import { byIncident, incidentOfKey, newestWords } from '../../../shared/judge/day/corrected.ts';
import { joinWindows } from '../../../shared/judge/day/join.ts';
import type { JudgedWindow, OutageKey, SiteDocuments } from '../../../shared/judge/day/types.ts';
import type { Judged } from '../../../shared/judge/period/judged.ts';
import type { Incident } from '../../../shared/judge/site/material.ts';
import type { JudgementReads } from '../../store/store-judgement.ts';
import { unpackDay } from './row.ts';

/** The longest local day, and an hour: an outage at its end is named with the day behind it. */
const DAY_MS = 26 * 3_600_000;

interface SaidSource {
  readonly store: Pick<JudgementReads, 'days'>;
  readonly site: string;
  readonly documents: Pick<SiteDocuments, 'remarks' | 'reclassifications'>;
  /** Everything that was read of the period and about it, joined. */
  readonly joined: JudgedWindow;
  /** Those of the period. */
  readonly incidents: readonly Incident[];
  /** The time behind all judged days. */
  readonly tail: () => Promise<JudgedWindow | null>;
}

/**
 * What people said of the incidents of a period. A key may lie days before or behind it, in another
 * outage of the same incident: what a day says must not hang on which other days are asked for.
 */
export async function saidOfPeriod(
  source: SaidSource,
): Promise<Pick<Judged, 'reclassified' | 'remarked'>> {
  const { remarks, reclassifications } = source.documents;
  const ids = new Map<string, string | null>();
  for (const { key } of [...remarks, ...reclassifications]) {
    const name = nameOf(key);
    if (!ids.has(name)) ids.set(name, await incidentAt(source, key));
  }
  const incidentOf = (key: OutageKey): string | null => ids.get(nameOf(key)) ?? null;
  return {
    reclassified: newestWords(reclassifications, incidentOf),
    remarked: byIncident(remarks, incidentOf),
  };
}

function nameOf({ device, from_ms }: OutageKey): string {
  return `${from_ms} ${device}`;
}

async function incidentAt(source: SaidSource, key: OutageKey): Promise<string | null> {
  const { joined } = source;
  const here = incidentOfKey(joined.intervals, key);
  if (here !== null || !isOutside(source, key)) return here;
  return incidentOfKey(await around(source, key.from_ms), key);
}

/** Whether it lies in no time that was read, but in the time of an incident of the period. */
function isOutside({ joined, incidents }: SaidSource, { from_ms }: OutageKey): boolean {
  if (from_ms >= joined.from_ms && from_ms < joined.to_ms) return false;
  return incidents.some(
    ({ started_at_ms, started_earliest_ms, ended_at_ms }) =>
      Math.min(started_at_ms, started_earliest_ms ?? started_at_ms) <= from_ms &&
      (ended_at_ms === null || from_ms <= ended_at_ms),
  );
}

/** The day of a moment with its neighbours: what goes on over a midnight does not begin there. */
async function around(
  { store, site, tail }: SaidSource,
  at_ms: number,
): Promise<JudgedWindow['intervals']> {
  const parts = (await store.days(site, at_ms - 1, at_ms + DAY_MS)).map(unpackDay);
  const over_ms = parts.at(-1)?.to_ms ?? null;
  if (over_ms === null || over_ms <= at_ms + DAY_MS) {
    const last = await tail();
    if (last !== null && (over_ms === null || over_ms === last.from_ms)) parts.push(last);
  }
  return parts.length === 0 ? [] : joinWindows(parts).intervals;
}
