import { toHex, utf8 } from '../../shared/bytes.ts';
import type { Crypto } from '../../shared/evidence/crypto.ts';
import { keyOfIncident } from '../../shared/judge/day/corrected.ts';
import type { OutageKey } from '../../shared/judge/day/types.ts';
import type { FinalInterval } from '../../shared/judge/final.ts';
import type { Incident } from '../../shared/judge/site/material.ts';
import type { CollectorDeps } from '../deps.ts';
import { HttpError, notFound } from '../http-error.ts';
import { findIncident } from '../report/incidents.ts';

/**
 * The key of an incident of a site, and the incident. Throws HttpError 404 if there is none of this
 * id within 400 days, 409 INCIDENT_NO_OUTAGE if nothing of it has a first bad slot.
 */
export async function incidentKey(
  deps: Pick<CollectorDeps, 'judge' | 'crypto' | 'now_ms'>,
  site: string,
  id: string,
): Promise<{ readonly incident: Incident; readonly key: OutageKey }> {
  const found = await findIncident(deps.judge, site, id, deps.now_ms());
  if (found === null) throw notFound('incident', id);
  const key = keyOf(deps.crypto, site, id, found.judged.intervals);
  if (key !== null) return { incident: found.item, key };
  throw new HttpError(409, 'INCIDENT_NO_OUTAGE', 'the incident has no first bad slot', {
    hint: 'what is said would hang on nothing; ask for the incident again in a few minutes',
    place: 'id',
  });
}

/**
 * What people say hangs on the outage that gave the incident its id: it moves only if the id does.
 * Where it is not at hand, on the first of its outages.
 */
export function keyOf(
  crypto: Crypto,
  site: string,
  id: string,
  intervals: readonly FinalInterval[],
): OutageKey | null {
  const named = intervals.find(({ incident, device, from_ms }) => {
    if (incident !== id) return false;
    return toHex(crypto.sha256(utf8(JSON.stringify([site, device, from_ms])))) === id;
  });
  if (named === undefined) return keyOfIncident(intervals, id);
  return { device: named.device, from_ms: named.from_ms };
}

/** Words that people know and that are no cause, with why they are refused. */
const NEVER: Readonly<Record<string, string>> = {
  maintenance: 'announce maintenance before the work: a window counts from its announcement on',
  off: 'whether a machine was switched off is measured, never declared afterwards',
};

/** Refuses causes that nobody may give afterwards (accounting §4) with the reason. */
export function notAfterwards(cause: string): HttpError | null {
  const hint = NEVER[cause];
  if (hint === undefined) return null;
  return new HttpError(400, 'RECLASSIFY_CAUSE', `no outage becomes ${cause} afterwards`, {
    hint,
    place: 'cause',
  });
}
