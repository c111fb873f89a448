import { fromUtf8 } from '../../shared/bytes.ts';
import { asOf, LATE_MS } from '../../shared/judge/as-of.ts';
import { decodeChunk, type SlotChunk } from '../../shared/judge/chunk.ts';
import { coverSlots } from '../../shared/judge/cover.ts';
import { openChunks } from '../../shared/judge/judge.ts';
import { MINUTE_MS } from '../../shared/judge/lists.ts';
import type { AgentState, DeviceState } from '../../shared/judge/state.ts';
import type { StateInterval, UnknownReason } from '../../shared/judge/types.ts';
import type { Ledger } from '../ledger/types.ts';
import type { Store } from '../store/store.ts';
import { coverIntervals } from './cover-intervals.ts';
import { currentOf } from './current.ts';
import type { AsOf, JudgeReader } from './read-types.ts';
import type { Judge } from './runner.ts';
import type { SiteJudge } from './site-judge.ts';

interface ReaderOptions {
  readonly store: Store;
  readonly ledger: Pick<Ledger, 'checkpoint'>;
  readonly judge: Pick<Judge, 'withSite'>;
  readonly now_ms: () => number;
}

/** Reads through the site's judge, which has folded every committed leaf when it answers. */
export function createJudgeReader(options: ReaderOptions): JudgeReader {
  const { store, judge, now_ms } = options;
  const figuresTo = async (site: string): Promise<{ as_of: AsOf; closed: Closed }> => {
    const head = options.ledger.checkpoint();
    const closed = await judge.withSite(site, closedTo);
    const at_ms = now_ms();
    const to_ms = asOf({ at_ms, closed_to_ms: [...closed.values()].map(({ ms }) => ms) });
    return { as_of: { log: head.origin, size: head.size, to_ms, at_ms }, closed };
  };

  return {
    async slots(site, device, from_ms, to_ms) {
      checkMinutes(from_ms, to_ms);
      const { as_of, closed } = await figuresTo(site);
      const end = Math.min(to_ms, as_of.to_ms);
      const windows = await store.windows(site, device);
      const agents = new Set(windows.map(({ agent }) => agent));
      const open = await judge.withSite(site, ({ state }) =>
        [...agents].flatMap((agent) => openChunks(state, agent)),
      );
      const rows = await store.chunks(site, from_ms, end);
      const final = rows
        .filter(({ agent }) => agents.has(agent))
        .map(({ body }) => decodeChunk(fromUtf8(body), device));
      const chunks = newestOfEachHour([...final, ...open]);
      const late = [...agents].some((agent) => closed.get(agent)?.pending === true)
        ? ('clock_pending' as const)
        : ('not_received' as const);
      const runs = coverSlots({ device, chunks, windows, from_ms, to_ms: end, late });
      return { runs: runs.filter((run) => run.slots > 0), as_of };
    },

    async intervals(site, from_ms, to_ms, device) {
      checkMinutes(from_ms, to_ms);
      const { as_of, closed } = await figuresTo(site);
      const end = Math.min(to_ms, as_of.to_ms);
      const stored = await store.intervals(site, from_ms, end, device);
      const windows = await store.windows(site, device);
      const intervals: StateInterval[] = coverIntervals({ stored, windows, closed, from_ms, end });
      return { intervals, as_of };
    },

    windows: (site, device) => store.windows(site, device),

    current: (site) =>
      judge.withSite(site, (held) => {
        const at_ms = now_ms();
        return devicesOf(held)
          .map(([agent, device]) => currentOf(held, agent, device, { at_ms, late_ms: LATE_MS }))
          .sort((a, b) => (a.device < b.device ? -1 : 1));
      }),
  };
}

/** What each agent of a site closed, and why later time is unknown. */
export type Closed = ReadonlyMap<string, { readonly ms: number | null; readonly pending: boolean }>;

export function lateReason(closed: Closed, agent: string): UnknownReason {
  return closed.get(agent)?.pending === true ? 'clock_pending' : 'not_received';
}

function closedTo({ state }: SiteJudge): Closed {
  const owning = Object.values(state.agents).filter(({ devices }) => devices.some(Boolean));
  return new Map(
    owning.map((agent) => [
      agent.agent,
      { ms: agent.closed_ms, pending: agent.pending.length > 0 },
    ]),
  );
}

function devicesOf({ state }: SiteJudge): [AgentState, DeviceState][] {
  return Object.values(state.agents).flatMap((agent) =>
    agent.devices.flatMap((device): [AgentState, DeviceState][] =>
      device === null ? [] : [[agent, device]],
    ),
  );
}

/** An hour that is still open in the judge stands over what an earlier replay stored. */
function newestOfEachHour(chunks: readonly SlotChunk[]): SlotChunk[] {
  return [...new Map(chunks.map((chunk) => [`${chunk.agent}/${chunk.hour_ms}`, chunk])).values()];
}

function checkMinutes(from_ms: number, to_ms: number): void {
  if (from_ms % MINUTE_MS === 0 && to_ms % MINUTE_MS === 0 && from_ms <= to_ms) return;
  throw new RangeError('a period is made of whole UTC minutes');
}
