import type { ReadUnit } from '../store/store.ts';
import { loadSite, type SiteJudge } from './site-judge.ts';

/** Sites whose state stays in memory; one of 65 devices takes some 100 kB. */
export const SITES_HELD_MAX = 1_000;

/** The judges in memory. What is not here is read from the store again. */
export interface HeldSites {
  load(site: string, store: ReadUnit): Promise<SiteJudge>;
  drop(site: string): void;
  /** True: more are held than should be, so states are stored to let them go. */
  readonly crowded: boolean;
  /** Lets go of sites that are stored as they are in memory, the longest unused first. */
  shrink(): void;
  all(): SiteJudge[];
}

export function createHeldSites(now_ms: () => number): HeldSites {
  const held = new Map<string, SiteJudge>();
  return {
    async load(site, store) {
      const judge = held.get(site) ?? (await loadSite(store, site, now_ms()));
      // Set again on each use: the first keys are those not used for longest.
      held.delete(site);
      held.set(site, judge);
      return judge;
    },
    drop: (site) => void held.delete(site),
    get crowded() {
      return held.size > SITES_HELD_MAX;
    },
    shrink() {
      for (const [site, { unsaved }] of held) {
        if (held.size <= SITES_HELD_MAX) return;
        if (unsaved === 0) held.delete(site);
      }
    },
    all: () => [...held.values()],
  };
}
