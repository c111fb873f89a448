import type { Cause } from '../cause-names.ts';
import { closeTally, type FigureSums, newTally } from '../figures/sums.ts';
import type { UnknownReason } from '../types.ts';
import { PARTS } from './sums-codec.ts';

/** Sums of one day without its devices one by one. */
export interface DayTotals {
  readonly site: FigureSums;
  readonly workplaces: FigureSums;
  /** Σ of the devices but those left out. */
  readonly devices: FigureSums;
}

/** What was read so far of some sums, added up. */
interface Added {
  /** In the order of PARTS. */
  readonly parts: Float64Array;
  readonly unknown_by: Map<string, number>;
  /** Down, unreachable and unknown time of each cause. */
  readonly causes: Map<string, Float64Array>;
  /** outages, outages_ms, ended, ended_ms. */
  readonly counted: Float64Array;
  longest_ms: number | null;
}

const [ZERO, NINE, COMMA, OPEN, QUOTE] = [0x30, 0x39, 0x2c, 0x5b, 0x22];
/** Place of maintenance_ms: what follows it are parts of the parts. */
const TIMES = PARTS.indexOf('maintenance_ms') + 1;
/** Lists behind the numbers of a row; the third one is of outages. */
const UNKNOWN = PARTS.length;
const CAUSES = UNKNOWN + 1;
const COUNTED = 4;
const NULL_CHARS = 4;

/**
 * What decodeSums says of a text of encodeSums, its devices added up. A province's month is a
 * quarter of a million of them: they are added as they are read, which is many times as fast as
 * making an object of each.
 */
export function decodeTotals(text: string, left_out: readonly string[]): DayTotals {
  const [devices, others] = [newAdded(), newAdded()];
  // Codes hold neither quotes nor brackets, and sums hold no objects: the first brace ends them.
  const end = text.indexOf('}');
  let at = 2;
  while (at < end) {
    const name = at + 1;
    const behind = text.indexOf('"', name);
    const counts = !isOneOf(text, name, behind, left_out);
    at = readSums(text, behind + 2, counts ? devices : others) + 1;
  }
  const [site, workplaces] = [newAdded(), newAdded()];
  at = readSums(text, end + 2, site);
  readSums(text, at + 1, workplaces);
  return { site: toSums(site), workplaces: toSums(workplaces), devices: toSums(devices) };
}

function newAdded(): Added {
  return {
    parts: new Float64Array(PARTS.length),
    unknown_by: new Map(),
    causes: new Map(),
    counted: new Float64Array(COUNTED),
    longest_ms: null,
  };
}

function toSums({ parts, unknown_by, causes, counted, longest_ms }: Added): FigureSums {
  const tally = newTally();
  PARTS.forEach((part, k) => {
    tally[part] = parts[k] ?? 0;
    if (k < TIMES) tally.expected_ms += tally[part];
  });
  for (const [reason, ms] of unknown_by) {
    // encodeSums wrote names of these two types.
    tally.unknown_by[reason as UnknownReason] = ms;
    tally.unknown_ms += ms;
  }
  tally.expected_ms += tally.unknown_ms;
  for (const [cause, [down_ms = 0, unreachable_ms = 0, unknown_ms = 0]] of causes) {
    tally.down_by_cause_ms[cause as Cause] = { down_ms, unreachable_ms, unknown_ms };
  }
  const [outages = 0, outages_ms = 0, ended = 0, ended_ms = 0] = counted;
  return closeTally(Object.assign(tally, { outages, outages_ms, ended, ended_ms, longest_ms }));
}

/** Adds the number or the row that begins at `from`; returns the place behind it. */
function readSums(text: string, from: number, added: Added): number {
  const { parts } = added;
  const isRow = text.charCodeAt(from) === OPEN;
  let part = 0;
  for (let at = isRow ? from + 1 : from; ; at += 1) {
    let code = text.charCodeAt(at);
    if (code === OPEN) {
      at = readList(text, at + 1, part, added);
      code = text.charCodeAt(at);
    } else {
      let ms = 0;
      while (code >= ZERO && code <= NINE) {
        ms = 10 * ms + code - ZERO;
        at += 1;
        code = text.charCodeAt(at);
      }
      // An empty list is written as 0.
      if (part < UNKNOWN) parts[part] = (parts[part] ?? 0) + ms;
    }
    if (!isRow) return at;
    if (code !== COMMA) return at + 1;
    part += 1;
  }
}

/** Adds a list of a row, of which `at` is the place behind the bracket; the place behind it. */
function readList(text: string, from: number, part: number, added: Added): number {
  let name = '';
  let k = 0;
  for (let at = from; ; at += 1) {
    let code = text.charCodeAt(at);
    if (code === QUOTE) {
      const end = text.indexOf('"', at + 1);
      name = text.slice(at + 1, end);
      k = 0;
      at = end + 1;
    } else if (code >= ZERO && code <= NINE) {
      let value = 0;
      while (code >= ZERO && code <= NINE) {
        value = 10 * value + code - ZERO;
        at += 1;
        code = text.charCodeAt(at);
      }
      addListed(added, part, name, k, value);
      k += 1;
    } else at += NULL_CHARS;
    if (text.charCodeAt(at) !== COMMA) return at + 1;
  }
}

function addListed(added: Added, part: number, name: string, k: number, value: number): void {
  const { unknown_by, causes, counted } = added;
  if (part === UNKNOWN) {
    unknown_by.set(name, value + (unknown_by.get(name) ?? 0));
  } else if (part === CAUSES) {
    let times = causes.get(name);
    if (times === undefined) {
      times = new Float64Array(3);
      causes.set(name, times);
    }
    times[k] = value + (times[k] ?? 0);
  } else if (k < COUNTED) {
    counted[k] = value + (counted[k] ?? 0);
  } else {
    added.longest_ms = Math.max(value, added.longest_ms ?? 0);
  }
}

/** Whether text[from, to) is one of the codes. */
function isOneOf(text: string, from: number, to: number, codes: readonly string[]): boolean {
  for (const code of codes) {
    if (code.length === to - from && text.startsWith(code, from)) return true;
  }
  return false;
}
