import { fromUtf8 } from '../../../shared/bytes.ts';
import { decodeChunk } from '../../../shared/judge/chunk.ts';
import type { SiteCarry, WindowAsk } from '../../../shared/judge/day/types.ts';
import {
  type WindowBounds,
  type WindowKnown,
  windowAsk,
  windowReach,
} from '../../../shared/judge/day/window-ask.ts';
import { openChunks } from '../../../shared/judge/judge.ts';
import type { Seen, SeenRow } from '../../../shared/judge/observe/types.ts';
import type { SeenStoreRow } from '../../store/rows-judgement.ts';
import type { JudgementReads } from '../../store/store-judgement.ts';
import { newestOfEachHour } from '../read-slots.ts';
import type { SiteJudge } from '../site-judge.ts';

const HOUR_MS = 3_600_000;
/** Key of rows that say when a paper was first seen: they count however long ago they were. */
const PAPER_SEEN = 'document_seen';

interface MaterialSource extends Omit<WindowKnown, 'site'> {
  readonly store: Pick<JudgementReads, 'intervals' | 'chunks' | 'seen'>;
  readonly judge: SiteJudge;
}

/** What a window is judged from, out of the store. */
export async function readWindow(
  { store, judge, ...known }: MaterialSource,
  bounds: WindowBounds,
  carry: SiteCarry | null,
): Promise<WindowAsk> {
  const { site } = judge;
  const reach = windowReach(known, bounds);
  const states = await store.intervals(site, reach.states.from_ms, reach.states.to_ms);
  const seen = await store.seen(site, reach.seen.from_ms, reach.seen.to_ms, PAPER_SEEN);
  const { from_ms, to_ms } = reach.chunks;
  const stored = await store.chunks(site, from_ms, to_ms);
  const open = openChunks(judge.state).filter(
    ({ hour_ms }) => hour_ms < to_ms && hour_ms + HOUR_MS > from_ms,
  );
  const final = stored.map(({ body }) => decodeChunk(fromUtf8(body)));
  const chunks = newestOfEachHour([...final, ...open]);
  return windowAsk({ site, ...known }, bounds, carry, { states, chunks, seen: seen.map(toSeen) });
}

function toSeen({ key, from_ms, to_ms, body }: SeenStoreRow): SeenRow {
  // The body is what putSeen was given out of a SeenRow.
  return { key, from_ms, to_ms, seen: JSON.parse(body) as Seen };
}

/** From when on an agent of the site had seen a leaf, UTC ms by ordinal, of those that any saw. */
export async function leavesSeen(
  store: Pick<JudgementReads, 'seen'>,
  site: string,
): Promise<Map<number, number>> {
  const out = new Map<number, number>();
  // No time: rows of this key are given whenever they were.
  for (const row of await store.seen(site, -1, -1, PAPER_SEEN)) {
    const { seen } = toSeen(row);
    if (seen.what !== 'document_seen') continue;
    out.set(seen.leaf, Math.min(seen.at_ms, out.get(seen.leaf) ?? seen.at_ms));
  }
  return out;
}
