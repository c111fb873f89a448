import type { AgentRow } from '../rows.ts';
import type { EvidenceReads } from '../store-evidence.ts';
import type { Connection } from './connection.ts';
import { plain } from './values.ts';

interface AgentCells extends Omit<AgentRow, 'insecure'> {
  insecure: number;
}

export function createAgentReads(
  sql: Connection,
): Pick<EvidenceReads, 'agent' | 'agents' | 'agentByKey'> {
  return {
    async agent(site, agent) {
      const cells = sql.get<AgentCells>(
        'SELECT * FROM agent WHERE site = ? AND agent = ?',
        site,
        agent,
      );
      return cells === undefined ? null : toAgent(cells);
    },
    agents: async (site) =>
      sql
        .all<AgentCells>(
          'SELECT * FROM agent WHERE (? IS NULL OR site = ?) ORDER BY site, agent',
          site ?? null,
          site ?? null,
        )
        .map(toAgent),
    async agentByKey(key) {
      const cells = sql.get<AgentCells>('SELECT * FROM agent WHERE key = ?', key);
      return cells === undefined ? null : toAgent(cells);
    },
  };
}

function toAgent({ key, hash, insecure, ...rest }: AgentCells): AgentRow {
  return { ...rest, key: plain(key), hash: plain(hash), insecure: insecure === 1 };
}
