import { useState } from 'preact/hooks';
import { all, type Site } from '../data/api.ts';
import { useLoaded } from '../data/loaded.ts';
import { t } from '../data/settings.ts';
import { AgentLine } from '../parts/agent-line.tsx';
import { Legend } from '../parts/legend.tsx';
import { Failed, Message } from '../parts/message.tsx';
import { colourOf, SHOWN, StateBadge } from '../parts/state-badge.tsx';

const IMPORT_COMMAND = 'npx lanproof import inventory.yml --collector URL --token TOKEN';
/** Fewer sites than this are seen at a glance: no search box. */
const SEARCH_SITES_MIN = 8;

/** Lower case without accents: "xa dong thap" finds "Xã Đồng Tháp". */
const fold = (text: string): string =>
  text.toLowerCase().normalize('NFD').replace(/\p{M}/gu, '').replaceAll('đ', 'd');

export function Overview() {
  const sites = useLoaded('sites', null, () => all<Site>('/sites'));
  const [search, setSearch] = useState('');
  if (sites.value === undefined) {
    if (sites.error) return <Failed error={sites.error} retry={sites.reload} />;
    return <p class="quiet">{t('loading')}</p>;
  }
  if (sites.value.length === 0) {
    return (
      <Message title={t('no_sites')}>
        <p>{t('no_sites_hint')}</p>
        <code>{IMPORT_COMMAND}</code>
      </Message>
    );
  }
  const wanted = fold(search);
  const shown = sites.value
    .filter((site) => fold(`${site.site} ${site.name} ${site.unit_name}`).includes(wanted))
    .sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name, 'vi'));
  return (
    <>
      <div class="row between">
        <h1>{t('sites')}</h1>
        <Totals sites={sites.value} />
        {sites.value.length < SEARCH_SITES_MIN ? null : (
          <input
            type="search"
            placeholder={t('site_search')}
            aria-label={t('site_search')}
            value={search}
            onInput={(event) => setSearch(event.currentTarget.value)}
          />
        )}
      </div>
      {shown.length === 0 ? <p class="quiet">{t('no_match')}</p> : null}
      <div class="tiles">
        {shown.map((site) => (
          <Tile key={site.site} site={site} />
        ))}
      </div>
      <Legend />
    </>
  );
}

const rank = (site: Site): number => SHOWN.indexOf(site.worst);

/** How many sites are in which state: the first thing to see. */
function Totals({ sites }: { readonly sites: readonly Site[] }) {
  return (
    <span class="row">
      {SHOWN.map((state) => {
        const count = sites.filter((site) => site.worst === state).length;
        return count === 0 ? null : <StateBadge key={state} state={state} count={count} />;
      })}
    </span>
  );
}

function Tile({ site }: { readonly site: Site }) {
  return (
    <a class="tile" href={`/sites/${site.site}`} style={{ '--edge': colourOf(site.worst) }}>
      <h2>{site.name}</h2>
      <span class="row">
        {SHOWN.map((state) => {
          const count = site.states[state] ?? 0;
          return count === 0 ? null : <StateBadge key={state} state={state} count={count} />;
        })}
      </span>
      <AgentLine agents={site.agents} />
    </a>
  );
}
