/**
 * What the text files of a bundle have in common: lines that end in a newline, fields with one
 * space between, one spelling of each value.
 */
import { fromBase64 } from '../../bytes.ts';
import { ORIGIN_CHARS_MAX } from '../checkpoint.ts';
import { HASH_BYTES } from '../merkle.ts';
import { isKeyName } from '../note.ts';
import { isTreeSize } from '../tree-math.ts';
import { bundleFormat } from './format-error.ts';
import { LOG_LEAVES_MAX } from './types.ts';

/** First line of a file about one log: the log's origin, and the size it is told at. */
export interface LogHead {
  readonly origin: string;
  readonly size: number;
}

/** Where a reader stands: a line of a file, for errors. */
export interface Line {
  readonly text: string;
  readonly place: string;
}

/** `<title> <origin> <size>` with its newline. Throws BUNDLE_FORMAT on what cannot be written. */
export function headLine(title: string, { origin, size }: LogHead): string {
  checkHead({ origin, size }, title);
  return `${title} ${origin} ${size}\n`;
}

/** The lines of a text, each with its place. Throws BUNDLE_FORMAT without a newline at the end. */
export function* linesOf(text: string, file: string): Generator<Line> {
  let [at, number] = [0, 1];
  if (text === '') throw bundleFormat(`${file}:1`, 'the file is empty');
  while (at < text.length) {
    const end = text.indexOf('\n', at);
    if (end < 0) throw bundleFormat(`${file}:${number}`, 'the last line has no newline');
    yield { text: text.slice(at, end), place: `${file}:${number}` };
    at = end + 1;
    number += 1;
  }
}

/** Reads {@link headLine}. Throws BUNDLE_FORMAT. */
export function readHead(title: string, line: Line): LogHead {
  const [found, origin, size, ...more] = line.text.split(' ');
  if (found !== title || origin === undefined || size === undefined || more.length > 0) {
    throw bundleFormat(line.place, `not "${title} <origin> <size>"`);
  }
  const head = { origin, size: wholeNumber(size, line.place) };
  checkHead(head, line.place);
  return head;
}

/** A number from 0 to 2^53 − 1 in its one spelling. Throws BUNDLE_FORMAT. */
export function wholeNumber(text: string, place: string): number {
  const value = Number(text);
  if (!isTreeSize(value) || String(value) !== text) {
    throw bundleFormat(place, `not a whole number: ${text.slice(0, 40)}`);
  }
  return value;
}

/** 32 bytes in canonical base64. Throws BUNDLE_FORMAT. */
export function readHash(text: string, place: string): Uint8Array {
  let hash: Uint8Array | null = null;
  try {
    hash = fromBase64(text);
  } catch {
    // The one error below says it.
  }
  if (hash?.length !== HASH_BYTES) throw bundleFormat(place, 'not a hash in base64');
  return hash;
}

const DAY_MS = 86_400_000;

/** Whether a text is a date YYYY-MM-DD that exists. */
export function isDay(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return false;
  const at_ms = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(at_ms) && dayOf(at_ms) === text;
}

/** The UTC day of a time, YYYY-MM-DD; times from 1970 to 9999. RangeError beyond. */
export function dayOf(at_ms: number): string {
  return new Date(Math.floor(at_ms / DAY_MS) * DAY_MS).toISOString().slice(0, 10);
}

function checkHead({ origin, size }: LogHead, place: string): void {
  if (!isKeyName(origin) || origin.length > ORIGIN_CHARS_MAX) {
    throw bundleFormat(place, 'unfit origin');
  }
  if (!isTreeSize(size) || size > LOG_LEAVES_MAX) throw bundleFormat(place, 'unfit size');
}
