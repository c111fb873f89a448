import { fromUtf8 } from '../../shared/bytes.ts';
import { asOf, LATE_MS } from '../../shared/judge/as-of.ts';
import { decodeChunk, type SlotChunk } from '../../shared/judge/chunk.ts';
import { coverSlots } from '../../shared/judge/cover.ts';
import { openChunks } from '../../shared/judge/judge.ts';
import { MINUTE_MS } from '../../shared/judge/lists.ts';
import { ownWindows } from '../../shared/judge/owners.ts';
import type { Ledger } from '../ledger/types.ts';
import type { Store } from '../store/store.ts';
import { type Closed, closedOf, lateReason, ownedNow } from './closed.ts';
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

  const asOfNow = ({ state, position }: SiteJudge, closed: Closed): AsOf => {
    const head = options.ledger.checkpoint();
    // Leaves that were folded belong to the prefix, also in the moment before it is signed.
    const folded = position.log === head.log ? position.leaf + 1 : 0;
    const owners = new Set([...ownedNow(state).values()].map(([{ agent }]) => agent));
    const closed_to_ms = [...owners].map((agent) => closed.get(agent)?.ms ?? null);
    const at_ms = now_ms();
    const to_ms = asOf({ at_ms, closed_to_ms });
    return { log: head.origin, size: Math.max(head.size, folded), to_ms, at_ms };
  };

  /** The site's judge stands still while `read` runs: all that it reads is of one moment. */
  const atOnce = async <T>(
    site: string,
    read: (held: SiteJudge, closed: Closed, as_of: AsOf) => Promise<T>,
  ): Promise<T> =>
    await judge.withSite(site, (held) => {
      const closed = closedOf(held.state);
      return read(held, closed, asOfNow(held, closed));
    });

  const material: JudgeReader['material'] = async (site, from_ms, to_ms, device) => {
    checkMinutes(from_ms, to_ms);
    return atOnce(site, async (_, closed, as_of) => {
      const stored = await store.intervals(site, from_ms, Math.min(to_ms, as_of.to_ms), device);
      const windows = Map.groupBy(await store.windows(site, device), (window) => window.device);
      return { stored, windows: [...windows.values()].flatMap(ownWindows), closed, as_of };
    });
  };

  return {
    material,

    async slots(site, device, from_ms, to_ms) {
      checkMinutes(from_ms, to_ms);
      return atOnce(site, async ({ state }, closed, as_of) => {
        const end = Math.min(to_ms, as_of.to_ms);
        const windows = ownWindows(await store.windows(site, device));
        const agents = new Set(windows.map(({ agent }) => agent));
        const open = [...agents].flatMap((agent) => openChunks(state, agent));
        const rows = await store.chunks(site, from_ms, end);
        const final = rows
          .filter(({ agent }) => agents.has(agent))
          .map(({ body }) => decodeChunk(fromUtf8(body), device));
        const chunks = newestOfEachHour([...final, ...open]);
        const owner = windows.at(-1)?.agent ?? '';
        const late = lateReason(closed, owner);
        const runs = coverSlots({ device, chunks, windows, from_ms, to_ms: end, late });
        return { runs: runs.filter((run) => run.slots > 0), as_of };
      });
    },

    async intervals(site, from_ms, to_ms, device) {
      const { as_of, ...found } = await material(site, from_ms, to_ms, device);
      const end = Math.min(to_ms, as_of.to_ms);
      return { intervals: coverIntervals({ ...found, from_ms, end }), as_of };
    },

    current: (site) =>
      judge.withSite(site, (held) => {
        const now = { at_ms: now_ms(), late_ms: LATE_MS };
        return [...ownedNow(held.state).values()]
          .map(([agent, device]) => currentOf(held, agent, device, now))
          .sort((a, b) => (a.device < b.device ? -1 : 1));
      }),
  };
}

/** An hour that is still open in the judge stands over what an earlier replay stored. */
function newestOfEachHour(chunks: readonly SlotChunk[]): SlotChunk[] {
  return [...new Map(chunks.map((chunk) => [`${chunk.agent}/${chunk.hour_ms}`, chunk])).values()];
}

function checkMinutes(from_ms: number, to_ms: number): void {
  if (from_ms % MINUTE_MS === 0 && to_ms % MINUTE_MS === 0 && from_ms <= to_ms) return;
  throw new RangeError('a period is made of whole UTC minutes');
}
