import { fromUtf8 } from '../../../shared/bytes.ts';
import { decodeChunk, type SlotChunk } from '../../../shared/judge/chunk.ts';
import { openChunks } from '../../../shared/judge/judge.ts';
import type { DeviceWindow } from '../../../shared/judge/lists.ts';
import type { SlotClass } from '../../../shared/judge/types.ts';
import type { Known } from '../../judge/day/judge-day.ts';
import { newestOfEachHour } from '../../judge/read-slots.ts';
import type { SiteJudge } from '../../judge/site-judge.ts';
import type { Store } from '../../store/store.ts';

const HOUR_MS = 3_600_000;
/**
 * The end of time in which a device was up has an answer within this: fewer than three lost slots
 * belong to it, and the longest slot is ten minutes.
 */
const SEARCH_MS = 2 * HOUR_MS;
const ANSWERED: ReadonlySet<SlotClass> = new Set<SlotClass>(['reply', 'arp_only']);

export interface LastReply {
  /** Begin of the last answered slot, UTC ms; null: none, or not known any more. */
  readonly last_reply_ms: number | null;
  readonly ever_answered: boolean;
}

export interface RepliesSource {
  readonly store: Pick<Store, 'chunks' | 'newestUp'>;
  readonly judge: SiteJudge;
  readonly known: Pick<Known, 'windows' | 'closed'>;
}

/**
 * When devices answered last before `end_ms`, by the slots of those who had them. Steady sites
 * cost the two hours before; a silent device those in which it was up last.
 */
export async function lastReplies(
  source: RepliesSource,
  devices: readonly string[],
  end_ms: number,
): Promise<ReadonlyMap<string, LastReply>> {
  const byDevice = Map.groupBy(source.known.windows, ({ device }) => device);
  const hours = createHours(source);
  const out = new Map<string, LastReply>();
  for (const device of devices) {
    const own = (byDevice.get(device) ?? []).filter(({ from_ms }) => from_ms < end_ms);
    let found: LastReply = { last_reply_ms: null, ever_answered: false };
    for (const window of own.toSorted((a, b) => b.from_ms - a.from_ms)) {
      const found_up = await newestUp(source, window, end_ms);
      if (found_up === null) continue;
      found = { last_reply_ms: await hours.lastIn(window, found_up), ever_answered: true };
      break;
    }
    out.set(device, found);
  }
  return out;
}

interface Bounds {
  readonly from_ms: number;
  readonly to_ms: number;
}

/** Where in its window a device was up last before `end_ms`. */
async function newestUp(
  { store, judge, known }: RepliesSource,
  { device, agent, from_ms, to_ms }: DeviceWindow,
  end_ms: number,
): Promise<Bounds | null> {
  const over_ms = Math.min(end_ms, to_ms ?? end_ms);
  const up = await store.newestUp(judge.site, device, agent, over_ms);
  // What goes on was said up to where the agent closed.
  const until_ms = up?.to_ms ?? known.closed.get(agent)?.ms ?? over_ms;
  const bounds = { from_ms, to_ms: Math.min(until_ms, over_ms) };
  return up === null || bounds.to_ms <= from_ms ? null : bounds;
}

interface Hours {
  /** Begin of the last answered slot in the last hours of `bounds`. */
  lastIn(window: DeviceWindow, bounds: Bounds): Promise<number | null>;
}

/** Hours are read once for all devices: they mostly fall silent together, or not at all. */
function createHours({ store, judge }: RepliesSource): Hours {
  const open = openChunks(judge.state);
  const held = new Map<number, SlotChunk[]>();
  const hour = async (hour_ms: number): Promise<readonly SlotChunk[]> => {
    const known = held.get(hour_ms);
    if (known !== undefined) return known;
    const rows = await store.chunks(judge.site, hour_ms, hour_ms + HOUR_MS);
    const stored = rows.map(({ body }) => decodeChunk(fromUtf8(body)));
    const now = open.filter((chunk) => chunk.hour_ms === hour_ms);
    const chunks = newestOfEachHour([...stored, ...now]);
    held.set(hour_ms, chunks);
    return chunks;
  };
  return {
    async lastIn({ device, agent }, { from_ms, to_ms }) {
      const first_ms = Math.max(from_ms, to_ms - SEARCH_MS);
      for (let at = hourOf(to_ms - 1); at >= hourOf(first_ms); at -= HOUR_MS) {
        for (const chunk of await hour(at)) {
          if (chunk.agent !== agent) continue;
          const last = lastAnswer(chunk, device, from_ms, to_ms);
          if (last !== null) return last;
        }
      }
      return null;
    },
  };
}

function lastAnswer(
  { runs }: SlotChunk,
  device: string,
  from_ms: number,
  to_ms: number,
): number | null {
  for (const run of (runs[device] ?? []).toReversed()) {
    if (!ANSWERED.has(run.class) || run.from_ms >= to_ms) continue;
    const before = Math.ceil((to_ms - run.from_ms) / run.interval_ms);
    const last_ms = run.from_ms + (Math.min(run.slots, before) - 1) * run.interval_ms;
    if (last_ms >= from_ms) return last_ms;
  }
  return null;
}

function hourOf(at_ms: number): number {
  return at_ms - (at_ms % HOUR_MS);
}
