const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const DATE = /^\d{4}-\d{2}-\d{2}$/;

/** What of an issued report says how far its figures reach; UTC epoch ms. */
interface Reach {
  /** End of the period, not included. */
  readonly to_ms: number;
  readonly requested_ms: number;
  readonly as_of: { readonly to_ms: number } | null;
}

/**
 * A warning where figures end before the period does; null where they do not. `to` as it was typed:
 * where it is a local date, the time is told in the zone of the site.
 */
export function openEndWarning({ to_ms, requested_ms, as_of }: Reach, to: string): string | null {
  if (as_of === null || as_of.to_ms >= to_ms) return null;
  const why =
    to_ms > requested_ms ? 'the period is not over' : 'the end of the period was not delivered yet';
  // The end of a local date lies behind the midnight of UTC by the offset of the site.
  const offset_ms = DATE.test(to) ? Date.parse(to) + DAY_MS - to_ms : 0;
  return `warning: ${why}: figures end at ${localTime(as_of.to_ms, offset_ms)}`;
}

/** `2026-11-23 09:00 +07:00`. */
function localTime(at_ms: number, offset_ms: number): string {
  const local = new Date(at_ms + offset_ms).toISOString().slice(0, 16).replace('T', ' ');
  const minutes = Math.abs(offset_ms) / MINUTE_MS;
  const pad = (value: number): string => String(value).padStart(2, '0');
  const offset = `${pad(Math.floor(minutes / 60))}:${pad(minutes % 60)}`;
  return `${local} ${offset_ms < 0 ? '-' : '+'}${offset}`;
}
