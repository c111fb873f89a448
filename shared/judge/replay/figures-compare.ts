/** Figures of one site and period, said and computed: where they differ, and what need not. */
import { type Difference, differences } from './differences.ts';
import type { FiguresFile, NotRecomputable } from './figures-file.ts';

/** More are not told: one fault may touch every row. */
export const DIFFERENCES_MAX = 200;

type Members = Readonly<Record<string, unknown>>;

/** Lists of a file and how their items are named; a place may end in several of them. */
const NAMES: Readonly<Record<string, (item: Members) => string>> = {
  devices: ({ device }) => textOf(device),
  groups: ({ group }) => textOf(group),
  days: ({ day }) => textOf(day),
  hours: ({ weekday, hour }) => [weekday, hour].map(textOf).join('-'),
  windows: ({ id, from_ms }) => [id, from_ms].map(textOf).join('/'),
  incidents: ({ id }) => textOf(id),
  findings: ({ what, device, port, from_ms }) =>
    [what, device, port ?? '', from_ms].map(textOf).join('/'),
};
/** Members whose own members stand or fall one by one. */
const PARTS: ReadonlySet<string> = new Set([
  '',
  'hours',
  'hours/all',
  'hours/all/corrected',
  'hours/all/late_maintenance',
  'hours/all/late_maintenance/totals',
  'hours/all/corrected/totals',
  'hours/all/totals',
  'hours/working',
  'hours/working/corrected',
  'hours/working/late_maintenance',
  'hours/working/late_maintenance/totals',
  'hours/working/corrected/totals',
  'hours/working/totals',
]);

/**
 * What a file says otherwise than it was computed, but for what it names as not recomputable:
 * whether it may name anything is for the caller to say. `said` is any JSON.
 */
export function compareFigures(said: FiguresFile, own: FiguresFile): Difference[] {
  const named = namedOf(said);
  const left = named.size === 0 ? own : { ...prune('', own, named), not_recomputable: undefined };
  const rest = isMembers(said) ? { ...said, not_recomputable: undefined } : said;
  return differences(keyed('', rest), keyed('', left), DIFFERENCES_MAX);
}

/** What of the computed figures is compared: all but what `said`, any JSON, names as withheld. */
export function comparedPart(said: FiguresFile, own: FiguresFile): FiguresFile {
  return prune('', own, namedOf(said));
}

/**
 * The masked file with only what the full one says as well; all else is named, sorted. What stands
 * in it is so equal to the full figures.
 */
export function withoutDifferences(full: FiguresFile, masked: FiguresFile): FiguresFile {
  const lost = new Map<string, NotRecomputable>();
  collect('', full, masked, lost);
  const named = new Set(lost.keys());
  const not_recomputable = [...lost.keys()].sort().flatMap((key) => lost.get(key) ?? []);
  const file = prune('', masked, named);
  return { ...file, ...(not_recomputable.length === 0 ? {} : { not_recomputable }) };
}

function collect(
  place: string,
  full: unknown,
  masked: unknown,
  out: Map<string, NotRecomputable>,
): void {
  const [a, b] = [itemsOf(place, full), itemsOf(place, masked)];
  for (const name of new Set([...a.keys(), ...b.keys()])) {
    const [before, now] = [a.get(name), b.get(name)];
    if (JSON.stringify(before) === JSON.stringify(now)) continue;
    const path = place === '' ? name : `${place}/${name}`;
    const isOpen = PARTS.has(path) || isList(path);
    if (isOpen && before !== undefined && now !== undefined) collect(path, before, now, out);
    else out.set(keyOf(place, name), { what: place, code: name });
  }
}

/** The same without what is named. */
function prune<T>(place: string, value: T, named: ReadonlySet<string>): T {
  if (isList(place) && Array.isArray(value)) {
    const name = nameOf(place);
    // Only items leave: what is left is of the same type.
    return value.filter((item) => !named.has(keyOf(place, name(item)))) as T;
  }
  if (!PARTS.has(place) || !isMembers(value)) return value;
  const kept = Object.entries(value)
    .filter(([name]) => !named.has(keyOf(place, name)))
    .map(([name, member]) => [
      name,
      prune(place === '' ? name : `${place}/${name}`, member, named),
    ]);
  // Members that may leave are optional ones, or stand under a name that says so.
  return Object.fromEntries(kept) as T;
}

/** Lists by their items' names, so that one row too many is one difference. */
function keyed(place: string, value: unknown): unknown {
  if (isList(place) && Array.isArray(value)) {
    const name = nameOf(place);
    const items = value.map((item): [string, unknown] => [name(item), item]);
    // Names that stand twice would hide one of the two.
    const isClear = new Set(items.map(([key]) => key)).size === items.length;
    return isClear
      ? { '#order': items.map(([key]) => key).join(' '), ...Object.fromEntries(items) }
      : value;
  }
  if (!PARTS.has(place) || !isMembers(value)) return value;
  const members = Object.entries(value);
  return Object.fromEntries(
    members.map(([name, member]) => [
      name,
      keyed(place === '' ? name : `${place}/${name}`, member),
    ]),
  );
}

function itemsOf(place: string, value: unknown): Map<string, unknown> {
  if (isList(place) && Array.isArray(value)) {
    const name = nameOf(place);
    return new Map(value.map((item) => [name(item), item]));
  }
  return new Map(isMembers(value) ? Object.entries(value) : []);
}

function isList(place: string): boolean {
  if (place === 'incidents' || place === 'findings') return true;
  const at = place.lastIndexOf('/');
  return at > 0 && PARTS.has(place.slice(0, at)) && isRows(place.slice(at + 1), place);
}

/** `hours` is a list inside of hours, and `devices` is a total where totals are. */
function isRows(name: string, place: string): boolean {
  return name in NAMES && place !== 'hours' && !place.includes('/totals/');
}

function nameOf(place: string): (item: unknown) => string {
  const name = NAMES[place.slice(place.lastIndexOf('/') + 1)];
  return (item) => (isMembers(item) && name !== undefined ? name(item) : '');
}

function keyOf(place: string, name: string): string {
  return `${place} ${name}`;
}

function namedOf(file: unknown): ReadonlySet<string> {
  const named = isMembers(file) ? file['not_recomputable'] : undefined;
  const list: readonly unknown[] = Array.isArray(named) ? named : [];
  return new Set(
    list.flatMap((item) => {
      if (!isMembers(item) || !mayBeLost(item)) return [];
      return [keyOf(textOf(item.what), textOf(item.code))];
    }),
  );
}

/**
 * What withheld results can take away: items of lists, totals, and the two members that are only
 * there where a device gives reason for them. Never a whole list, or the file's own head.
 */
function mayBeLost({ what, code }: Members): boolean {
  if (typeof what !== 'string') return false;
  if (isList(what)) return true;
  if (what.endsWith('/totals')) return PARTS.has(what);
  const isHours = what === 'hours/all' || what === 'hours/working';
  return isHours && (code === 'corrected' || code === 'late_maintenance');
}

/** What a stranger puts where a name should be may be an object, which no text can be made of. */
function textOf(value: unknown): string {
  return typeof value === 'object' && value !== null ? '' : String(value);
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
