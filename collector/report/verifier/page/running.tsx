import { CHECKS, type Step } from '../../../../shared/evidence/verify/types.ts';
import { CHECK_WORDS } from '../../../../shared/i18n/verify-words.ts';
import { language, t } from './language.ts';
import { number } from './text.ts';

interface Props {
  /** Null: it has just begun. */
  readonly step: Step | null;
  readonly name: string;
  readonly stop: () => void;
}

/** What is being checked now, and how far it is. */
export function Running({ step, name, stop }: Props) {
  const check = step?.check ?? 'container';
  const about = { number: CHECKS.indexOf(check) + 1, check: CHECK_WORDS[check][language.value] };
  const { done, total } = scaled(step);
  const percent = total === 0 ? 0 : Math.min(100, Math.floor((100 * done) / total));
  return (
    <section class="running" aria-busy="true">
      <h2>{t('running')}</h2>
      <p class="file">{name}</p>
      {/* Only the name of the check is read aloud, not every step. */}
      <p aria-live="polite">{t('step', about)}</p>
      <progress max={100} value={percent} aria-label={t('running')} />
      <p class="count">
        {percent} % · {number(language.value, done)} / {number(language.value, total)} {unit(check)}
      </p>
      <button type="button" class="quiet" onClick={stop}>
        {t('stop')}
      </button>
    </section>
  );
}

/** Bytes as kB, time as minutes: what a person can follow. */
function scaled(step: Step | null): { done: number; total: number } {
  if (step === null) return { done: 0, total: 0 };
  const by = step.check === 'container' ? 1_000 : step.check === 'figures' ? 3_600_000 : 1;
  return { done: Math.ceil(step.done / by), total: Math.ceil(step.total / by) };
}

function unit(check: Step['check']): string {
  const vi = language.value === 'vi';
  if (check === 'container') return 'kB';
  if (check === 'figures') return vi ? 'giờ' : 'hours';
  return vi ? 'gói số liệu' : 'batches';
}
