import { DAY_MS, dayNumber } from '../../../shared/calendar/dates.ts';
import { localDay, localMidnights } from '../../../shared/calendar/local-time.ts';
import type { Calendar } from '../../../shared/calendar/types.ts';
import { LanProofError } from '../../../shared/errors.ts';
import type { Span } from '../../../shared/judge/spans.ts';

const DATE = /^\d{4}-\d{2}-\d{2}$/;
/** A local midnight lies within this time of the one in UTC. */
const OFFSET_MAX_MS = DAY_MS;

/**
 * The period of a report: local dates of the site, both included, or two times as `parseTimes`
 * reads them. Throws LanProofError TIME_FORMAT or TIME_PERIOD, and what `parseTimes` throws.
 */
export function parseReportPeriod(
  calendar: Pick<Calendar, 'offsets'>,
  from: string,
  to: string,
  parseTimes: (from: string, to: string) => Span,
): Span {
  if (!DATE.test(from) && !DATE.test(to)) return parseTimes(from, to);
  const from_ms = midnight(calendar, from, 'from', 0);
  const to_ms = midnight(calendar, to, 'to', 1);
  // The limits of any period hold for this one, too.
  return parseTimes(new Date(from_ms).toISOString(), new Date(to_ms).toISOString());
}

/** The first moment of a local date, or of the one after it. */
function midnight(
  calendar: Pick<Calendar, 'offsets'>,
  date: string,
  place: string,
  after: 0 | 1,
): number {
  const day = DATE.test(date) ? dayNumber(date) : null;
  if (day === null) {
    throw new LanProofError('TIME_FORMAT', `${place} is not a date`, {
      hint: 'write both as local dates, e.g. 2026-11-01, or both as RFC 3339 times',
      place,
    });
  }
  const utc_ms = (day + after) * DAY_MS;
  const near = localMidnights(calendar, utc_ms - OFFSET_MAX_MS, utc_ms + OFFSET_MAX_MS + 1);
  const found = near.find((at_ms) => dayNumber(localDay(calendar, at_ms).date) === day + after);
  // A date that the zone leaves out begins where the next one does.
  return found ?? near.find((at_ms) => at_ms > utc_ms) ?? utc_ms;
}
