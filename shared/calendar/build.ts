import { parseCalendar } from './parse.ts';
import type { Calendar, CalendarDay, Offset, Profile, Weekly } from './types.ts';

/** What a person or a file declares, in any order, and what the caller's zone database says. */
export interface CalendarInput {
  readonly code: string;
  readonly zone: string;
  /** Version of the database that `offsets` were computed from, e.g. 2026a. */
  readonly tzdata: string;
  /** The offset at each `from_ms`; repeats are dropped, so samples taken at any step will do. */
  readonly offsets: readonly Offset[];
  readonly weekly: Weekly;
  readonly profiles: readonly Profile[];
  readonly days: readonly CalendarDay[];
}

/**
 * The calendar document of `input`: lists in their order, repeated offsets dropped, then checked
 * as if it had come from outside. The same content gives the same document whatever order it came
 * in. Throws LanProofError CALENDAR_FORMAT; places count in the sorted lists.
 */
export function buildCalendar(input: CalendarInput): Calendar {
  const offsets = [...input.offsets]
    .sort((a, b) => a.from_ms - b.from_ms)
    // Two entries of one moment stay, so that the parser refuses a contradiction.
    .filter((offset, index, all) => {
      const before = all[index - 1];
      return before?.offset_min !== offset.offset_min || before.from_ms === offset.from_ms;
    });
  return parseCalendar({
    v: 1,
    code: input.code,
    zone: input.zone,
    tzdata: input.tzdata,
    offsets,
    weekly: input.weekly,
    profiles: [...input.profiles].sort((a, b) => compare(a.code, b.code)),
    days: [...input.days].sort((a, b) => compare(a.date, b.date)),
  });
}

/** By UTF-16 code units: the same everywhere, unlike a locale's order. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
