import { formatAge, formatDateTime } from '../../../shared/i18n/format.ts';
import { now_ms } from '../data/live.ts';
import { language, t } from '../data/settings.ts';

/** How long ago something was; the exact time stands in the tooltip. */
export function Age({ at_ms, ago = true }: { readonly at_ms: number; readonly ago?: boolean }) {
  const age = formatAge(language.value, now_ms.value - at_ms);
  return (
    <time dateTime={new Date(at_ms).toISOString()} title={formatDateTime(at_ms)}>
      {ago ? t('ago', { age }) : age}
    </time>
  );
}
