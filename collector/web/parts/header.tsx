import type { Me } from '../data/api.ts';
import { link } from '../data/live.ts';
import { language, t, theme, toggleLanguage, toggleTheme } from '../data/settings.ts';

export function Header({ me }: { readonly me: Me | undefined }) {
  return (
    <header class="top">
      <a class="brand" href="/">
        <img src="/icon.svg" alt="" />
        {t('product')}
      </a>
      {me?.demo ? <span class="demo">{t('demo')}</span> : null}
      <span class="space" />
      {me === undefined ? null : (
        <span class={`link ${link.value === 'lost' ? 'lost' : ''}`} role="status">
          {link.value === 'lost' ? t('live_lost') : t('live')}
        </span>
      )}
      <button type="button" onClick={toggleTheme} aria-label={t('theme')} title={t('theme')}>
        {theme.value === 'light' ? '☾' : '☀'}
      </button>
      <button
        type="button"
        onClick={toggleLanguage}
        aria-label={t('language')}
        lang={language.value === 'vi' ? 'en' : 'vi'}
      >
        {language.value === 'vi' ? 'English' : 'Tiếng Việt'}
      </button>
    </header>
  );
}
