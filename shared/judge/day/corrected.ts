import type { FinalInterval } from '../final.ts';
import type { Incident } from '../site/material.ts';
import type { OutageKey, Reclassification } from './types.ts';

/**
 * Intervals with the causes that people gave (accounting §4): of an incident, the word in
 * `reclassified` stands, declared. States never change, and what was original stays beside it.
 */
export function correctedIntervals(
  intervals: readonly FinalInterval[],
  reclassified: ReadonlyMap<string, Pick<Reclassification, 'cause'>>,
): FinalInterval[] {
  if (reclassified.size === 0) return [...intervals];
  return intervals.map((one) => {
    const said = reclassified.get(one.incident ?? '');
    // Degraded time has no cause; maintenance that hides a part was no cause of the incident.
    if (said === undefined || !isBad(one) || one.cause === 'maintenance') return one;
    return { ...one, cause: said.cause, confidence: 'declared' };
  });
}

/** The same of incidents. */
export function correctedIncidents(
  incidents: readonly Incident[],
  reclassified: ReadonlyMap<string, Pick<Reclassification, 'cause'>>,
): Incident[] {
  return incidents.map((one): Incident => {
    const said = reclassified.get(one.id);
    return said === undefined ? one : { ...one, cause: said.cause, confidence: 'declared' };
  });
}

/**
 * What people said, by incident, in the order in which they said it. A key whose incident is null
 * says nothing: no bad interval begins there.
 */
export function byIncident<Said extends { readonly key: OutageKey }>(
  said: readonly Said[],
  incidentOf: (key: OutageKey) => string | null,
): Map<string, Said[]> {
  const out = new Map<string, Said[]>();
  for (const one of said) {
    const id = incidentOf(one.key);
    if (id === null) continue;
    const list = out.get(id) ?? [];
    list.push(one);
    out.set(id, list);
  }
  return out;
}

/** The word that stands of each incident: documents stand in the order of their leaves. */
export function newestWords(
  reclassifications: readonly Reclassification[],
  incidentOf: (key: OutageKey) => string | null,
): Map<string, Reclassification> {
  const out = new Map<string, Reclassification>();
  for (const [id, words] of byIncident(reclassifications, incidentOf)) {
    const last = words.at(-1);
    if (last !== undefined) out.set(id, last);
  }
  return out;
}

/** Id of the incident that a key lies in; null: no outage of the device begins there. */
export function incidentOfKey(intervals: readonly FinalInterval[], key: OutageKey): string | null {
  const found = intervals.find(
    (one) => one.device === key.device && one.from_ms === key.from_ms && one.incident !== null,
  );
  return found?.incident ?? null;
}

/** The key of an incident: its first bad interval, of equals the first code. Null: none at hand. */
export function keyOfIncident(intervals: readonly FinalInterval[], id: string): OutageKey | null {
  let first: FinalInterval | null = null;
  for (const one of intervals) {
    if (one.incident !== id) continue;
    if (first === null || one.from_ms < first.from_ms) first = one;
    else if (one.from_ms === first.from_ms && one.device < first.device) first = one;
  }
  return first === null ? null : { device: first.device, from_ms: first.from_ms };
}

function isBad({ state }: FinalInterval): boolean {
  return state === 'down' || state === 'unreachable';
}
