import { dayNumber } from '../calendar/dates.ts';
import type { OutageKey } from '../judge/day/types.ts';
import { COUNT_MAX, Strict, TIME_MS_MAX, TOKEN } from '../measure/strict.ts';
import { nearest } from '../nearest.ts';
import type { PaperHead } from './types.ts';

/** Names of accounts, tokens and programs. */
const AUTHOR_CHARS_MAX = 200;
/** Reasons, names and numbers of documents: what one cell of a table holds. */
export const LINE_CHARS_MAX = 500;
/** A note is a page at most. */
export const TEXT_CHARS_MAX = 4_000;
/** As much of an odd member's name as a person needs to find it. */
const MEMBER_CHARS_MAX = 40;
/**
 * Control characters, halves of surrogate pairs, and what breaks or turns a line unseen. Fixed
 * ranges: whether a character is assigned depends on the reader's version of Unicode.
 */
const UNFIT = /[\p{Cc}\p{Cs}\u2028-\u202e\u2066-\u2069]/u;

/**
 * Reads payloads of papers. Unlike target lists they may have no member beside those of their
 * version: one that was passed over here and counted elsewhere would make two figures of one fact.
 */
export class PaperReader extends Strict {
  constructor() {
    super(
      'PAPER_FORMAT',
      'correct the member named; if the document was signed, update this program: ' +
        'docs/formats/papers.md lists members and ranges',
    );
  }

  /** The object at `place` with exactly these members, of which `optional` may be missing. */
  members(
    value: unknown,
    place: string,
    names: readonly string[],
    optional: readonly string[] = [],
  ): Record<string, unknown> {
    const found = this.object(value, place);
    const known = [...names, ...optional];
    for (const key of Object.keys(found)) {
      if (known.includes(key)) continue;
      const meant = nearest(key, known);
      const what = meant === undefined ? 'is not known' : `is not known; ${meant} is`;
      this.fail(inside(place, key.slice(0, MEMBER_CHARS_MAX)), what);
    }
    for (const key of names) {
      if (!Object.hasOwn(found, key)) this.fail(inside(place, key), 'is missing');
    }
    return found;
  }

  /** The members that every paper begins with. */
  head(found: Record<string, unknown>): PaperHead {
    this.integer(found.v, 'v', 1, 1);
    return {
      v: 1,
      log: this.text(found.log, 'log', TOKEN),
      site: this.assetCode(found.site, 'site'),
      issued_ms: this.time(found.issued_ms, 'issued_ms'),
      author: this.line(found.author, 'author', AUTHOR_CHARS_MAX),
    };
  }

  version(found: Record<string, unknown>): number {
    return this.integer(found.version, 'version', 1, COUNT_MAX);
  }

  time(value: unknown, place: string): number {
    return this.integer(value, place, 0, TIME_MS_MAX);
  }

  /** 1 to `max` UTF-16 units on one line, without white space at either end. */
  line(value: unknown, place: string, max = LINE_CHARS_MAX): string {
    const line = this.free(value, place, max, false);
    if (line === '') this.fail(place, 'is empty');
    return line;
  }

  /** As {@link line}, but it may be empty and may have line feeds inside. */
  free(value: unknown, place: string, max = TEXT_CHARS_MAX, lines = true): string {
    if (typeof value !== 'string') return this.fail(place, 'is not a text');
    if (value.length > max) return this.fail(place, `is longer than ${max} characters`);
    if (value.trim() !== value) return this.fail(place, 'has white space at an end');
    if (!UNFIT.test(lines ? value.replaceAll('\n', ' ') : value)) return value;
    return this.fail(place, lines ? 'has control characters' : 'is not one line of plain text');
  }

  /** A date YYYY-MM-DD that exists. */
  date(value: unknown, place: string): string {
    if (typeof value === 'string' && dayNumber(value) !== null) return value;
    return this.fail(place, 'is not a date YYYY-MM-DD that exists');
  }

  key(value: unknown, place: string): OutageKey {
    const found = this.members(value, place, ['device', 'from_ms']);
    return {
      device: this.assetCode(found.device, `${place}.device`),
      from_ms: this.time(found.from_ms, `${place}.from_ms`),
    };
  }
}

export const HEAD = ['v', 'log', 'site', 'issued_ms', 'author'] as const;

function inside(place: string, key: string): string {
  return place === '' ? key : `${place}.${key}`;
}
