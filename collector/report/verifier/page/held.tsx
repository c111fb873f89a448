import type { Given } from '../run-in-browser.ts';
import { t } from './language.ts';

export type HeldTexts = Omit<Given, 'file'>;

export const NOTHING_HELD: HeldTexts = {
  sha256: '',
  checkpoints: '',
  trust: '',
  tsa_ca: '',
  every: false,
};

interface Props {
  readonly held: HeldTexts;
  readonly change: (held: HeldTexts) => void;
  /** Null: no file was chosen yet. */
  readonly again: (() => void) | null;
}

/** What the auditor holds beside the file: typed from paper, or pasted. */
export function Held({ held, change, again }: Props) {
  const area = (name: 'checkpoints' | 'trust' | 'tsa_ca', label: string) => (
    <label>
      <span>{label}</span>
      <textarea
        name={name}
        rows={4}
        spellcheck={false}
        value={held[name]}
        onInput={({ currentTarget }) => change({ ...held, [name]: currentTarget.value })}
      />
    </label>
  );
  return (
    <details class="held">
      <summary>{t('held')}</summary>
      <p class="note">{t('held_why')}</p>
      <label>
        <span>{t('held_sha256')}</span>
        <input
          type="text"
          name="sha256"
          spellcheck={false}
          autocomplete="off"
          value={held.sha256}
          onInput={({ currentTarget }) => change({ ...held, sha256: currentTarget.value })}
        />
      </label>
      {area('checkpoints', t('held_checkpoints'))}
      {area('trust', t('held_trust'))}
      {area('tsa_ca', t('held_tsa'))}
      <label class="check">
        <input
          type="checkbox"
          name="every"
          checked={held.every}
          onChange={({ currentTarget }) => change({ ...held, every: currentTarget.checked })}
        />
        <span>{t('held_every')}</span>
      </label>
      {again === null ? null : (
        <button type="button" onClick={again}>
          {t('again')}
        </button>
      )}
    </details>
  );
}
