import { signal } from '@preact/signals';
import { type Language, say, type Word } from '../../../shared/i18n/words.ts';

/** What a person chose in this browser: language and theme. */

const stored = (key: string): string | null => {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
};
const store = (key: string, value: string): void => {
  try {
    localStorage.setItem(key, value);
  } catch {
    // A private window keeps the choice for this page only.
  }
};

export const language = signal<Language>(stored('language') === 'en' ? 'en' : 'vi');

export type Theme = 'light' | 'dark';
const preferred: Theme = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
const storedTheme = stored('theme');
export const theme = signal<Theme>(
  storedTheme === 'dark' || storedTheme === 'light' ? storedTheme : preferred,
);

export function applySettings(): void {
  document.documentElement.lang = language.value;
  document.documentElement.dataset['theme'] = theme.value;
}

export function toggleLanguage(): void {
  language.value = language.value === 'vi' ? 'en' : 'vi';
  store('language', language.value);
  applySettings();
}

export function toggleTheme(): void {
  theme.value = theme.value === 'light' ? 'dark' : 'light';
  store('theme', theme.value);
  applySettings();
}

/** The text of a word in the chosen language. */
export function t(word: Word, values?: Readonly<Record<string, string | number>>): string {
  return say(language.value, word, values);
}
