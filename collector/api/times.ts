import { LanProofError } from '../../shared/errors.ts';
import { PERIOD_MAX_MS } from '../../shared/evidence/bundle/types.ts';
import type { AsOf } from '../../shared/judge/period/judged.ts';

/** Periods are whole UTC minutes (accounting §1). */
export const MINUTE_MS = 60_000;
const RFC3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d(:\d\d(\.\d{1,9})?)?([Zz]|[+-]\d\d:\d\d)$/;

/** An RFC 3339 time (offset required) as UTC epoch ms. Throws LanProofError TIME_FORMAT. */
export function parseTime(text: string, place: string): number {
  // A plus sign that was not escaped arrives as a space.
  const fixed = text.replace(' ', '+');
  const ms = RFC3339.test(fixed) ? Date.parse(fixed.toUpperCase()) : Number.NaN;
  if (Number.isFinite(ms)) return ms;
  throw new LanProofError('TIME_FORMAT', `${place} is not an RFC 3339 time with its offset`, {
    hint: 'write 2026-11-23T08:00:00+07:00 (in a URL + is %2B) or 2026-11-23T01:00:00Z',
    place,
  });
}

/** A period [from, to) of whole UTC minutes. Throws TIME_FORMAT, TIME_MINUTE or TIME_PERIOD. */
export function parsePeriod(from: string, to: string): { from_ms: number; to_ms: number } {
  const period = { from_ms: parseTime(from, 'from'), to_ms: parseTime(to, 'to') };
  if (period.from_ms % MINUTE_MS !== 0 || period.to_ms % MINUTE_MS !== 0) {
    throw new LanProofError('TIME_MINUTE', 'from and to must be whole minutes', {
      hint: 'set the seconds to 00',
      place: period.from_ms % MINUTE_MS === 0 ? 'to' : 'from',
    });
  }
  const length = period.to_ms - period.from_ms;
  if (length <= 0 || length > PERIOD_MAX_MS) {
    throw new LanProofError('TIME_PERIOD', 'the period is empty or longer than 400 days', {
      hint: 'choose `to` after `from`, at most 400 days later',
      place: 'to',
    });
  }
  return period;
}

/** UTC epoch ms as RFC 3339 text; null stays null. */
export function rfc3339(ms: number): string;
export function rfc3339(ms: number | null): string | null;
export function rfc3339(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}

/** What a figure is a function of, each time also as RFC 3339. */
export function asOfBody(as_of: AsOf) {
  const { log, size, to_ms, at_ms } = as_of;
  return { log, size, to_ms, to: rfc3339(to_ms), at_ms, at: rfc3339(at_ms) };
}
