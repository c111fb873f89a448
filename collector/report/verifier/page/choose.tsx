import { useState } from 'preact/hooks';
import { t } from './language.ts';

interface Props {
  readonly take: (file: File) => void;
  /** Behind a verdict it takes little room. */
  readonly small: boolean;
}

/** The place to drop a file on, with a button in it. */
export function Choose({ take, small }: Props) {
  const [over, setOver] = useState(false);
  const taken = (files: FileList | null | undefined): void => {
    const file = files?.[0];
    if (file !== undefined) take(file);
  };
  return (
    <section
      class={`choose${small ? ' small' : ''}${over ? ' over' : ''}`}
      aria-label={t('choose')}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        taken(event.dataTransfer?.files);
      }}
    >
      <label class="button">
        {t('choose')}
        <input
          type="file"
          accept=".zip,application/zip"
          onChange={({ currentTarget }) => {
            taken(currentTarget.files);
            // The same file again is a choice, too.
            currentTarget.value = '';
          }}
        />
      </label>
      <p>{t('drop')}</p>
      {small ? null : <p class="note">{t('intro')}</p>}
    </section>
  );
}
