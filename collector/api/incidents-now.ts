import type { Incident } from '../../shared/judge/site/material.ts';
import { incidentSaid } from './incident-said.ts';
import type { IncidentNow } from './incident-schemas.ts';

/** Those that go on first, then the newest. Devices of `hidden` are counted, not named. */
export function incidentsNow(
  incidents: readonly Incident[],
  hidden: ReadonlySet<string>,
): IncidentNow[] {
  const items = incidents.flatMap((incident): IncidentNow[] => {
    const { phase } = incident;
    return phase === 'settled' ? [] : [{ ...incidentSaid(incident, hidden), phase }];
  });
  return items.sort(
    (a, b) =>
      Number(b.phase === 'open') - Number(a.phase === 'open') ||
      b.started_at_ms - a.started_at_ms ||
      (a.id < b.id ? -1 : 1),
  );
}
