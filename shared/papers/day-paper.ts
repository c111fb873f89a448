import { COUNT_MAX } from '../measure/strict.ts';
import { readCarry } from './day-carry.ts';
import { HEAD, PaperReader } from './paper-reader.ts';
import type { DayPaper } from './types.ts';

/** 2,000 devices in the middle of an outage, each with its own incident and facts. */
const BYTES_MAX = 16 * 1024 * 1024;
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
/** Days of a clock change or of a zone that moves over the date line end within these. */
const DAY_MS_MIN = 20 * HOUR_MS;
const DAY_MS_MAX = 30 * HOUR_MS;
const MEMBERS = ['day', 'from_ms', 'to_ms', 'as_of', 'rules', 'carry'] as const;
const reader = new PaperReader();

/** Throws LanProofError PAPER_FORMAT with the member's path as place. */
export function parseDayPaper(payload: Uint8Array): DayPaper {
  const whole = reader.parse(payload, BYTES_MAX);
  const found = reader.members(whole, '', [...HEAD, ...MEMBERS]);
  const from_ms = reader.time(found.from_ms, 'from_ms');
  if (from_ms % MINUTE_MS !== 0) reader.fail('from_ms', 'is not a whole UTC minute');
  const to_ms = reader.time(found.to_ms, 'to_ms');
  if (to_ms % MINUTE_MS !== 0) reader.fail('to_ms', 'is not a whole UTC minute');
  if (to_ms - from_ms < DAY_MS_MIN || to_ms - from_ms > DAY_MS_MAX) {
    reader.fail('to_ms', 'is not a day after from_ms');
  }
  const as_of = reader.members(found.as_of, 'as_of', ['size', 'to_ms']);
  const carry = readCarry(reader, found.carry, 'carry');
  if (carry.at_ms !== to_ms) reader.fail('carry.at_ms', 'is not the end of the day');
  return {
    ...reader.head(found),
    day: reader.date(found.day, 'day'),
    from_ms,
    to_ms,
    as_of: {
      size: reader.integer(as_of.size, 'as_of.size', 1),
      // Before the day's end where an agent stayed away for longer than a day.
      to_ms: reader.time(as_of.to_ms, 'as_of.to_ms'),
    },
    rules: reader.integer(found.rules, 'rules', 1, COUNT_MAX),
    carry,
  };
}
