import type { HeldTexts } from './held.tsx';
import { language, t } from './language.ts';
import { number } from './text.ts';

/** What the file was held against: without it a printed verdict does not say what it rests on. */
export function Against({ held }: { readonly held: HeldTexts }) {
  const { sha256, checkpoints, trust, tsa_ca, every } = held;
  const certificates = tsa_ca.match(/-----BEGIN CERTIFICATE-----/g)?.length ?? 0;
  const none = t('against_nothing');
  return (
    <section class="about against">
      <h2>{t('against')}</h2>
      <dl>
        <Row name={t('against_sha256')} typed={sha256} none={none} />
        <Row name={t('against_checkpoints')} typed={checkpoints} none={none} />
        <Row name={t('against_keys')} typed={trust} none={t('against_keys_bundle')} />
        <div>
          <dt>{t('against_tsa')}</dt>
          <dd>
            {certificates === 0
              ? none
              : t('against_tsa_count', { count: number(language.value, certificates) })}
          </dd>
        </div>
        <div>
          <dt>{t('against_signatures')}</dt>
          <dd>{t(every ? 'against_every' : 'against_hourly')}</dd>
        </div>
      </dl>
    </section>
  );
}

interface RowProps {
  readonly name: string;
  readonly typed: string;
  /** What is said where nothing was typed. */
  readonly none: string;
}

/** What was typed stands there letter by letter, so that paper can be laid beside paper. */
function Row({ name, typed, none }: RowProps) {
  const text = typed.trim();
  return (
    <div>
      <dt>{name}</dt>
      {text === '' ? <dd>{none}</dd> : <dd class="typed">{text}</dd>}
    </div>
  );
}
