import { ownWindows } from '../../shared/judge/owners.ts';
import type { AsOf } from '../../shared/judge/period/judged.ts';
import { decodeMinutes, decodeTrack, partOf } from '../../shared/judge/series/day-chunk.ts';
import { slotMinutes } from '../../shared/judge/series/loss-minutes.ts';
import {
  type Grid,
  lossPoints,
  type Piece,
  ratePoints,
  rttPoints,
} from '../../shared/judge/series/points.ts';
import {
  type CounterTrack,
  DAY_MS,
  type DeviceMinutes,
  isPortMetric,
  MINUTE_MS,
  SERIES_VERSION,
  type SeriesMetric,
} from '../../shared/judge/series/types.ts';
import type { JudgeReader } from '../judge/read-types.ts';
import type { ReadUnit } from '../store/store.ts';
import { RECEIVE_SLACK_MS } from './agent-day.ts';
import { createHeldDays } from './held-days.ts';
import { unpackPart } from './pack.ts';

/**
 * Days of one request that are read from their batches, the newest first: the running one, the one
 * before until its last hour is judged, and one more. A day costs about half a second.
 */
export const DIRECT_DAYS_MAX = 3;

export interface SeriesAsk extends Grid {
  readonly site: string;
  readonly device: string;
  readonly metric: SeriesMetric;
  /** ifIndex; only counters need it. */
  readonly port: number;
  /** A slot answered to ARP only is a lost one. */
  readonly arp_is_lost: boolean;
}

export interface SeriesAnswer {
  /** One value a point; null: nothing is known. */
  readonly columns: Readonly<Record<string, (number | null)[]>>;
  /** Days (of one agent) that are not made yet: their points are null for now. */
  readonly pending_days: number;
  readonly as_of: AsOf;
}

export interface SeriesReader {
  read(ask: SeriesAsk): Promise<SeriesAnswer>;
}

export interface SeriesReaderOptions {
  readonly store: ReadUnit;
  readonly judge: Pick<JudgeReader, 'slots'>;
  /** This site is looked at and has days that are not made. */
  readonly wanted: (site: string) => void;
}

/** A part of a UTC day in which a device was one agent's. */
interface Span {
  readonly agent: string;
  readonly day_ms: number;
  readonly from_ms: number;
  readonly to_ms: number;
}

/** Reads history: kept days from their packed rows, the others from the ledger's batches. */
export function createSeriesReader(options: SeriesReaderOptions): SeriesReader {
  const { store, judge } = options;
  const held = createHeldDays(store);

  const direct = async (ask: SeriesAsk, { agent, day_ms }: Span): Promise<Known> => {
    const { site, device, metric, port } = ask;
    if (isPortMetric(metric)) {
      const wanted = { round_trips: false, counters: { device } };
      return held.read(site, agent, day_ms, wanted, (builder) => ({
        minutes: NOTHING,
        track: builder.device(device, null, NO_MINUTES).ports.get(port)?.get(metric) ?? null,
      }));
    }
    // The whole day, as it would be kept: slots of minutes reach over the edges of a period.
    const { runs } = await judge.slots(site, device, day_ms, day_ms + DAY_MS);
    const { loss, answered } = slotMinutes(
      runs.filter((run) => run.agent === agent),
      day_ms,
    );
    if (metric === 'loss') return { minutes: { rtt: null, loss }, track: null };
    return held.read(site, agent, day_ms, ROUND_TRIPS, (builder) => ({
      minutes: builder.device(device, loss, answered),
      track: null,
    }));
  };

  return {
    async read(ask) {
      const { site, device, from_ms, to_ms } = ask;
      const newest = Math.max(from_ms, to_ms - MINUTE_MS);
      const { as_of } = await judge.slots(site, device, newest, to_ms);
      const windows = ownWindows(await store.windows(site, device));
      const spans = spansOf(windows, from_ms, Math.min(to_ms, as_of.to_ms));
      const first_ms = from_ms - (from_ms % DAY_MS);
      const kept = new Set<string>();
      for (const row of await store.seriesKept(site, first_ms, to_ms)) {
        if (row.version === SERIES_VERSION) kept.add(`${row.agent}/${row.day_ms}`);
      }
      const rows = new Map<string, Uint8Array>();
      for (const row of await store.seriesDays(site, device, first_ms, to_ms)) {
        rows.set(`${row.agent}/${row.day_ms}`, row.body);
      }
      const seen_ms = new Map<string, number>();
      for (const row of await store.agents(site)) seen_ms.set(row.agent, row.last_seen_ms ?? 0);
      const pieces: Piece<Known>[] = [];
      let asked = 0;
      let pending_days = 0;
      for (const span of spans.toReversed()) {
        const key = `${span.agent}/${span.day_ms}`;
        const { day_ms } = span;
        if (kept.has(key)) {
          pieces.push({ ...span, known: unpacked(ask, rows.get(key), day_ms) });
        } else if ((seen_ms.get(span.agent) ?? 0) + RECEIVE_SLACK_MS < day_ms) {
          // Nothing has come of the agent since before the day: there is nothing to read.
        } else if (asked < DIRECT_DAYS_MAX) {
          asked += 1;
          pieces.push({ ...span, known: await direct(ask, span) });
        } else pending_days += 1;
      }
      if (pending_days > 0) options.wanted(site);
      return { columns: columnsOf(ask, pieces.reverse()), pending_days, as_of };
    },
  };
}

interface Known {
  readonly minutes: DeviceMinutes;
  readonly track: CounterTrack | null;
}

const NO_MINUTES = new Uint8Array(0);
const ROUND_TRIPS = { round_trips: true, counters: 'none' } as const;
const NOTHING: DeviceMinutes = { rtt: null, loss: null };

function unpacked(ask: SeriesAsk, body: Uint8Array | undefined, day_ms: number): Known {
  if (body === undefined) return { minutes: NOTHING, track: null };
  const { metric, port } = ask;
  if (!isPortMetric(metric)) {
    return { minutes: decodeMinutes(unpackPart(body, 0)), track: null };
  }
  const index = unpackPart(body, 1);
  if (index.length === 0) return { minutes: NOTHING, track: null };
  const track = decodeTrack(index, unpackPart(body, partOf(metric)), day_ms, port, metric);
  return { minutes: NOTHING, track };
}

/** Ascending; windows are disjoint and ascending. */
function spansOf(
  windows: readonly { agent: string; from_ms: number; to_ms: number | null }[],
  from_ms: number,
  to_ms: number,
): Span[] {
  const spans: Span[] = [];
  for (const window of windows) {
    const end = Math.min(to_ms, window.to_ms ?? to_ms);
    for (let at = Math.max(from_ms, window.from_ms); at < end; ) {
      const day_ms = at - (at % DAY_MS);
      const next = Math.min(end, day_ms + DAY_MS);
      spans.push({ agent: window.agent, day_ms, from_ms: at, to_ms: next });
      at = next;
    }
  }
  return spans;
}

function columnsOf(ask: SeriesAsk, pieces: readonly Piece<Known>[]): SeriesAnswer['columns'] {
  const of = <T>(pick: (known: Known) => T): Piece<T>[] =>
    pieces.map((piece) => ({ ...piece, known: pick(piece.known) }));
  switch (ask.metric) {
    case 'rtt':
      return rttPoints(
        of(({ minutes }) => minutes),
        ask,
      );
    case 'loss':
      return lossPoints(
        of(({ minutes }) => minutes),
        ask,
        ask.arp_is_lost,
      );
    default:
      return ratePoints(
        of(({ track }) => track),
        ask,
      );
  }
}
