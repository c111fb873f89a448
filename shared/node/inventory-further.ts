import type { Path, Problem } from '../problem.ts';
import { PROBLEMS_MAX } from './schema-explain.ts';

/** Codes that speak of a device as a whole: any mistake in it may be their cause. */
const OF_WHOLE_DEVICE: ReadonlySet<string> = new Set([
  'INVENTORY_NO_ADDRESS',
  'INVENTORY_REACHABILITY',
  'INVENTORY_UNMANAGED_PROBED',
]);
/** `devices[i].probes.icmp`: the parts of one probe are only understood together. */
const PROBE_DEPTH = 4;

/**
 * The errors of meaning that stand beside mistakes of shape and are not their mere consequence,
 * so that one import shows both. Empty where agents and devices cannot be read at all.
 */
export function furtherProblems(
  raw: unknown,
  shape: readonly Problem[],
  meaning: readonly Problem[],
): Problem[] {
  if (shape.length >= PROBLEMS_MAX || shape.some(hidesAll)) return [];
  return meaning.filter(
    (found) => found.severity === 'error' && !shape.some((cause) => explains(cause, found, raw)),
  );
}

/** A part that is missing or not a map or list: whoever refers to it would seem to be wrong. */
function hidesAll({ code, at }: Problem): boolean {
  if (code === 'CONFIG_UNKNOWN_KEY') return false;
  if (code === 'CONFIG_MISSING') return at.length === 0;
  return at.length < 2 || (at.length === 2 && typeof at[1] === 'number' && code === 'CONFIG_TYPE');
}

function explains(cause: Problem, found: Problem, raw: unknown): boolean {
  const { code, at } = cause;
  if (OF_WHOLE_DEVICE.has(found.code) && startsWith(at, found.at.slice(0, 2))) return true;
  if (at[2] === 'probes' && startsWith(found.at, at.slice(0, PROBE_DEPTH))) return true;
  if (code === 'CONFIG_UNKNOWN_KEY') return at.length > 1 && startsWith(found.at, at.slice(0, -1));
  if (!startsWith(found.at, at)) return false;
  return code !== 'CONFIG_MISSING' || valueAt(raw, found.at.slice(0, at.length + 1)) === undefined;
}

function startsWith(at: Path, start: Path): boolean {
  return start.every((step, index) => at[index] === step);
}

function valueAt(raw: unknown, at: Path): unknown {
  let value = raw;
  for (const step of at) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step))
      return undefined;
    value = (value as Readonly<Record<string | number, unknown>>)[step];
  }
  return value;
}
