import type { Verdict } from '../../../../shared/evidence/verify/types.ts';
import type { FigureRow } from '../../../../shared/judge/period/row.ts';
import type { NamedRow } from '../../../../shared/judge/period/table.ts';
import { language, t } from './language.ts';
import { duration, number, percent } from './text.ts';

/** Columns of the table, in the order of `cellsOf` behind the first. */
const heads = ['device', 'availability', 'coverage', 'outages', 'down', 'longest'] as const;

/** The main figures, as they were computed again here. */
export function Figures({ verdict }: { readonly verdict: Verdict }) {
  const { figures, outcome } = verdict;
  const working = figures?.hours.working;
  return (
    <section class="figures">
      <h2>{t('figures')}</h2>
      {outcome === 'fail' && working !== undefined ? (
        <p class="doubtful">{t('figures_doubtful')}</p>
      ) : null}
      {working === undefined ? (
        <p>{t('figures_none')}</p>
      ) : (
        <>
          <h3>{t('figures_working')}</h3>
          <Headline row={working.totals.site} />
          <Devices rows={working.devices} />
          {verdict.manifest?.masked ? <p class="note">{t('figures_masked')}</p> : null}
        </>
      )}
    </section>
  );
}

function Headline({ row }: { readonly row: FigureRow | undefined }) {
  if (row === undefined) return null;
  const silent = row.flags.includes('no_headline');
  return (
    <>
      <dl class="headline">
        <div>
          <dt>{t('availability')}</dt>
          <dd>{availability(row)}</dd>
        </div>
        <div>
          <dt>{t('coverage')}</dt>
          <dd>{percent(language.value, row.coverage)}</dd>
        </div>
        {row.unknown_ms === 0 ? null : (
          <div>
            <dt>{t('bounds')}</dt>
            <dd>
              {percent(language.value, row.worst)} – {percent(language.value, row.best, 'at_most')}
            </dd>
          </div>
        )}
      </dl>
      {silent ? <p class="note">{t('no_headline')}</p> : null}
    </>
  );
}

function Devices({ rows }: { readonly rows: readonly NamedRow[] }) {
  if (rows.length === 0) return null;
  return (
    <table>
      <thead>
        <tr>
          {heads.map((head) => (
            <th key={head} scope="col">
              {t(head)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.device}>
            <th scope="row">{row.device}</th>
            {cellsOf(row).map((text, at) => (
              <td key={heads[at + 1]} data-head={t(heads[at + 1] ?? 'device')}>
                {text}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Where nothing was to be known (withheld, never asked) a zero would be a claim. */
function cellsOf(row: NamedRow): string[] {
  if (row.expected_ms === 0) return ['–', '–', '–', '–', '–'];
  const lang = language.value;
  return [
    availability(row),
    percent(lang, row.coverage),
    number(lang, row.outages),
    duration(lang, row.down_ms),
    duration(lang, row.longest_ms ?? 0),
  ];
}

/** With too little data nothing is claimed. */
function availability(row: FigureRow): string {
  return row.flags.includes('no_headline') ? '–' : percent(language.value, row.availability);
}
