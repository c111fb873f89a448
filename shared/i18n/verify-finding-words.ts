/** The text of everything that the verifier can find. */
import type { FindingCode } from '../evidence/verify/codes.ts';
import type { Finding } from '../evidence/verify/types.ts';
import { formatDateTime } from './format.ts';
import { DATA_FINDINGS } from './verify-data-words.ts';
import { FIGURE_FINDINGS } from './verify-figure-words.ts';
import { LOG_FINDINGS } from './verify-log-words.ts';
import { fill, type VerifyText } from './verify-words.ts';
import type { Language } from './words.ts';

export const FINDING_WORDS: Readonly<Record<FindingCode, VerifyText>> = {
  ...LOG_FINDINGS,
  ...DATA_FINDINGS,
  ...FIGURE_FINDINGS,
};

/** A sentence in a language; values whose name ends in `_ms` are times of the local zone. */
export function sayFinding(
  { code, detail }: Pick<Finding, 'code' | 'detail'>,
  language: Language,
): string {
  return fill(FINDING_WORDS[code], language, withTimes(detail));
}

/** The same values, times written as people read them. */
export function withTimes(
  values: Readonly<Record<string, string | number>>,
): Record<string, string | number> {
  const told = Object.entries(values).map(([name, value]): [string, string | number] => [
    name,
    name.endsWith('_ms') && isTime(value) ? formatDateTime(value) : value,
  ]);
  return Object.fromEntries(told);
}

/** What a bundle claims may be no date at all. */
function isTime(value: string | number): value is number {
  return typeof value === 'number' && value >= 0 && value <= 253_402_300_799_999;
}
