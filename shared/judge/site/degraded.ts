import { intersect, type Span, union } from '../spans.ts';
import type { MinuteRow, SiteMaterial } from './material.ts';
import type { SiteSettings } from './settings.ts';
import { gridAt, nodeAt, type Silence, type Track } from './tracks.ts';

const MINUTE_MS = 60_000;

/**
 * Degraded time (accounting §2): minutes that some window of 5 UTC minutes contains which lost
 * ≥ 2 % and ≥ 6 slots, or whose p95 lay above the limit that the device had then, in each minute.
 * Only windows that are over by `to_ms` count: a window that still grows may yet lose its share.
 * Clipped to up time.
 */
export function degradedSpans(
  track: Track,
  { from_ms: start_ms, to_ms, settings }: Pick<SiteMaterial, 'from_ms' | 'to_ms' | 'settings'>,
): Span[] {
  const isFast = ({ at_ms }: MinuteRow): boolean => {
    const interval_ms = gridAt(track.material, at_ms);
    return interval_ms > 0 && interval_ms <= settings.degraded_interval_max_ms;
  };
  const isSlow = ({ at_ms, p95_us }: MinuteRow): boolean => {
    const limit_ms = nodeAt(track, at_ms)?.rtt_limit_ms ?? Number.POSITIVE_INFINITY;
    return p95_us !== null && p95_us > limit_ms * 1000;
  };
  const rows = track.material.minutes.filter(isFast).sort((a, b) => a.at_ms - b.at_ms);
  const length_ms = settings.degraded_window_min * MINUTE_MS;
  const bad: Span[] = [];
  // Each window is looked at once, where its last row with data lies or one of its other minutes.
  const starts = new Set<number>();
  for (const row of rows) {
    if (row.lost === 0 && !isSlow(row)) continue;
    for (let k = 0; k < settings.degraded_window_min; k++) starts.add(row.at_ms - k * MINUTE_MS);
  }
  let first = 0;
  for (const from_ms of [...starts].sort((a, b) => a - b)) {
    // Of what was over before the window began not all minutes are at hand.
    if (from_ms + length_ms <= start_ms) continue;
    if (from_ms + length_ms > to_ms) break;
    for (let row = rows[first]; row !== undefined && row.at_ms < from_ms; row = rows[first])
      first++;
    const window = rows.slice(first, first + settings.degraded_window_min);
    const inside = window.filter((row) => row.at_ms < from_ms + length_ms);
    if (isBad(inside, isSlow, settings)) bad.push({ from_ms, to_ms: from_ms + length_ms });
  }
  const up = track.base.filter((piece) => piece.state === 'up');
  return intersect(union(bad), up);
}

function isBad(
  rows: readonly MinuteRow[],
  isSlow: (row: MinuteRow) => boolean,
  settings: SiteSettings,
): boolean {
  const slots = rows.reduce((sum, row) => sum + row.slots, 0);
  const lost = rows.reduce((sum, row) => sum + row.lost, 0);
  if (lost >= settings.degraded_lost_min && lost >= settings.degraded_loss_share * slots)
    return true;
  return rows.length === settings.degraded_window_min && rows.every(isSlow);
}

/** Whether the slots on both sides of an outage were lost so often that it is one of many. */
export function isLossy(silence: Silence, settings: SiteSettings): boolean {
  const { around } = silence;
  return around !== null && around.slots > 0 && around.lost >= settings.lossy_share * around.slots;
}
