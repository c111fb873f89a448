import { HEAD, PaperReader } from './paper-reader.ts';
import type { ChosenSettings, SettingsPaper } from './types.ts';

const BYTES_MAX = 16 * 1024;
const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const reader = new PaperReader();

interface Range {
  readonly min: number;
  readonly max: number;
  /** A share: any number between; else whole numbers only. */
  readonly share?: true;
}

/**
 * What each threshold may be. A lab scales minutes to a tenth and less. Above, nothing may reach
 * farther than a judged window does: 10 minutes back (5 of them minutes of loss), 1 hour forward.
 */
export const SETTINGS_RANGES = {
  settle_ms: { min: SECOND_MS, max: 30 * MINUTE_MS },
  off_provisional_ms: { min: SECOND_MS, max: 15 * MINUTE_MS },
  answered_before_ms: { min: SECOND_MS, max: 10 * MINUTE_MS },
  together_ms: { min: SECOND_MS, max: 5 * MINUTE_MS },
  near_ms: { min: SECOND_MS, max: 10 * MINUTE_MS },
  recover_ms: { min: SECOND_MS, max: 15 * MINUTE_MS },
  flap_count: { min: 2, max: 100 },
  flap_window_ms: { min: SECOND_MS, max: 10 * MINUTE_MS },
  lossy_join_ms: { min: SECOND_MS, max: 30 * MINUTE_MS },
  lossy_share: { min: 0.01, max: 1, share: true },
  degraded_window_min: { min: 1, max: 5 },
  degraded_loss_share: { min: 0.001, max: 1, share: true },
  degraded_lost_min: { min: 1, max: 1_000 },
  degraded_interval_max_ms: { min: SECOND_MS, max: MINUTE_MS },
  answer_share: { min: 0.5, max: 1, share: true },
} as const satisfies Readonly<Record<keyof ChosenSettings, Range>>;

/** Throws LanProofError PAPER_FORMAT with the member's path as place. */
export function parseSettingsPaper(payload: Uint8Array): SettingsPaper {
  const whole = reader.parse(payload, BYTES_MAX);
  const found = reader.members(whole, '', [...HEAD, 'version', 'settings']);
  return {
    ...reader.head(found),
    version: reader.version(found),
    settings: readSettings(found.settings),
  };
}

function readSettings(value: unknown): ChosenSettings {
  const ranges: readonly (readonly [string, Range])[] = Object.entries(SETTINGS_RANGES);
  const names = ranges.map(([name]) => name);
  const given = reader.members(value, 'settings', [], names);
  const known = ranges.filter(([name]) => Object.hasOwn(given, name));
  return Object.fromEntries(
    known.map(([name, range]) => [name, readNumber(given[name], `settings.${name}`, range)]),
  );
}

function readNumber(value: unknown, place: string, { min, max, share }: Range): number {
  if (share !== true) return reader.integer(value, place, min, max);
  if (typeof value === 'number' && value >= min && value <= max) return value;
  return reader.fail(place, `is not a share between ${min} and ${max}`);
}
