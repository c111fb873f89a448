import { CALENDAR_BYTES_MAX, parseCalendar } from '../calendar/parse.ts';
import type { Calendar } from '../calendar/types.ts';
import { LanProofError } from '../errors.ts';
import { HEAD, PaperReader } from './paper-reader.ts';
import type { CalendarPaper } from './types.ts';

/** The head is short; the calendar has a limit of its own. */
const BYTES_MAX = CALENDAR_BYTES_MAX + 4_096;
const reader = new PaperReader();

/** Throws LanProofError PAPER_FORMAT, or CALENDAR_FORMAT with a place inside `calendar`. */
export function parseCalendarPaper(payload: Uint8Array): CalendarPaper {
  const whole = reader.parse(payload, BYTES_MAX);
  const found = reader.members(whole, '', [...HEAD, 'version', 'calendar']);
  return {
    ...reader.head(found),
    version: reader.version(found),
    calendar: readCalendar(found.calendar),
  };
}

function readCalendar(value: unknown): Calendar {
  try {
    return parseCalendar(value);
  } catch (error) {
    if (!(error instanceof LanProofError)) throw error;
    const { code, message, hint } = error;
    const place = error.place === undefined ? 'calendar' : `calendar.${error.place}`;
    throw new LanProofError(code, message, { hint, place, cause: error });
  }
}
