import type { FinalInterval } from '../final.ts';
import type { Incident } from '../site/material.ts';
import type { OutageKey, Reclassification, Remark, SiteDocuments } from './types.ts';

/**
 * Intervals with the causes that people gave (accounting §4): of every incident that a key lies in,
 * the newest word stands, declared. States never change, and what was original stays beside it.
 * A key is a device and its first bad slot; a key that no bad interval has is passed over.
 */
export function correctedIntervals(
  intervals: readonly FinalInterval[],
  reclassifications: readonly Reclassification[],
): FinalInterval[] {
  const declared = declaredCauses(intervals, reclassifications);
  if (declared.size === 0) return [...intervals];
  return intervals.map((one) => {
    const cause = declared.get(one.incident ?? '');
    // Degraded time has no cause; maintenance that hides a part was no cause of the incident.
    if (cause === undefined || !isBad(one) || one.cause === 'maintenance') return one;
    return { ...one, cause, confidence: 'declared' };
  });
}

/** The same of incidents. */
export function correctedIncidents(
  incidents: readonly Incident[],
  intervals: readonly FinalInterval[],
  reclassifications: readonly Reclassification[],
): Incident[] {
  const declared = declaredCauses(intervals, reclassifications);
  return incidents.map((one): Incident => {
    const cause = declared.get(one.id);
    return cause === undefined ? one : { ...one, cause, confidence: 'declared' };
  });
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

/** What people said of an incident, by any of its outages, in the order in which they said it. */
export function saidOf(
  documents: Pick<SiteDocuments, 'remarks' | 'reclassifications'>,
  intervals: readonly FinalInterval[],
  id: string,
): { readonly remarks: Remark[]; readonly reclassifications: Reclassification[] } {
  const isOf = ({ key }: { readonly key: OutageKey }) => incidentOfKey(intervals, key) === id;
  return {
    remarks: documents.remarks.filter(isOf),
    reclassifications: documents.reclassifications.filter(isOf),
  };
}

function declaredCauses(
  intervals: readonly FinalInterval[],
  reclassifications: readonly Reclassification[],
): Map<string, Reclassification['cause']> {
  const out = new Map<string, Reclassification['cause']>();
  // Documents stand in the order of their leaves: of two the later one holds.
  for (const { key, cause } of reclassifications) {
    const id = incidentOfKey(intervals, key);
    if (id !== null) out.set(id, cause);
  }
  return out;
}

function isBad({ state }: FinalInterval): boolean {
  return state === 'down' || state === 'unreachable';
}
