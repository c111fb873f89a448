import { formatDateTime } from '../../../../shared/i18n/format.ts';
import { say } from '../../../../shared/i18n/words.ts';
import type { FiguresFile, FiguresIncident } from '../../../../shared/judge/replay/figures-file.ts';
import { Heads } from './heads.tsx';
import { language, t } from './language.ts';
import { number } from './text.ts';

const heads = ['incident_start', 'incident_end', 'incident_cause', 'incident_devices'] as const;

/** Rows on paper: five sheets. The screen shows all of them. */
const PRINTED_MAX = 100;

/** The incidents that touch the period, folded: a quarter may have hundreds. */
export function Incidents({ figures }: { readonly figures: FiguresFile }) {
  const { from_ms, to_ms } = figures;
  // Judging begins before the period and ends behind it: its first and last hours need both.
  const shown = figures.incidents.filter(
    ({ started_at_ms, ended_at_ms }) =>
      started_at_ms < to_ms && (ended_at_ms === null || ended_at_ms > from_ms),
  );
  const title = t('incidents', { count: number(language.value, shown.length) });
  if (shown.length === 0) return <h3>{title}</h3>;
  return (
    <details class="incidents">
      <summary>{title}</summary>
      <table>
        <Heads names={heads} />
        <tbody>
          {shown.map((incident, at) => (
            <Row key={incident.id} incident={incident} isPrinted={at < PRINTED_MAX} />
          ))}
        </tbody>
      </table>
      {shown.length > PRINTED_MAX ? (
        <p class="note on-paper">{t('incidents_printed', { count: PRINTED_MAX })}</p>
      ) : null}
      <p class="note">{t('zone')}</p>
    </details>
  );
}

function Row({
  incident,
  isPrinted,
}: {
  readonly incident: FiguresIncident;
  readonly isPrinted: boolean;
}) {
  const { started_at_ms, ended_at_ms } = incident;
  const cells = [
    formatDateTime(started_at_ms),
    ended_at_ms === null ? t('incident_goes_on') : formatDateTime(ended_at_ms),
    causeOf(incident),
    devicesOf(incident),
  ];
  return (
    <tr class={isPrinted ? undefined : 'on-screen'}>
      {cells.map((text, at) => (
        <td key={heads[at]} data-head={t(heads[at] ?? 'incident_start')}>
          {text}
        </td>
      ))}
    </tr>
  );
}

/** The last word of a person, and what was judged: one never hides the other. */
function causeOf({ cause, corrected }: FiguresIncident): string {
  const original = say(language.value, `cause_${cause}`);
  if (corrected === null) return original;
  return t('incident_corrected', {
    cause: say(language.value, `cause_${corrected.cause}`),
    original,
  });
}

function devicesOf({ roots, unreachable }: FiguresIncident): string {
  const own = roots.join(', ');
  if (unreachable.length === 0) return own;
  return t('incident_behind', { roots: own, behind: unreachable.join(', ') });
}
