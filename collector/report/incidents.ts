import { workingSpans } from '../../shared/calendar/working.ts';
import type { Cause, Confidence } from '../../shared/judge/cause-names.ts';
import type { OutageKey, Reclassification, Remark } from '../../shared/judge/day/types.ts';
import { endOf } from '../../shared/judge/figures/outages.ts';
import { floorMinute } from '../../shared/judge/lists.ts';
import type { Incident } from '../../shared/judge/site/material.ts';
import { total_ms } from '../../shared/judge/spans.ts';
import type { Judged, JudgeReader } from '../judge/read-types.ts';

/** How long ago an incident may have been to be found by its id: as far as figures go. */
const SEARCH_MS = 400 * 24 * 60 * 60_000;
const MINUTE_MS = 60_000;

/** What was judged first, or what a person says it was. */
export interface SaidCause {
  readonly cause: Cause;
  readonly confidence: Confidence;
}

export interface CorrectedCause extends SaidCause {
  readonly key: OutageKey;
  readonly reason: string;
  readonly author: string;
  readonly issued_ms: number;
}

/** One incident as people read it; `cause` is the one of the facts, whatever was said later. */
export interface IncidentView extends Incident {
  /** Working time that it touched, ms; for an open one to `as_of.to_ms`. */
  readonly working_ms: number;
  /** Down and unreachable time of all its devices, ms: an upper bound of the harm. */
  readonly device_ms: number;
  readonly notes: readonly Remark[];
  readonly original: SaidCause;
  /** The last word of a person on it; null: nobody said otherwise. */
  readonly corrected: CorrectedCause | null;
}

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

function viewOf(incident: Incident, judged: Judged): IncidentView {
  const { documents, as_of } = judged;
  const { id, cause, confidence, started_at_ms } = incident;
  const said = judged.reclassified.get(id);
  const end_ms = Math.min(incident.ended_at_ms ?? as_of.to_ms, as_of.to_ms);
  const work = workingSpans(documents.calendar, null, started_at_ms, end_ms);
  return {
    ...incident,
    working_ms: total_ms(work),
    device_ms: deviceTime(id, judged),
    notes: judged.remarked.get(id) ?? [],
    original: { cause, confidence },
    corrected: said === undefined ? null : correctionOf(said),
  };
}

function correctionOf({ key, cause, reason, author, issued_ms }: Reclassification): CorrectedCause {
  return { cause, confidence: 'declared', key, reason, author, issued_ms };
}

function deviceTime(id: string, { intervals, windows, closed, as_of }: Judged): number {
  let sum_ms = 0;
  for (const one of intervals) {
    if (one.incident !== id || (one.state !== 'down' && one.state !== 'unreachable')) continue;
    const owner = windows.findLast(({ device }) => device === one.device)?.agent ?? '';
    const end_ms = Math.min(endOf(one, closed.get(owner)?.ms ?? null), as_of.to_ms);
    sum_ms += Math.max(0, end_ms - one.from_ms);
  }
  return sum_ms;
}
