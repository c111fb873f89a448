import { formatAge, formatDateTime } from '../../../shared/i18n/format.ts';
import type { Incident } from '../data/api.ts';
import { now_ms } from '../data/live.ts';
import { language, t } from '../data/settings.ts';
import { causeText, colourOf, type Shown, StateBadge } from './state-badge.tsx';

/** More names than this make no page clearer. */
const NAMES_MAX = 4;

const LOOK: Readonly<Record<Incident['kind'], Shown>> = {
  outage: 'down',
  degraded: 'degraded',
  flapping: 'degraded',
};

interface Props {
  readonly incidents: readonly Incident[];
  /** Name of a device by its code. */
  readonly nameOf: (device: string) => string;
}

/** What goes on in a site, and what has just ended: why, since when, and whom it hits. */
export function Incidents({ incidents, nameOf }: Props) {
  return (
    <section class="incidents" aria-label={t('incidents')}>
      <h2>{t('incidents')}</h2>
      {incidents.length === 0 ? (
        <p class="quiet">{t('incidents_none')}</p>
      ) : (
        <ul>
          {incidents.map((incident) => (
            <Item key={incident.id} incident={incident} nameOf={nameOf} />
          ))}
        </ul>
      )}
    </section>
  );
}

function Item(props: { readonly incident: Incident; readonly nameOf: Props['nameOf'] }) {
  const { incident, nameOf } = props;
  const { kind, phase, cause, confidence, started_at_ms, ended_at_ms } = incident;
  const age = formatAge(language.value, (ended_at_ms ?? now_ms.value) - started_at_ms);
  const open = phase === 'open';
  const state = LOOK[kind];
  return (
    <li
      data-incident={incident.id}
      data-cause={cause}
      data-phase={phase}
      class={phase}
      style={{ '--edge': open ? colourOf(state) : 'var(--line)' }}
    >
      <div class="row">
        <strong>{hit(incident, nameOf)}</strong>
        {kind === 'flapping' ? <span>{t('incident_flapping')}</span> : <StateBadge state={state} />}
        <span>{causeText(cause, confidence)}</span>
      </div>
      <div class="quiet">
        {t(open ? 'incident_open' : 'incident_settling', {
          time: formatDateTime(started_at_ms),
          age,
        })}
        {behind(incident)}
      </div>
    </li>
  );
}

/** Names of what failed; computers that a viewer does not see by name as a count. */
function hit({ roots, computers }: Incident, nameOf: Props['nameOf']): string {
  const names = roots.slice(0, NAMES_MAX).map(nameOf);
  if (computers.roots > 0) names.push(t('incident_computers', { n: computers.roots }));
  const more = roots.length - NAMES_MAX;
  if (more > 0) names.push(t('and_more', { n: more }));
  return names.join(', ');
}

function behind({ unreachable, computers }: Incident): string {
  const n = unreachable.length + computers.unreachable;
  return n === 0 ? '' : ` · ${t('incident_hit', { n })}`;
}
