/** Where two JSON values say different things. */
export interface Difference {
  /** The member's path. */
  readonly place: string;
  readonly said: string;
  readonly own: string;
}

/** A value of a difference is printed up to here, characters. */
const TEXT_MAX = 200;

/** Every difference up to `max`, in the order of `own`'s members, then what only `said` has. */
export function differences(said: unknown, own: unknown, max: number, place = ''): Difference[] {
  if (said === own || max <= 0) return [];
  const [a, b] = [membersOf(said), membersOf(own)];
  if (a === null || b === null || Array.isArray(said) !== Array.isArray(own)) {
    return [{ place, said: textOf(said), own: textOf(own) }];
  }
  const out: Difference[] = [];
  for (const name of new Set([...b.keys(), ...a.keys()])) {
    if (out.length >= max) break;
    const path = place === '' ? name : `${place}/${name}`;
    out.push(...differences(a.get(name), b.get(name), max - out.length, path));
  }
  return out;
}

/** The first of them; null: none. */
export function firstDifference(said: unknown, own: unknown): Difference | null {
  return differences(said, own, 1)[0] ?? null;
}

/** What stands in JSON: members without a value do not. */
function membersOf(value: unknown): Map<string, unknown> | null {
  if (typeof value !== 'object' || value === null) return null;
  return new Map(Object.entries(value).filter(([, member]) => member !== undefined));
}

function textOf(value: unknown): string {
  if (value === undefined) return '-';
  // What a stranger wrote may be nested without end: only its own members are shown.
  const members = membersOf(value);
  const text = members === null ? JSON.stringify(value) : `{${[...members.keys()].join(', ')}}`;
  return text.length <= TEXT_MAX ? text : `${text.slice(0, TEXT_MAX)}…`;
}
