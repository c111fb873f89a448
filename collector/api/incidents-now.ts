import { type Static, Type } from 'typebox';
import { CAUSES, CONFIDENCES } from '../../shared/judge/cause-names.ts';
import type { Incident } from '../../shared/judge/site/material.ts';
import { Ms, NullableMs, NullableTime, Time } from './schemas.ts';
import { rfc3339 } from './times.ts';

/** An incident that goes on, or that facts may still change: what a page shows of it. */
export const IncidentNow = Type.Object({
  id: Type.String(),
  kind: Type.Enum(['outage', 'degraded', 'flapping']),
  phase: Type.Enum(['open', 'settling'], {
    description: 'open: goes on; settling: over, but later facts may still change its cause',
  }),
  cause: Type.Enum([...CAUSES], {
    description: 'as measured; what people say stands in /incidents',
  }),
  confidence: Type.Enum([...CONFIDENCES]),
  roots: Type.Array(Type.String()),
  unreachable: Type.Array(Type.String()),
  computers: Type.Object(
    { roots: Type.Integer(), unreachable: Type.Integer() },
    { description: 'computers that are not named to a viewer, as counts; 0 where they are named' },
  ),
  started_at_ms: Ms,
  started_at: Time,
  ended_at_ms: NullableMs,
  ended_at: NullableTime,
});
export type IncidentNow = Static<typeof IncidentNow>;

/** Those that go on first, then the newest. Only devices of `named` are named. */
export function incidentsNow(
  incidents: readonly Incident[],
  named: (device: string) => boolean,
): IncidentNow[] {
  const items = incidents.flatMap((incident): IncidentNow[] => {
    const { phase } = incident;
    if (phase === 'settled') return [];
    const roots = incident.roots.filter(named);
    const unreachable = incident.unreachable.filter(named);
    const { id, kind, cause, confidence, started_at_ms, ended_at_ms } = incident;
    return [
      {
        ...{ id, kind, phase, cause, confidence, roots, unreachable },
        computers: {
          roots: incident.roots.length - roots.length,
          unreachable: incident.unreachable.length - unreachable.length,
        },
        ...{ started_at_ms, started_at: rfc3339(started_at_ms) },
        ...{ ended_at_ms, ended_at: rfc3339(ended_at_ms) },
      },
    ];
  });
  return items.sort(
    (a, b) =>
      Number(b.phase === 'open') - Number(a.phase === 'open') ||
      b.started_at_ms - a.started_at_ms ||
      (a.id < b.id ? -1 : 1),
  );
}
