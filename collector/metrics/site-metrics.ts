import { Gauge, Registry } from 'prom-client';
import type { State } from '../../shared/judge/types.ts';
import { INFRASTRUCTURE_KINDS } from '../../shared/measure/codes.ts';
import type { Inventory } from '../../shared/measure/inventory-types.ts';
import { AGENT_SILENT_MS } from '../agent-silence.ts';
import type { CollectorDeps } from '../deps.ts';
import type { SiteRow } from '../store/rows.ts';

/** States that say something; of any other one there is no sample, so that it goes stale. */
const UP: Readonly<Partial<Record<State, 0 | 1>>> = { up: 1, degraded: 1, down: 0, unreachable: 0 };

/**
 * Series of the given sites, built anew for each scrape: a device that is unknown now has none.
 * Samples never carry a timestamp, which would keep a dead LAN alive in Prometheus for minutes.
 */
export async function siteMetrics(
  deps: Pick<CollectorDeps, 'store' | 'judge' | 'now_ms'>,
  sites: readonly SiteRow[],
): Promise<string> {
  const registry = new Registry();
  const registers = [registry];
  const labelNames = ['site', 'agent'];
  const agent_up = new Gauge({
    name: 'lanproof_agent_up',
    help: '1 if the agent was heard of in the last 3 minutes, else 0.',
    labelNames,
    registers,
  });
  const last_seen = new Gauge({
    name: 'lanproof_agent_last_seen_timestamp_seconds',
    help: 'When the newest batch of the agent arrived.',
    labelNames,
    registers,
  });
  const rewritten = new Gauge({
    name: 'lanproof_agent_history_rewritten_timestamp_seconds',
    help: 'When the agent last reported a log that contradicts what it saw; absent: never.',
    labelNames,
    registers,
  });
  const device_up = new Gauge({
    name: 'lanproof_device_up',
    help: '1 up, 0 down; absent while unknown. Infrastructure only.',
    labelNames: ['site', 'device', 'kind'],
    registers,
  });
  const now = deps.now_ms();
  for (const row of await deps.store.agents()) {
    const { site, agent, last_seen_ms, revoked_ms, history_rewritten_ms } = row;
    if (revoked_ms !== null || !sites.some((one) => one.site === site)) continue;
    const fresh = last_seen_ms !== null && now - last_seen_ms <= AGENT_SILENT_MS;
    agent_up.set({ site, agent }, fresh ? 1 : 0);
    if (last_seen_ms !== null) last_seen.set({ site, agent }, last_seen_ms / 1_000);
    if (history_rewritten_ms === null) continue;
    rewritten.set({ site, agent }, history_rewritten_ms / 1_000);
  }
  for (const row of sites) {
    const inventory: Inventory = JSON.parse(row.inventory);
    const kinds = new Map(inventory.devices.map(({ code, kind }) => [code, kind]));
    for (const { device, state } of await deps.judge.current(row.site)) {
      const kind = kinds.get(device);
      const value = UP[state];
      if (kind === undefined || value === undefined || !INFRASTRUCTURE_KINDS.has(kind)) continue;
      device_up.set({ site: row.site, device, kind }, value);
    }
  }
  return registry.metrics();
}
