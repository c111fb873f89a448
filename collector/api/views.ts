import type { Device, Inventory } from '../../shared/measure/inventory-types.ts';
import { AGENT_SILENT_MS } from '../agent-silence.ts';
import type { CollectorDeps } from '../deps.ts';
import { countStates, type Shown, shownNow, worstState } from '../report/current.ts';
import type { AgentRow, EnrolmentRow, SiteRow } from '../store/rows.ts';
import type { AgentItem, DeviceItem, SiteItem } from './schemas.ts';
import { rfc3339 } from './times.ts';

export async function siteItem(
  deps: CollectorDeps,
  row: SiteRow,
  inventory: Inventory,
  unit_name: string,
): Promise<SiteItem> {
  return siteItemOf(
    deps,
    { row, inventory, unit_name },
    await shownNow(deps, row.site, inventory.devices),
  );
}

/** The same of states that were read already. */
export async function siteItemOf(
  deps: CollectorDeps,
  of: { readonly row: SiteRow; readonly inventory: Inventory; readonly unit_name: string },
  shown: ReadonlyMap<string, Shown>,
): Promise<SiteItem> {
  const { row, inventory, unit_name } = of;
  const states = countStates([...shown.values()].map(({ state }) => state));
  return {
    site: row.site,
    name: row.name,
    unit: row.unit,
    unit_name,
    devices: inventory.devices.length,
    states,
    worst: worstState(states),
    agents: await agentItems(deps, inventory),
  };
}

/** Agents of the inventory and those that are enrolled beside it. */
export async function agentItems(deps: CollectorDeps, inventory: Inventory): Promise<AgentItem[]> {
  const site = inventory.site.code;
  const rows = new Map((await deps.store.agents(site)).map((row) => [row.agent, row]));
  const waiting = (await deps.store.enrolments(site)).filter(({ state }) => state === 'pending');
  const codes = new Set([
    ...inventory.agents.map(({ code }) => code),
    ...rows.keys(),
    ...waiting.map(({ agent }) => agent),
  ]);
  return Promise.all(
    [...codes].map(async (agent) => {
      const targets = await deps.store.targets(site, agent);
      const pending = waiting.find((row) => row.agent === agent);
      return agentItem(agent, rows.get(agent), pending, targets?.version ?? 0, deps.now_ms());
    }),
  );
}

function agentItem(
  agent: string,
  row: AgentRow | undefined,
  pending: EnrolmentRow | undefined,
  newest_list_version: number,
  now_ms: number,
): AgentItem {
  const last_seen_ms = row?.last_seen_ms ?? null;
  const closed_to_ms = row?.closed_to_ms ?? null;
  const age_ms = last_seen_ms === null ? null : Math.max(0, now_ms - last_seen_ms);
  return {
    agent,
    status: statusOf(row, pending),
    up: age_ms !== null && age_ms <= AGENT_SILENT_MS && row?.revoked_ms === null,
    short_code: pending?.short_code ?? row?.short_code ?? null,
    epoch: row?.epoch ?? 0,
    seq: row?.seq ?? 0,
    software: row?.software ?? pending?.software ?? null,
    last_seen_ms,
    last_seen: rfc3339(last_seen_ms),
    closed_to_ms,
    closed_to: rfc3339(closed_to_ms),
    age_ms,
    quarantined: row !== undefined && row.quarantined_ms !== null,
    insecure: row?.insecure ?? false,
    list_version: row?.list_version ?? 0,
    newest_list_version,
    history_lost_ms: row?.history_lost_ms ?? null,
    history_rewritten_ms: row?.history_rewritten_ms ?? null,
  };
}

function statusOf(
  row: AgentRow | undefined,
  pending: EnrolmentRow | undefined,
): AgentItem['status'] {
  // A waiting key is what a person has to act upon, also where an older one is in use.
  if (pending !== undefined) return 'pending';
  if (row === undefined) return 'expected';
  return row.revoked_ms === null ? 'enrolled' : 'revoked';
}

/** `details`: addresses and other identities, for operators only. */
export function deviceItem({ device, state, current }: Shown, details: boolean): DeviceItem {
  const since_ms = current?.since_ms ?? null;
  const last_reply_ms = current?.last_reply_ms ?? null;
  const rtt_us = current?.rtt_us ?? null;
  return {
    device: device.code,
    name: device.name,
    kind: device.kind,
    agent: device.agent,
    state,
    reason: current?.reason ?? null,
    cause: current?.cause ?? null,
    confidence: current?.confidence ?? null,
    incident: current?.incident ?? null,
    since_ms,
    since: rfc3339(since_ms),
    last_reply_ms,
    last_reply: rfc3339(last_reply_ms),
    closed_to_ms: current?.closed_to_ms ?? null,
    age_ms: current?.age_ms ?? null,
    rtt_ms: rtt_us === null ? null : rtt_us / 1_000,
    reachability: device.reachability,
    interval_ms: reachabilityInterval(device),
    ...(device.attached === undefined ? {} : { attached: device.attached }),
    groups: [...device.groups],
    powered_by: device.powered_by,
    ...(details ? identities(device) : {}),
  };
}

function identities({ address, mac, hostname }: Device): Partial<DeviceItem> {
  return {
    ...(address === undefined ? {} : { address }),
    ...(mac === undefined ? {} : { mac }),
    ...(hostname === undefined ? {} : { hostname }),
  };
}

/** Interval of the probe that carries the device's state, ms; null where there is none. */
export function reachabilityInterval({ reachability, probes }: Device): number | null {
  if (reachability === 'none') return null;
  if (reachability === 'tcp') return probes.tcp[0]?.interval_ms ?? null;
  return probes[reachability]?.interval_ms ?? null;
}
