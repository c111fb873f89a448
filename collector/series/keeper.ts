import { fromUtf8 } from '../../shared/bytes.ts';
import { decodeChunk } from '../../shared/judge/chunk.ts';
import { encodeDay } from '../../shared/judge/series/day-chunk.ts';
import { slotMinutes } from '../../shared/judge/series/loss-minutes.ts';
import { DAY_MS, SERIES_VERSION } from '../../shared/judge/series/types.ts';
import type { SlotRun } from '../../shared/judge/types.ts';
import { createListFinder } from '../judge/batch-parts.ts';
import { readRevocations } from '../judge/revocations.ts';
import type { Store } from '../store/store.ts';
import type { SeriesDayRow } from '../store/store-series.ts';
import { openAgentDay } from './agent-day.ts';
import { packParts } from './pack.ts';

/** Makes and keeps days that are over. */
export interface SeriesKeeper {
  /**
   * Keeps the oldest day of an agent that is over and not kept, if there is one: returns true.
   * `pause` is awaited between turns of some milliseconds; it throws to break off.
   */
  keepNext(site: string, agent: string, pause: () => Promise<void>): Promise<boolean>;
}

/**
 * A day is over when the judge has stored slots of an hour behind it: its agent closed that hour,
 * so that no batch that is still to come, however late, can say anything of the day. So a kept day
 * never changes, and one that is dropped is made again byte for byte.
 */
export function createSeriesKeeper(store: Store): SeriesKeeper {
  const findList = createListFinder(store);
  return {
    async keepNext(site, agent, pause) {
      const day_ms = await nextDay(store, site, agent);
      if (day_ms === null) return false;
      const revocations = await readRevocations(store, site);
      const day = await openAgentDay({ store, findList, revocations }, site, agent, day_ms);
      while (await day.page()) await pause();
      const slots = await daySlots(store, site, agent, day_ms);
      const rows: Pick<SeriesDayRow, 'device' | 'body'>[] = [];
      const codes = new Set([...day.builder.devices(), ...slots.runs.keys()]);
      for (const device of [...codes].sort()) {
        const { loss, answered } = slotMinutes(slots.runs.get(device) ?? [], day_ms);
        const known = day.builder.device(device, loss, answered);
        if (known.rtt === null && loss === null && known.ports.size === 0) continue;
        rows.push({ device, body: packParts(encodeDay(known, day_ms)) });
        await pause();
      }
      return await store.write(async (tx) => {
        // A rebuild may have begun meanwhile: what was read of the slots would be a part of them.
        const again = await tx.chunks(site, day_ms, day_ms + DAY_MS);
        const over = (await nextDay(tx, site, agent)) === day_ms;
        if ((await readRevocations(tx, site)).length !== revocations.length) return false;
        if (!over || again.filter((chunk) => chunk.agent === agent).length !== slots.hours) {
          return false;
        }
        const kept = { site, agent, day_ms, version: SERIES_VERSION, ...day.next };
        await tx.keepSeriesDay(kept, rows);
        return true;
      });
    },
  };
}

type Reads = Pick<Store, 'chunkHours' | 'newestSeriesDay'>;

async function nextDay(store: Reads, site: string, agent: string): Promise<number | null> {
  const hours = await store.chunkHours(site, agent);
  if (hours === null) return null;
  const newest = await store.newestSeriesDay(site, agent, SERIES_VERSION);
  const first_ms = hours.first_ms - (hours.first_ms % DAY_MS);
  const day_ms = newest === null ? first_ms : Math.max(first_ms, newest.day_ms + DAY_MS);
  return hours.last_ms >= day_ms + DAY_MS ? day_ms : null;
}

/** All slots of an agent's day by device, and how many hours hold them. */
async function daySlots(
  store: Pick<Store, 'chunks'>,
  site: string,
  agent: string,
  day_ms: number,
): Promise<{ readonly runs: Map<string, SlotRun[]>; readonly hours: number }> {
  const runs = new Map<string, SlotRun[]>();
  const rows = (await store.chunks(site, day_ms, day_ms + DAY_MS)).filter(
    (row) => row.agent === agent,
  );
  for (const { body } of rows) {
    for (const [device, found] of Object.entries(decodeChunk(fromUtf8(body)).runs)) {
      const list = runs.get(device) ?? [];
      runs.set(device, list);
      list.push(...found);
    }
  }
  return { runs, hours: rows.length };
}
