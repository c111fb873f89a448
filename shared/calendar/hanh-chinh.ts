import { CALENDAR_DEFAULT } from '../measure/inventory-defaults.ts';
import { buildCalendar } from './build.ts';
import type { Calendar, MinuteSpan, Offset, Weekly } from './types.ts';
import { VIETNAM_DAYS } from './vietnam-days.ts';

export const VIETNAM_ZONE = 'Asia/Ho_Chi_Minh';
/** +07:00 without a clock change since 1975; the entry begins in 2000, before any measurement. */
export const VIETNAM_OFFSETS: readonly Offset[] = [{ from_ms: 946_684_800_000, offset_min: 420 }];
/** The one-stop counter (một cửa): the office's hours until the site declares its own. */
export const COUNTER_PROFILE = 'mot-cua';

/** 08:00–12:00 and 13:00–17:00. */
const OFFICE_DAY: readonly MinuteSpan[] = [
  { from_min: 480, to_min: 720 },
  { from_min: 780, to_min: 1_020 },
];

export const OFFICE_WEEK: Weekly = {
  mon: OFFICE_DAY,
  tue: OFFICE_DAY,
  wed: OFFICE_DAY,
  thu: OFFICE_DAY,
  fri: OFFICE_DAY,
  sat: [],
  sun: [],
};

/**
 * The default calendar: office hours of a Vietnamese administration with its public holidays and
 * swapped days 2025–2027. `tzdata` is the version that the caller's offsets are from (e.g. 2026a).
 * Throws LanProofError CALENDAR_FORMAT if `tzdata` or `offsets` are malformed.
 */
export function hanhChinh(tzdata: string, offsets: readonly Offset[] = VIETNAM_OFFSETS): Calendar {
  return buildCalendar({
    code: CALENDAR_DEFAULT,
    zone: VIETNAM_ZONE,
    tzdata,
    offsets,
    weekly: OFFICE_WEEK,
    profiles: [
      {
        code: COUNTER_PROFILE,
        name: { vi: 'Bộ phận Một cửa', en: 'One-stop counter' },
        weekly: OFFICE_WEEK,
      },
    ],
    days: VIETNAM_DAYS,
  });
}
