import { usage } from './command.ts';

const UNIT_MS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** `90s`, `60m`, `24h`, `30d` in ms. Throws LanProofError USAGE. */
export function parseDuration(text: string, option: string): number {
  const [, count, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const factor = UNIT_MS[unit ?? ''];
  if (count === undefined || factor === undefined) {
    throw usage(`--${option} ${JSON.stringify(text)} is no length of time`, 'e.g. 60m, 24h, 30d');
  }
  return Number(count) * factor;
}
