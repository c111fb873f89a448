/** The page's language, and its texts. */
import { signal } from '@preact/signals';
import {
  VERIFY_PAGE_WORDS,
  type VerifyPageWord,
} from '../../../../shared/i18n/verify-page-words.ts';
import { fill } from '../../../../shared/i18n/verify-words.ts';
import type { Language } from '../../../../shared/i18n/words.ts';

/** Vietnamese, unless the browser asks for English. */
export const language = signal<Language>(
  globalThis.navigator?.language.startsWith('en') ? 'en' : 'vi',
);

export function toggleLanguage(): void {
  language.value = language.value === 'vi' ? 'en' : 'vi';
}

export function t(
  word: VerifyPageWord,
  values: Readonly<Record<string, string | number>> = {},
): string {
  return fill(VERIFY_PAGE_WORDS[word], language.value, values);
}
