import { WEEKDAYS, type Weekday } from './types.ts';

export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
/** Length of a day on the local clock; a day of real time may be shorter or longer. */
export const DAY_MS = 86_400_000;
export const DAY_MINUTES = 1_440;

const DATE = /^\d{4}-\d{2}-\d{2}$/;
/** 1 January 1970 was a Thursday. */
const EPOCH_WEEKDAY = 3;

/** Days since 1 January 1970 of a date YYYY-MM-DD; null if it is none or does not exist. */
export function dayNumber(date: string): number | null {
  if (!DATE.test(date)) return null;
  const at_ms = Date.parse(`${date}T00:00:00Z`);
  // Date.parse rolls 30 February over into March; only a real date comes back as it went in.
  if (!Number.isFinite(at_ms) || dateOf(at_ms / DAY_MS) !== date) return null;
  return at_ms / DAY_MS;
}

/** The date YYYY-MM-DD of a day number (years 0000–9999). */
export function dateOf(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

export function weekdayOf(day: number): Weekday {
  // The double remainder keeps days before 1970 positive.
  return WEEKDAYS[(((day + EPOCH_WEEKDAY) % 7) + 7) % 7] ?? 'mon';
}
