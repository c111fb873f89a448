import { isWord } from '../../../shared/i18n/words.ts';
import {
  ApiError,
  type Device,
  type Group,
  get,
  type Incident,
  type SiteDetail,
  type StripRow,
} from '../data/api.ts';
import { useLoaded } from '../data/loaded.ts';
import { t } from '../data/settings.ts';
import { Age } from '../parts/age.tsx';
import { AgentLine } from '../parts/agent-line.tsx';
import { Incidents } from '../parts/incidents.tsx';
import { Legend } from '../parts/legend.tsx';
import { Failed, Message } from '../parts/message.tsx';
import { SHOWN, StateBadge, Why } from '../parts/state-badge.tsx';
import { Strip } from '../parts/strip.tsx';

interface Everything {
  readonly site: SiteDetail;
  readonly devices: readonly Device[];
  readonly computers: readonly Group[];
  readonly strips: ReadonlyMap<string, StripRow>;
  readonly rules: number;
}

async function load(code: string): Promise<Everything> {
  const [site, list, strip] = await Promise.all([
    get<SiteDetail>(`/sites/${code}`),
    get<{ items: readonly Device[]; computers?: readonly Group[] }>(
      `/sites/${code}/devices?limit=500`,
    ),
    get<{ items: readonly StripRow[]; rules: number }>(`/sites/${code}/strip`),
  ]);
  return {
    site,
    devices: list.items,
    computers: list.computers ?? [],
    strips: new Map(strip.items.map((row) => [row.device, row])),
    rules: strip.rules,
  };
}

export function SitePage({ code }: { readonly code: string }) {
  const { value, error, reload } = useLoaded(code, code, () => load(code));
  if (value === undefined) {
    if (error instanceof ApiError && error.status === 404) {
      return <Message title={t('not_found')} />;
    }
    return error ? <Failed error={error} retry={reload} /> : <p class="quiet">{t('loading')}</p>;
  }
  const { site, devices, computers, strips, rules } = value;
  const names = new Map(devices.map(({ device, name }) => [device, name]));
  const nameOf = (device: string) => names.get(device) ?? device;
  const incidents = new Map(site.incidents.map((incident) => [incident.id, incident]));
  const incidentOf = ({ incident }: Device) => incidents.get(incident ?? '');
  const silent = site.agents.some((agent) => agent.closed_to_ms !== null && !agent.up);
  return (
    <>
      <a href="/">‹ {t('overview')}</a>
      <div class="row between">
        <h1>{site.name}</h1>
        <AgentLine agents={site.agents} />
      </div>
      {silent ? (
        <p class="notice" role="alert">
          {t('agent_silent')}
        </p>
      ) : null}
      {devices.length === 0 ? null : <Incidents incidents={site.incidents} nameOf={nameOf} />}
      {devices.some(({ kind }) => kind === 'pc') ? null : <Computers groups={computers} />}
      {devices.length === 0 ? <p class="quiet">{t('no_devices')}</p> : null}
      {devices.length === 0 ? null : <Devices {...{ devices, strips, incidentOf, nameOf }} />}
      <Legend />
      <p class="quiet">{t('rules_note', { rules })}</p>
    </>
  );
}

/** Worst first; what nobody asks stands last. */
const rank = ({ state }: Device): number => SHOWN.indexOf(state);

function Devices(props: {
  readonly devices: readonly Device[];
  readonly incidentOf: (device: Device) => Incident | undefined;
  readonly nameOf: (device: string) => string;
  readonly strips: ReadonlyMap<string, StripRow>;
}) {
  const rows = [...props.devices].sort(
    (a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name, 'vi'),
  );
  return (
    <table>
      <thead>
        <tr>
          <th>{t('device')}</th>
          <th>{t('state')}</th>
          <th>{t('since')}</th>
          <th>
            <span class="ends">
              <span>{t('minutes_ago_60')}</span>
              <span>{t('now')}</span>
            </span>
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map((device) => (
          <DeviceRow
            key={device.device}
            device={device}
            incident={props.incidentOf(device)}
            nameOf={props.nameOf}
            strip={props.strips.get(device.device)}
          />
        ))}
      </tbody>
    </table>
  );
}

function DeviceRow(props: {
  readonly device: Device;
  readonly incident: Incident | undefined;
  readonly nameOf: (device: string) => string;
  readonly strip: StripRow | undefined;
}) {
  const { device, incident, strip } = props;
  const root = incident?.roots[0];
  // Degraded time has no cause of its own: its incident has.
  const why = device.state === 'degraded' ? { ...device, ...causeOf(incident) } : device;
  const kind = `kind_${device.kind.replaceAll('-', '_')}`;
  return (
    <tr data-device={device.device} data-state={device.state}>
      <td>
        <div class="name">{device.name}</div>
        <div class="quiet">
          {isWord(kind) ? t(kind) : device.kind} · {device.device}
          {device.address ? ` · ${device.address}` : ''}
        </div>
      </td>
      <td>
        <StateBadge state={device.state} root={root && props.nameOf(root)} />
        <Why {...why} />
      </td>
      <td data-label={t('since')}>
        {device.since_ms === null ? '–' : <Age at_ms={device.since_ms} ago={false} />}
      </td>
      <td class="strip-cell">{strip ? <Strip name={device.name} cells={strip.cells} /> : null}</td>
    </tr>
  );
}

function causeOf(incident: Incident | undefined): Pick<Device, 'cause' | 'confidence'> {
  return { cause: incident?.cause ?? null, confidence: incident?.confidence ?? null };
}

/** What a viewer sees of the computers: how many are in which state. */
function Computers({ groups }: { readonly groups: readonly Group[] }) {
  if (groups.length === 0) return null;
  return (
    <section class="counts">
      <p class="quiet">{t('pcs_counted')}</p>
      {groups.map((group) => (
        <p key={group.group} class="row">
          <strong>{group.group === '' ? t('kind_pc') : group.group}</strong>
          {SHOWN.map((state) => {
            const count = group.states[state] ?? 0;
            return count === 0 ? null : <StateBadge key={state} state={state} count={count} />;
          })}
        </p>
      ))}
    </section>
  );
}
