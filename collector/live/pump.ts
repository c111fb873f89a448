import type { IncidentPhase } from '../../shared/judge/site/material.ts';
import type { Inventory } from '../../shared/measure/inventory-types.ts';
import { AGENT_SILENT_MS } from '../agent-silence.ts';
import type { CollectorDeps } from '../deps.ts';
import { groupComputers, shownNow } from '../report/current.ts';
import type { OutboxRow } from '../store/rows-judgement.ts';
import type { LiveHub } from './hub.ts';

/** Rows of the outbox read at a time; a storm is read in several turns of one call. */
const OUTBOX_ROWS_MAX = 1_000;
const OUTBOX_TURNS_MAX = 20;
/** Silence is declared after minutes: looking every few seconds is soon enough. */
const AGENTS_INTERVAL_MS = 5_000;
/** Who comes back within this is told what changed meanwhile; later nobody is watching, ms. */
export const LINGER_MS = 60_000;

type PumpDeps = Pick<CollectorDeps, 'store' | 'judge' | 'now_ms' | 'mono_ms'>;

/**
 * Returns a function that reads what the judge published since its last call and hands what
 * changed to the hub. The outbox says where to look; what is shown comes from the judge's reader,
 * as everywhere else. It keeps only a position, so any number of collectors can read one outbox.
 * While nobody watches it reads nothing: every few seconds all agents of a province are much.
 */
export function createLivePump(deps: PumpDeps, hub: LiveHub): () => Promise<void> {
  const shown = new Map<string, string>();
  const agents = new Map<string, boolean>();
  let position: number | undefined;
  let agents_ms = Number.NEGATIVE_INFINITY;
  let watched_ms = Number.NEGATIVE_INFINITY;
  const rest = (): void => {
    if (position === undefined) return;
    position = undefined;
    agents_ms = Number.NEGATIVE_INFINITY;
    shown.clear();
    agents.clear();
    hub.forget();
  };
  return async () => {
    if (hub.clients > 0) watched_ms = deps.mono_ms();
    if (deps.mono_ms() - watched_ms > LINGER_MS) return rest();
    // The first viewer loaded the page a moment ago: a little of the past is said again.
    position ??= Math.max(0, (await deps.store.newestOutboxId()) - OUTBOX_ROWS_MAX);
    const sites = new Set<string>();
    for (let turn = 0; turn < OUTBOX_TURNS_MAX; turn++) {
      const rows = await deps.store.outbox(position, OUTBOX_ROWS_MAX);
      for (const row of rows) {
        sites.add(row.site);
        if (row.kind === 'incident') publishIncident(hub, row);
      }
      position = rows.at(-1)?.id ?? position;
      if (rows.length < OUTBOX_ROWS_MAX) break;
    }
    if (deps.mono_ms() - agents_ms >= AGENTS_INTERVAL_MS) {
      agents_ms = deps.mono_ms();
      // Silence makes devices unknown without any event of the judge.
      for (const site of await publishAgents(deps, hub, agents)) sites.add(site);
    }
    for (const site of sites) await publishSite(deps, hub, shown, site);
  };
}

/** Tells the page which incident to load again. */
function publishIncident(hub: LiveHub, { site, detail }: OutboxRow): void {
  // The text is ours: see createTeller.
  const { id, phase }: { id: string; phase: IncidentPhase } = JSON.parse(detail);
  hub.publish({ type: 'incident', site, id, phase });
}

/** Publishes devices whose shown state changed, and counts of computers instead of them. */
async function publishSite(
  deps: PumpDeps,
  hub: LiveHub,
  shown: Map<string, string>,
  site: string,
): Promise<void> {
  const row = await deps.store.site(site);
  if (row === null) return;
  const { devices }: Inventory = JSON.parse(row.inventory);
  const now = await shownNow(deps, site, devices);
  let computers = false;
  for (const { device, state, current } of now.values()) {
    if (current === undefined) continue;
    const { code, kind } = device;
    const { reason, since_ms, cause, confidence, incident } = current;
    const mark = [state, reason, since_ms, cause, confidence, incident].join('/');
    const key = `${site}/${code}`;
    if (shown.get(key) === mark) continue;
    shown.set(key, mark);
    computers ||= kind === 'pc';
    const why = { reason, cause, confidence, incident };
    hub.publish({ type: 'device', site, device: code, kind, state, ...why, since_ms });
  }
  if (computers) hub.publish({ type: 'computers', site, groups: groupComputers(now) });
}

/** Publishes agents that fell silent or came back; returns their sites. */
async function publishAgents(
  deps: PumpDeps,
  hub: LiveHub,
  known: Map<string, boolean>,
): Promise<Set<string>> {
  const changed = new Set<string>();
  const now = deps.now_ms();
  for (const { site, agent, last_seen_ms, revoked_ms } of await deps.store.agents()) {
    const fresh = last_seen_ms !== null && now - last_seen_ms <= AGENT_SILENT_MS;
    const up = fresh && revoked_ms === null;
    const key = `${site}/${agent}`;
    if (known.get(key) === up) continue;
    known.set(key, up);
    changed.add(site);
    hub.publish({ type: 'agent', site, agent, up, last_seen_ms });
  }
  return changed;
}
