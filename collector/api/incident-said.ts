import type { SiteDocuments } from '../../shared/judge/day/types.ts';
import type { Incident } from '../../shared/judge/site/material.ts';
import { may, type Principal } from '../auth/roles.ts';
import type { SiteView } from './scope.ts';
import { rfc3339 } from './times.ts';

/** Codes of all computers that ever were, for whoever may see them as counts only. */
export function hiddenFrom(
  { inventory }: Pick<SiteView, 'inventory'>,
  versions: SiteDocuments['versions'],
  { role }: Principal,
): ReadonlySet<string> {
  if (may(role, 'details')) return new Set();
  const all = [inventory.devices, ...versions.map(({ document }) => document.devices)].flat();
  return new Set(all.filter(({ kind }) => kind === 'pc').map(({ code }) => code));
}

/** What every view of an incident says of it; devices of `hidden` are counted, not named. */
export function incidentSaid(incident: Incident, hidden: ReadonlySet<string>) {
  const { id, kind, phase, cause, confidence, started_at_ms, ended_at_ms } = incident;
  const named = (codes: readonly string[]) => codes.filter((code) => !hidden.has(code));
  const roots = named(incident.roots);
  const unreachable = named(incident.unreachable);
  return {
    ...{ id, kind, phase, cause, confidence, roots, unreachable },
    computers: {
      roots: incident.roots.length - roots.length,
      unreachable: incident.unreachable.length - unreachable.length,
    },
    ...{ started_at_ms, started_at: rfc3339(started_at_ms) },
    ...{ ended_at_ms, ended_at: rfc3339(ended_at_ms) },
  };
}
