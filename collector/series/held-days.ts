import type { DayBuilder, Wanted } from '../../shared/judge/series/day-builder.ts';
import { createListFinder } from '../judge/batch-parts.ts';
import { readRevocations } from '../judge/revocations.ts';
import type { ReadUnit } from '../store/store.ts';
import { type AgentDay, openAgentDay } from './agent-day.ts';

/**
 * Days that are being read stay in memory: who looks at a running day asks again each minute, and
 * then only its newest batches are read. A day of 60 devices takes some megabytes.
 */
const HELD_DAYS_MAX = 8;

/** Days as their batches say, without what is kept of them. */
export interface HeldDays {
  /** Runs `read` when every committed batch of the day was fed. */
  read<T>(
    site: string,
    agent: string,
    day_ms: number,
    wanted: Wanted,
    read: (builder: DayBuilder) => T,
  ): Promise<T>;
}

interface Held {
  readonly day: Promise<AgentDay>;
  turn: Promise<unknown>;
}

export function createHeldDays(store: ReadUnit): HeldDays {
  const findList = createListFinder(store);
  const held = new Map<string, Held>();
  const open = (key: string, begin: () => Promise<AgentDay>): Held => {
    const known = held.get(key);
    const entry: Held = known ?? {
      day: begin(),
      turn: Promise.resolve(),
    };
    // Set again on each use: the first keys are those not used for longest.
    held.delete(key);
    held.set(key, entry);
    for (const oldest of held.keys()) {
      if (held.size <= HELD_DAYS_MAX) break;
      held.delete(oldest);
    }
    return entry;
  };
  return {
    async read(site, agent, day_ms, wanted, read) {
      const revocations = await readRevocations(store, site);
      // A new revocation may reach behind what was fed: such a day is another one.
      const key = [site, agent, day_ms, JSON.stringify(wanted), revocations.length].join('/');
      const source = { store, findList, revocations };
      const entry = open(key, () => openAgentDay(source, site, agent, day_ms, wanted));
      // One reader at a time: two would feed the same batches.
      const done = entry.turn.then(async () => {
        const day = await entry.day;
        if (!day.builder.complete) while (await day.page());
        return read(day.builder);
      });
      entry.turn = done.catch(() => {
        // Half a page may have been fed: the next one to ask begins anew.
        if (held.get(key) === entry) held.delete(key);
      });
      return await done;
    },
  };
}
