import { LanProofError } from '../errors.ts';
import { isCode } from '../measure/inventory-defaults.ts';
import { nearest } from '../nearest.ts';
import { DAY_MINUTES, dayNumber } from './dates.ts';
import type { MinuteSpan, Name } from './types.ts';

/** Shifts with breaks have a handful; more is a slip. */
const SPANS_PER_DAY_MAX = 24;
/** Names and sources are printed in one table cell. */
const TEXT_CHARS_MAX = 300;
/** One line without control characters, not blank at either end. */
const LINE = /^[^\p{C}\s](?:[^\p{C}]*[^\p{C}\s])?$/u;

/** Throws LanProofError CALENDAR_FORMAT: `place` is the member's path, `fix` what to do there. */
export function fail(place: string, what: string, fix: string): never {
  throw new LanProofError('CALENDAR_FORMAT', `${place === '' ? 'the calendar' : place} ${what}`, {
    hint: fix,
    ...(place === '' ? {} : { place }),
  });
}

/** The object at `place`; it has exactly the members named, of which `optional` may be missing. */
export function members(
  value: unknown,
  place: string,
  required: readonly string[],
  optional: readonly string[] = [],
): ReadonlyMap<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return fail(place, 'is not an object', `write an object with ${required.join(', ')}`);
  }
  const found = new Map<string, unknown>(Object.entries(value));
  const known = [...required, ...optional];
  for (const key of found.keys()) {
    if (known.includes(key)) continue;
    const meant = nearest(key, known);
    const fix = meant === undefined ? `remove it; known are ${known.join(', ')}` : `write ${meant}`;
    fail(join(place, key.slice(0, TEXT_CHARS_MAX)), 'is not known', fix);
  }
  for (const key of required) {
    if (!found.has(key)) fail(join(place, key), 'is missing', `add ${key}`);
  }
  return found;
}

export function join(place: string, key: string): string {
  return place === '' ? key : `${place}.${key}`;
}

export function list(value: unknown, place: string, max: number): readonly unknown[] {
  if (!Array.isArray(value)) return fail(place, 'is not a list', 'write a list, [] if empty');
  if (value.length > max) fail(place, `has more than ${max} members`, 'remove what is not needed');
  return value;
}

export function integer(value: unknown, place: string, min: number, max: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) {
    // Minus zero would come back from JSON as zero and change the document.
    return value === 0 ? 0 : value;
  }
  return fail(place, 'is not such a number', `write a whole number from ${min} to ${max}`);
}

export function code(value: unknown, place: string): string {
  if (typeof value === 'string' && isCode(value)) return value;
  return fail(place, 'is not a code', 'use lower-case letters, digits and -, 1 to 39 characters');
}

export function pattern(value: unknown, place: string, form: RegExp, example: string): string {
  if (typeof value === 'string' && form.test(value)) return value;
  return fail(place, 'is not of its form', `write it like ${example}`);
}

export function line(value: unknown, place: string): string {
  if (typeof value === 'string' && value.length <= TEXT_CHARS_MAX && LINE.test(value)) return value;
  return fail(place, 'is not one line of text', `write 1 to ${TEXT_CHARS_MAX} characters`);
}

export function name(value: unknown, place: string): Name {
  const found = members(value, place, ['vi', 'en']);
  return {
    vi: line(found.get('vi'), join(place, 'vi')),
    en: line(found.get('en'), join(place, 'en')),
  };
}

/** A date YYYY-MM-DD that exists. */
export function date(value: unknown, place: string): string {
  if (typeof value === 'string' && dayNumber(value) !== null) return value;
  return fail(place, 'is not a date that exists', 'write it as YYYY-MM-DD, e.g. 2026-09-02');
}

/** Ascending spans of local minutes that do not overlap; touching ones are allowed. */
export function minuteSpans(value: unknown, place: string): MinuteSpan[] {
  let end_min = 0;
  return list(value, place, SPANS_PER_DAY_MAX).map((item, index) => {
    const here = `${place}[${index}]`;
    const found = members(item, here, ['from_min', 'to_min']);
    const from_min = integer(found.get('from_min'), `${here}.from_min`, 0, DAY_MINUTES);
    const to_min = integer(found.get('to_min'), `${here}.to_min`, 0, DAY_MINUTES);
    if (from_min >= to_min) {
      fail(here, 'ends before it begins or is empty', 'cut a night at 1440 and go on the next day');
    }
    if (from_min < end_min) {
      fail(here, 'overlaps the span before it', 'write the spans in order, without overlap');
    }
    end_min = to_min;
    return { from_min, to_min };
  });
}
