import { useState } from 'preact/hooks';
import { say } from '../../../shared/i18n/words.ts';
import { post } from '../data/api.ts';
import { language, t } from '../data/settings.ts';
import { Message } from '../parts/message.tsx';

const TOKEN_COMMAND = 'npx lanproof token create --role admin';
/** The collector sends a browser here whose one-time link is no longer good. */
const linkInvalid = (): boolean => new URLSearchParams(location.search).get('link') === 'invalid';

/** In both languages: who comes by a link has not chosen one yet. */
function LinkInvalid() {
  const other = language.value === 'vi' ? 'en' : 'vi';
  return (
    <div class="notice" role="alert">
      <p>{t('link_invalid')}</p>
      <p lang={other}>{say(other, 'link_invalid')}</p>
      <code>{TOKEN_COMMAND}</code>
    </div>
  );
}

/** Turns an access token into a session; the token itself is not kept in the browser. */
export function SignIn({ done }: { readonly done: () => void }) {
  const [token, setToken] = useState('');
  const [wrong, setWrong] = useState(false);
  const submit = (event: Event) => {
    event.preventDefault();
    setWrong(false);
    post('/session', { token: token.trim() }).then(done, () => setWrong(true));
  };
  return (
    <Message title={t('sign_in')}>
      {linkInvalid() ? <LinkInvalid /> : <p>{t('sign_in_hint')}</p>}
      <form class="row" onSubmit={submit}>
        <input
          type="password"
          autocomplete="current-password"
          required
          aria-label={t('sign_in_token')}
          placeholder={t('sign_in_token')}
          value={token}
          onInput={(event) => setToken(event.currentTarget.value)}
        />
        <button type="submit" class="primary">
          {t('sign_in')}
        </button>
      </form>
      {wrong ? <p role="alert">{t('sign_in_wrong')}</p> : null}
    </Message>
  );
}
