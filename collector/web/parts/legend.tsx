import { t } from '../data/settings.ts';
import { type Shown, StateBadge } from './state-badge.tsx';

const STATES: readonly Shown[] = ['up', 'down', 'off', 'unknown', 'pending', 'not_measured'];

/** The states that can occur today, always in sight. */
export function Legend() {
  return (
    <ul class="legend" aria-label={t('legend')}>
      {STATES.map((state) => (
        <li key={state}>
          <StateBadge state={state} />
        </li>
      ))}
    </ul>
  );
}
