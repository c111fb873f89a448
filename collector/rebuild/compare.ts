import { equalBytes, toHex } from '../../shared/bytes.ts';

/** Longest text of a value in a report, characters. */
const VALUE_CHARS_MAX = 160;
/** First bytes of a value that is not JSON: enough to see that two differ. */
const BYTES_SHOWN = 8;

/** A row that is compared: by its table, whom it tells of and when, then by its cells. */
export interface ComparedRow {
  readonly table: string;
  /** Device, agent or key; '' where the row is of the whole site. */
  readonly who: string;
  /** UTC ms; null where the row is of no time. */
  readonly at_ms: number | null;
  /** What else tells rows of one `who` and time apart. */
  readonly more?: string;
  /** JSON values and bytes. */
  readonly cells: Readonly<Record<string, unknown>>;
}

/** Where kept and recomputed judgement differ. */
export interface Difference {
  readonly table: string;
  readonly who: string;
  readonly at_ms: number | null;
  /** Cell and place in it; null: the whole row is only in one of both. */
  readonly where: string | null;
  /** JSON texts; null: it is not there. */
  readonly kept: string | null;
  readonly recomputed: string | null;
}

/** Compares rows of any order; one difference per row at most. */
export function* compareRows(
  kept: readonly ComparedRow[],
  recomputed: readonly ComparedRow[],
): Generator<Difference> {
  const others = new Map(recomputed.map((row) => [keyOf(row), row]));
  for (const row of kept) {
    const key = keyOf(row);
    const other = others.get(key);
    others.delete(key);
    const found = other === undefined ? alone(row, 'kept') : differing(row, other);
    if (found !== null) yield found;
  }
  for (const row of others.values()) yield alone(row, 'recomputed');
}

function keyOf({ table, who, at_ms, more }: ComparedRow): string {
  return JSON.stringify([table, who, at_ms, more]);
}

function alone({ table, who, at_ms, cells }: ComparedRow, side: 'kept' | 'recomputed'): Difference {
  const nothing = { kept: null, recomputed: null };
  return { table, who, at_ms, where: null, ...nothing, [side]: shown(cells) };
}

function differing(a: ComparedRow, b: ComparedRow): Difference | null {
  const found = firstDifference(a.cells, b.cells, { who: a.who, at_ms: a.at_ms, path: '' });
  if (found === null) return null;
  const { who, at_ms, path, kept, recomputed } = found;
  return { table: a.table, who, at_ms, where: path, kept, recomputed };
}

/** Whom and when a value inside a row tells of, as far as it says so itself. */
interface Place {
  readonly who: string;
  readonly at_ms: number | null;
  readonly path: string;
}

interface Found extends Place {
  readonly kept: string | null;
  readonly recomputed: string | null;
}

function firstDifference(a: unknown, b: unknown, place: Place): Found | null {
  if (Object.is(a, b)) return null;
  if (a instanceof Uint8Array && b instanceof Uint8Array) {
    if (equalBytes(a, b)) return null;
  } else if (isObject(a) && isObject(b) && Array.isArray(a) === Array.isArray(b)) {
    const inside = named(a, place);
    for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
      const path = Array.isArray(a) ? `${place.path}[${key}]` : joined(place.path, key);
      const found = firstDifference(a[key], b[key], { ...inside, path });
      if (found !== null) return found;
    }
    return null;
  }
  return { ...place, kept: shown(a), recomputed: shown(b) };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !(value instanceof Uint8Array);
}

function joined(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

/** An interval, incident or run inside a row tells its device and time better than the row. */
function named(value: Record<string, unknown>, place: Place): Place {
  const { device, id, from_ms, started_at_ms } = value;
  const who = typeof device === 'string' ? device : typeof id === 'string' ? id : place.who;
  const at = typeof from_ms === 'number' ? from_ms : started_at_ms;
  return { ...place, who, at_ms: typeof at === 'number' ? at : place.at_ms };
}

function shown(value: unknown): string | null {
  if (value === undefined) return null;
  if (value instanceof Uint8Array) {
    return `${value.length} bytes ${toHex(value.subarray(0, BYTES_SHOWN))}…`;
  }
  const text = JSON.stringify(value, (_, inner: unknown) =>
    inner instanceof Uint8Array ? shown(inner) : inner,
  );
  return text.length <= VALUE_CHARS_MAX ? text : `${text.slice(0, VALUE_CHARS_MAX)}…`;
}
