/** What the judge says of a period: every figure that a person sees is made of it. */
import type { Closed } from '../closed.ts';
import type { Reclassification, Remark, SiteDocuments } from '../day/types.ts';
import type { FinalInterval } from '../final.ts';
import type { DeviceWindow } from '../lists.ts';
import type { Finding, Incident } from '../site/material.ts';

/** What a figure is a function of (accounting §1). */
export interface AsOf {
  readonly log: string;
  readonly size: number;
  readonly to_ms: number;
  readonly at_ms: number;
}

/** A complete local day [day_ms, end_ms) as it was judged; sums are read with `decodeSums`. */
export interface DayRow {
  readonly site: string;
  readonly day_ms: number;
  readonly end_ms: number;
  /** Version of the accounting rules. */
  readonly rules: number;
  /** By every hour, and by the calendar's working hours. */
  readonly sums_all: string;
  readonly sums_working: string;
}

/** What the site's judge says of a period; all of it was read at one moment. */
export interface Judged {
  /** Complete days that lie wholly in the period, ascending. */
  readonly days: readonly DayRow[];
  /**
   * Whole intervals that touch [from_ms, min(to_ms, as_of.to_ms)), by device and time, gap-free
   * where a device was expected: not clipped to the period, joined over midnights. They include
   * unmanaged switches. What goes on has `to_ms` null. What was bad for more than REACH_BACK_MS
   * (day/reach.ts) before the period begins there, and what was good may end or begin at a midnight
   * outside it.
   */
  readonly intervals: readonly FinalInterval[];
  /** Those that touch the period, by start; the newest word of each. */
  readonly incidents: readonly Incident[];
  readonly findings: readonly Finding[];
  /**
   * The newest word of people on the cause of these incidents, by id, also where the outage that
   * they spoke of lies outside the period.
   */
  readonly reclassified: ReadonlyMap<string, Reclassification>;
  /** What else people said of them, oldest first. */
  readonly remarked: ReadonlyMap<string, readonly Remark[]>;
  /** When devices were expected, and of whom; disjoint and ascending per device. */
  readonly windows: readonly DeviceWindow[];
  readonly closed: Closed;
  readonly documents: SiteDocuments;
  readonly as_of: AsOf;
}
