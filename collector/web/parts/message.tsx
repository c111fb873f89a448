import type { ComponentChildren } from 'preact';
import { ApiError } from '../data/api.ts';
import { t } from '../data/settings.ts';

/** A page's one message: empty, failed, not found. */
export function Message(props: { readonly title: string; readonly children?: ComponentChildren }) {
  return (
    <section class="message">
      <h1>{props.title}</h1>
      {props.children}
    </section>
  );
}

export function Failed({ error, retry }: { readonly error: unknown; readonly retry: () => void }) {
  const detail = error instanceof ApiError ? error : undefined;
  return (
    <Message title={t('load_failed')}>
      {detail?.message ? <p>{detail.message}</p> : null}
      {detail?.request_id ? (
        <p class="quiet">
          {t('request_number')}: {detail.request_id}
        </p>
      ) : null}
      <button type="button" class="primary" onClick={retry}>
        {t('retry')}
      </button>
    </Message>
  );
}
