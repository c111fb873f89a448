import { floorMinute } from '../../shared/judge/lists.ts';
import { type IncidentView, viewOf } from '../../shared/judge/period/incident-view.ts';
import type { Judged } from '../../shared/judge/period/judged.ts';
import type { JudgeReader } from '../judge/read-types.ts';

/** How long ago an incident may have been to be found by its id: as far as figures go. */
const SEARCH_MS = 400 * 24 * 60 * 60_000;
const MINUTE_MS = 60_000;

/** Incidents that touch the period, by start. */
export async function incidentViews(
  judge: Pick<JudgeReader, 'judged'>,
  site: string,
  from_ms: number,
  to_ms: number,
): Promise<{ readonly items: IncidentView[]; readonly judged: Judged }> {
  const found = await judge.judged(site, from_ms, to_ms);
  const first_ms = Math.min(from_ms, ...found.incidents.map(({ started_at_ms }) => started_at_ms));
  // The devices' time is read from the beginning of what began before the period.
  const judged =
    first_ms < from_ms ? await judge.judged(site, floorMinute(first_ms), to_ms) : found;
  const touching = judged.incidents.filter(
    ({ started_at_ms, ended_at_ms }) =>
      started_at_ms < to_ms && (ended_at_ms === null || ended_at_ms > from_ms),
  );
  return { items: touching.map((incident) => viewOf(incident, judged)), judged };
}

/** One incident by its id, however long ago within 400 days; null: there is none. */
export async function findIncident(
  judge: Pick<JudgeReader, 'judged' | 'incident'>,
  site: string,
  id: string,
  now_ms: number,
): Promise<{ readonly item: IncidentView; readonly judged: Judged } | null> {
  const to_ms = floorMinute(now_ms) + MINUTE_MS;
  const incident = await judge.incident(site, id, to_ms - SEARCH_MS, to_ms);
  if (incident === null) return null;
  // Its own time alone is read, whole.
  const from_ms = floorMinute(incident.started_at_ms);
  const end_ms = floorMinute(incident.ended_at_ms ?? now_ms) + MINUTE_MS;
  const { items, judged } = await incidentViews(judge, site, from_ms, end_ms);
  const item = items.find((one) => one.id === id);
  return item === undefined ? null : { item, judged };
}
