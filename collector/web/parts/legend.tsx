import { t } from '../data/settings.ts';
import { SHOWN, StateBadge } from './state-badge.tsx';

/** All states, worst first, always in sight. */
export function Legend() {
  return (
    <ul class="legend" aria-label={t('legend')}>
      {SHOWN.map((state) => (
        <li key={state}>
          <StateBadge state={state} />
        </li>
      ))}
    </ul>
  );
}
