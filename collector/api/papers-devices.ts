import { may, type Principal } from '../auth/roles.ts';
import { HttpError } from '../http-error.ts';
import type { SiteView } from './scope.ts';

/** Ascending, each once; null stays. Throws HttpError 400 for a code that the site has not. */
export function knownDevices(
  view: SiteView,
  codes: readonly string[] | null,
): readonly string[] | null {
  if (codes === null) return null;
  const known = new Set(view.inventory.devices.map(({ code }) => code));
  const odd = codes.findIndex((wanted) => !known.has(wanted));
  if (odd !== -1) throw unknownDevice(view, codes[odd] ?? '', `devices[${odd}]`);
  return [...new Set(codes)].sort();
}

export function unknownDevice({ row }: SiteView, code: string, place: string): HttpError {
  const shown = JSON.stringify(code.slice(0, 60));
  return new HttpError(400, 'DEVICE_UNKNOWN', `the site has no device ${shown}`, {
    hint: `GET /api/v1/sites/${row.site}/devices lists its devices`,
    place,
  });
}

/** Codes that the person may only see as a number: a viewer cannot watch one person's desk. */
export function computersOf({ inventory }: SiteView, who: Principal): ReadonlySet<string> {
  if (may(who.role, 'details')) return new Set();
  const computers = inventory.devices.filter(({ kind }) => kind === 'pc');
  return new Set(computers.map(({ code }) => code));
}
