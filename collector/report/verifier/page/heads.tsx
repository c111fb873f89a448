import type { VerifyPageWord } from '../../../../shared/i18n/verify-page-words.ts';
import { t } from './language.ts';

/** The head of a table: one column for each of `names`. */
export function Heads({ names }: { readonly names: readonly VerifyPageWord[] }) {
  return (
    <thead>
      <tr>
        {names.map((name) => (
          <th key={name} scope="col">
            {t(name)}
          </th>
        ))}
      </tr>
    </thead>
  );
}
