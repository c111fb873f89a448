import type { Verdict } from '../../../../shared/evidence/verify/types.ts';
import type { FigureRow } from '../../../../shared/judge/period/row.ts';
import type { NamedRow } from '../../../../shared/judge/period/table.ts';
import type { FiguresOfHours } from '../../../../shared/judge/replay/figures-file.ts';
import { Heads } from './heads.tsx';
import { Incidents } from './incidents.tsx';
import { language, t } from './language.ts';
import { duration, number, percent } from './text.ts';

/** Columns of the table, in the order of `cellsOf` behind the first. */
const heads = [
  'device',
  'availability',
  'bounds',
  'coverage',
  'outages',
  'down',
  'longest',
] as const;
/** What the totals are of, the site first. */
const totals = ['site', 'devices', 'workplaces'] as const;

/** The main figures, as they were computed again here. */
export function Figures({ verdict }: { readonly verdict: Verdict }) {
  const { figures, outcome, manifest } = verdict;
  if (figures === null) {
    return (
      <section class="figures">
        <h2>{t('figures')}</h2>
        <p>{t('figures_none')}</p>
      </section>
    );
  }
  const { working, all } = figures.hours;
  return (
    <section class="figures">
      <h2>{t('figures')}</h2>
      {outcome === 'fail' ? <p class="doubtful">{t('figures_doubtful')}</p> : null}
      <div class="working">
        <h3>{t('figures_working')}</h3>
        <Hours hours={working} />
      </div>
      <p class="note">{t('bounds_why')}</p>
      {manifest?.masked ? <p class="note">{t('figures_masked')}</p> : null}
      <details class="all">
        <summary>{t('figures_all')}</summary>
        <Hours hours={all} />
      </details>
      <Incidents figures={figures} />
    </section>
  );
}

function Hours({ hours }: { readonly hours: FiguresOfHours }) {
  const silent = totals.some((total) => {
    const row = hours.totals[total];
    return row !== undefined && row.expected_ms > 0 && row.flags.includes('no_headline');
  });
  return (
    <>
      <div class="totals">
        {totals.map((total) => (
          <Total key={total} name={t(`total_${total}`)} row={hours.totals[total]} />
        ))}
      </div>
      {silent ? <p class="note">{t('no_headline')}</p> : null}
      <Devices rows={hours.devices} />
    </>
  );
}

/** `row` undefined: it rests on what is withheld. */
function Total({ name, row }: { readonly name: string; readonly row: FigureRow | undefined }) {
  return (
    <dl class="headline">
      <div>
        <dt>{name}</dt>
        <dd class="main">{row === undefined ? '–' : availability(row)}</dd>
      </div>
      <div>
        <dt>{t('bounds')}</dt>
        <dd>{row === undefined ? '–' : bounds(row)}</dd>
      </div>
      <div>
        <dt>{t('coverage')}</dt>
        <dd>{percent(language.value, row?.coverage ?? null)}</dd>
      </div>
    </dl>
  );
}

function Devices({ rows }: { readonly rows: readonly NamedRow[] }) {
  if (rows.length === 0) return null;
  return (
    <table>
      <Heads names={heads} />
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
  if (row.expected_ms === 0) return heads.slice(1).map(() => '–');
  const lang = language.value;
  return [
    availability(row),
    bounds(row),
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

/** `99,12 – 99,98 %` in one line, each rounded away from the other. */
function bounds({ worst, best }: FigureRow): string {
  if (worst === null || best === null) return '–';
  const lowest = percent(language.value, worst).replace(' %', '');
  const highest = percent(language.value, best, 'at_most');
  return `${lowest} – ${highest}`.replaceAll(' ', '\u00a0');
}
