/** Monday first, as the week of ISO 8601; the place in this list is the row of the hour matrix. */
export const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Weekday = (typeof WEEKDAYS)[number];

/** Minutes of one local day, [from_min, to_min), 0 ≤ from_min < to_min ≤ 1440. */
export interface MinuteSpan {
  readonly from_min: number;
  readonly to_min: number;
}

/** Working time of each weekday: ascending, disjoint; an empty list is a day of rest. */
export type Weekly = { readonly [day in Weekday]: readonly MinuteSpan[] };

export interface Name {
  readonly vi: string;
  readonly en: string;
}

/**
 * From `from_ms` (UTC epoch ms) on, local time is UTC + `offset_min`. The first entry also holds
 * before its own from_ms, the last one for ever.
 */
export interface Offset {
  readonly from_ms: number;
  readonly offset_min: number;
}

/** Weekly hours of a part of the office that keeps its own, e.g. the one-stop counter. */
export interface Profile {
  readonly code: string;
  readonly name: Name;
  readonly weekly: Weekly;
}

interface DatedDay {
  /** Local date, YYYY-MM-DD. */
  readonly date: string;
  readonly name: Name;
  /** Number and date of the decision, or the article of the law, as printed in reports. */
  readonly source: string;
  /** Day on which this row was last checked against its source, YYYY-MM-DD. */
  readonly checked_on: string;
  /** No decision fixes it yet, or none was seen: counted as it stands here, and flagged. */
  readonly uncertain: boolean;
  /** Why it is uncertain; present whenever it is. */
  readonly note: Name | null;
}

/** A day without work in every profile. */
export interface Holiday extends DatedDay {
  readonly kind: 'holiday';
}

/** A day with other hours: those of another weekday (of the profile asked for), or its own. */
export interface WorkingDay extends DatedDay {
  readonly kind: 'working';
  readonly works_like: Weekday | null;
  /** Own hours, the same in every profile; null if works_like is given. */
  readonly spans: readonly MinuteSpan[] | null;
}

export type CalendarDay = Holiday | WorkingDay;

/**
 * Working time of a site as a ledgered document. It carries its UTC offsets, so that whoever
 * recomputes a figure needs no time zone database of his own; `tzdata` says which one they are from.
 */
export interface Calendar {
  readonly v: 1;
  readonly code: string;
  readonly zone: string;
  readonly tzdata: string;
  readonly offsets: readonly Offset[];
  readonly weekly: Weekly;
  /** Ascending by code. */
  readonly profiles: readonly Profile[];
  /** Ascending by date, each date once. */
  readonly days: readonly CalendarDay[];
}
