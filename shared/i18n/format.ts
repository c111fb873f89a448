import { type Language, say } from './words.ts';

/** Numbers and times as people in Vietnam write them; both languages use the local zone's time. */

const ZONE = 'Asia/Ho_Chi_Minh';
const parts = new Intl.DateTimeFormat('en-GB', {
  timeZone: ZONE,
  day: '2-digit',
  month: '2-digit',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
});

/** `dd/MM/yyyy HH:mm` in Asia/Ho_Chi_Minh, in both languages. */
export function formatDateTime(at_ms: number): string {
  const get = new Map(parts.formatToParts(at_ms).map(({ type, value }) => [type, value]));
  const date = `${get.get('day')}/${get.get('month')}/${get.get('year')}`;
  return `${date} ${get.get('hour')}:${get.get('minute')}`;
}

/** How long something lasts, in its largest sensible unit, rounded down: never more than was. */
export function formatAge(language: Language, age_ms: number): string {
  const seconds = Math.max(0, Math.floor(age_ms / 1000));
  if (seconds < 60) return say(language, 'age_seconds', { n: seconds });
  if (seconds < 3600) return say(language, 'age_minutes', { n: Math.floor(seconds / 60) });
  if (seconds < 2 * 86_400) return say(language, 'age_hours', { n: Math.floor(seconds / 3600) });
  return say(language, 'age_days', { n: Math.floor(seconds / 86_400) });
}
