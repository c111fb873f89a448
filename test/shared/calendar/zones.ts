import { MINUTE_MS } from '../../../shared/calendar/dates.ts';
import type { Calendar, CalendarDay, Offset } from '../../../shared/calendar/types.ts';

/** Offset in force, found by walking the list: a second way beside the product's stretches. */
export function offsetAt_min(offsets: readonly Offset[], at_ms: number): number {
  let offset_min = offsets[0]?.offset_min ?? 0;
  for (const offset of offsets) if (offset.from_ms <= at_ms) offset_min = offset.offset_min;
  return offset_min;
}

/** Does the wall clock show a working minute at `at_ms`? Straight from the words of the format. */
export function worksAt(calendar: Calendar, profile: string | null, at_ms: number): boolean {
  const wall = new Date(at_ms + offsetAt_min(calendar.offsets, at_ms) * MINUTE_MS);
  const date = wall.toISOString().slice(0, 10);
  const minute = wall.getUTCHours() * 60 + wall.getUTCMinutes();
  const names = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;
  const weekly =
    profile === null
      ? calendar.weekly
      : (calendar.profiles.find(({ code }) => code === profile)?.weekly ?? calendar.weekly);
  const row = calendar.days.find((day) => day.date === date);
  if (row?.kind === 'holiday') return false;
  const weekday = row?.works_like ?? names[wall.getUTCDay()] ?? 'mon';
  const spans = row?.spans ?? weekly[weekday];
  return spans.some(({ from_min, to_min }) => from_min <= minute && minute < to_min);
}

/** Offsets of an IANA zone by Intl, looked up each hour: what the collector does more cleverly. */
export function intlOffsets(zone: string, from_ms: number, to_ms: number): Offset[] {
  const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
  const out: Offset[] = [];
  for (let at_ms = from_ms; at_ms < to_ms; at_ms += 3_600_000) {
    const text = format.formatToParts(at_ms).find(({ type }) => type === 'timeZoneName')?.value;
    const match = /^GMT(?:([+-])(\d\d):(\d\d))?$/.exec(text ?? '');
    const minutes = Number(match?.[2] ?? 0) * 60 + Number(match?.[3] ?? 0);
    out.push({ from_ms: at_ms, offset_min: match?.[1] === '-' ? -minutes : minutes });
  }
  return out;
}

export function holiday(date: string): CalendarDay {
  return {
    kind: 'holiday',
    date,
    name: { vi: 'Nghỉ', en: 'Rest' },
    source: 'QĐ 1/2026',
    checked_on: '2026-01-01',
    uncertain: false,
    note: null,
  };
}
