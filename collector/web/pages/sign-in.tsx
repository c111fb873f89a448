import { useState } from 'preact/hooks';
import { post } from '../data/api.ts';
import { t } from '../data/settings.ts';
import { Message } from '../parts/message.tsx';

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
      <p>{t('sign_in_hint')}</p>
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
