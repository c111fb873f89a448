import { fromUtf8 } from '../../shared/bytes.ts';
import { decodeChunk } from '../../shared/judge/chunk.ts';
import { decodeSums } from '../../shared/judge/day/sums.ts';
import { SERIES_VERSION } from '../../shared/judge/series/types.ts';
import { RULES_VERSION } from '../../shared/judge/types.ts';
import { unpackCarry, unpackDay } from '../judge/day/row.ts';
import type { DayStoreRow } from '../store/rows-judgement.ts';
import type { JudgementReads } from '../store/store-judgement.ts';
import type { SeriesReads } from '../store/store-series.ts';
import type { ComparedRow } from './compare.ts';

/** Every time that a row can tell of. */
export const ALL_TIME = { from_ms: 0, to_ms: Number.MAX_SAFE_INTEGER } as const;

/** States, windows, facts and faults of a site: few rows, read at once. */
export async function sparseRows(store: JudgementReads, site: string): Promise<ComparedRow[]> {
  const { from_ms, to_ms } = ALL_TIME;
  const rows: ComparedRow[] = [];
  for (const row of await store.intervals(site, from_ms, to_ms)) {
    const { device, agent, state, reason, earliest_ms } = row;
    const place = { table: 'interval', who: device, at_ms: row.from_ms, more: agent };
    rows.push({ ...place, cells: { to_ms: row.to_ms, state, reason, earliest_ms } });
  }
  for (const row of await store.windows(site)) {
    const { device, agent, interval_ms } = row;
    const place = { table: 'expected', who: device, at_ms: row.from_ms, more: agent };
    rows.push({ ...place, cells: { to_ms: row.to_ms, interval_ms } });
  }
  for (const { key, ...row } of await store.seen(site, from_ms, to_ms)) {
    const cells = readable(() => ({ seen: JSON.parse(row.body) as unknown }));
    // The time may be what differs: the key alone says which row it is.
    const place = { table: 'seen', who: key, at_ms: null };
    rows.push({ ...place, cells: { from_ms: row.from_ms, to_ms: row.to_ms, ...cells } });
  }
  for (const { log, leaf, code } of await store.judgeFaults(site)) {
    const place = { table: 'judge_fault', who: `log ${log} leaf ${leaf}`, at_ms: null };
    rows.push({ ...place, cells: { code } });
  }
  return rows;
}

/** Slots of the UTC hours that begin in [from_ms, to_ms), one row per agent and hour. */
export async function chunkRows(
  store: JudgementReads,
  site: string,
  from_ms: number,
  to_ms: number,
): Promise<ComparedRow[]> {
  const chunks = await store.chunks(site, from_ms, to_ms);
  return chunks
    .filter(({ hour_ms }) => hour_ms >= from_ms)
    .map(({ agent, hour_ms, body }) => {
      const cells = readable(() => ({ ...decodeChunk(fromUtf8(body)) }));
      return { table: 'chunk', who: agent, at_ms: hour_ms, cells };
    });
}

/** A whole day. How far the ledger was when it was judged is no part of what it says. */
export function dayRow(row: DayStoreRow): ComparedRow {
  const { day_ms, end_ms, later_word } = row;
  const cells = readable(() => {
    const { intervals, incidents, findings } = unpackDay(row);
    return {
      ...{ end_ms, later_word, intervals, incidents, findings, carry: unpackCarry(row) },
      ...{ sums_all: decodeSums(row.sums_all), sums_working: decodeSums(row.sums_working) },
    };
  });
  return { table: 'day', who: '', at_ms: day_ms, cells };
}

/** A damaged row must be named, not end the check. */
function readable(read: () => Record<string, unknown>): Record<string, unknown> {
  try {
    return read();
  } catch (error) {
    return { unreadable: error instanceof Error ? error.message : String(error) };
  }
}

/** Days that these rules say; one of other rules is judged again before it is read. */
export function isOfTheseRules({ rules }: DayStoreRow): boolean {
  return rules === RULES_VERSION;
}

/** Which UTC days of which agent are kept for charts. */
export async function seriesKeptRows(store: SeriesReads, site: string): Promise<ComparedRow[]> {
  const kept = await store.seriesKept(site, ALL_TIME.from_ms, ALL_TIME.to_ms);
  return kept
    .filter(({ version }) => version === SERIES_VERSION)
    .map(({ agent, day_ms, version }) => {
      return { table: 'series_kept', who: agent, at_ms: day_ms, cells: { version } };
    });
}

/** The kept history of one device, as packed: a day is made again byte for byte. */
export async function seriesRows(
  store: SeriesReads,
  site: string,
  device: string,
): Promise<ComparedRow[]> {
  const days = await store.seriesDays(site, device, ALL_TIME.from_ms, ALL_TIME.to_ms);
  return days.map(({ agent, day_ms, body }) => {
    return { table: 'series_day', who: device, at_ms: day_ms, more: agent, cells: { body } };
  });
}
