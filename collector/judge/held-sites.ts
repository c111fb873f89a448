import type { AgentState, DeviceState } from '../../shared/judge/state.ts';
import type { ReadUnit } from '../store/store.ts';
import { loadSite, type SiteJudge } from './site-judge.ts';

/**
 * States that stay in memory, bytes: measured, a site of 15 devices takes 11 kB of heap, so that
 * 3,321 of them take 40 MB. A bound below what reports within a minute would be worse than none:
 * each batch would then store one state and read another.
 */
export const HELD_BYTES_MAX = 128 * 1024 * 1024;
/** Heap of the parts of a state, bytes: rounded up from what heap snapshots said. */
const SITE_BYTES = 1_000;
const DEVICE_BYTES = 800;
const TARGET_BYTES = 200;
const RUN_BYTES = 100;

/** The judges in memory. What is not here is read from the store again. */
export interface HeldSites {
  load(site: string, store: ReadUnit): Promise<SiteJudge>;
  drop(site: string): void;
  /** Weighs a state again after it was folded. */
  weigh(judge: SiteJudge): void;
  /** True: more is held than should be, so states are stored to let them go. */
  readonly crowded: boolean;
  /** Lets go of sites that are stored as they are in memory, the longest unused first. */
  shrink(): void;
  all(): SiteJudge[];
}

export function createHeldSites(
  now_ms: () => number,
  held_bytes_max: number = HELD_BYTES_MAX,
): HeldSites {
  const held = new Map<string, { readonly judge: SiteJudge; bytes: number }>();
  let total_bytes = 0;
  const drop = (site: string): void => {
    total_bytes -= held.get(site)?.bytes ?? 0;
    held.delete(site);
  };
  return {
    async load(site, store) {
      let entry = held.get(site);
      if (entry === undefined) {
        const judge = await loadSite(store, site, now_ms());
        entry = { judge, bytes: stateBytes(judge) };
        total_bytes += entry.bytes;
      }
      // Set again on each use: the first keys are those not used for longest.
      held.delete(site);
      held.set(site, entry);
      return entry.judge;
    },
    drop,
    weigh(judge) {
      const entry = held.get(judge.site);
      if (entry?.judge !== judge) return;
      total_bytes -= entry.bytes;
      entry.bytes = stateBytes(judge);
      total_bytes += entry.bytes;
    },
    get crowded() {
      return total_bytes > held_bytes_max;
    },
    shrink() {
      for (const [site, { judge }] of held) {
        if (total_bytes <= held_bytes_max) return;
        if (judge.unsaved === 0) drop(site);
      }
    },
    all: () => [...held.values()].map(({ judge }) => judge),
  };
}

function stateBytes({ state }: SiteJudge): number {
  return Object.values(state.agents).reduce((sum, agent) => sum + agentBytes(agent), SITE_BYTES);
}

function agentBytes(agent: AgentState): number {
  let bytes = SITE_BYTES + agent.pending_ticks * RUN_BYTES;
  for (const { targets } of agent.lists) bytes += targets.length * TARGET_BYTES;
  for (const device of agent.devices) if (device !== null) bytes += deviceBytes(device);
  for (const device of agent.leaving) bytes += deviceBytes(device);
  return bytes;
}

function deviceBytes({ items, runs, said }: DeviceState): number {
  return DEVICE_BYTES + (items.length + runs.length + said.length) * RUN_BYTES;
}
