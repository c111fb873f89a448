import type { Agent } from '../data/api.ts';
import { t } from '../data/settings.ts';
import { Age } from './age.tsx';

/** One line about the agents of a site: who measures, and how fresh its data is. */
export function AgentLine({ agents }: { readonly agents: readonly Agent[] }) {
  const connected = agents.filter((agent) => agent.closed_to_ms !== null);
  if (connected.length === 0) return <span class="quiet">{t('agent_none')}</span>;
  return (
    <span class="quiet row">
      {connected.map((agent) => (
        <span key={agent.agent}>
          {t('agent')} {agent.agent}:{' '}
          {agent.closed_to_ms === null ? '' : <Age at_ms={agent.closed_to_ms} />}
        </span>
      ))}
    </span>
  );
}
