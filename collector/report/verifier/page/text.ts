/** Numbers, shares and lengths of time as the page writes them. */

import type { Language } from '../../../../shared/i18n/words.ts';
import { type Claim, percentForClaim } from '../../../../shared/judge/figures/rounding.ts';

const DAY_S = 86_400;
/** Decimals of a percentage, as in the report. */
const DIGITS = 2;

/** `12.345` in Vietnamese, `12,345` in English. */
export function number(language: Language, value: number): string {
  return new Intl.NumberFormat(language === 'vi' ? 'vi-VN' : 'en-GB').format(value);
}

/** `99,87 %`, rounded down unless `claim` says otherwise: never better than measured. Null: `–`. */
export function percent(
  language: Language,
  ratio: number | null,
  claim: Claim = 'at_least',
): string {
  const text = percentForClaim(ratio, claim, DIGITS);
  if (text === null) return '–';
  return `${language === 'vi' ? text.replace('.', ',') : text} %`;
}

/** `3 giờ 5 phút 20 giây`: exact to the second, parts that are 0 left out. */
export function duration(language: Language, length_ms: number): string {
  const seconds = Math.floor(length_ms / 1_000);
  const parts: readonly [number, string, string][] = [
    [Math.floor(seconds / DAY_S), 'ngày', 'd'],
    [Math.floor((seconds % DAY_S) / 3_600), 'giờ', 'h'],
    [Math.floor((seconds % 3_600) / 60), 'phút', 'min'],
    [seconds % 60, 'giây', 's'],
  ];
  const said = parts.filter(([count]) => count > 0);
  if (said.length === 0) return length_ms > 0 ? `${length_ms} ms` : '0';
  return said.map(([count, vi, en]) => `${count} ${language === 'vi' ? vi : en}`).join(' ');
}

/** `12,3 MB`. */
export function megabytes(language: Language, bytes: number): string {
  const value = (bytes / 1_000_000).toFixed(1);
  return `${language === 'vi' ? value.replace('.', ',') : value} MB`;
}
