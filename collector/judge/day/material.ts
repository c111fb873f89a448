import { fromUtf8 } from '../../../shared/bytes.ts';
import { decodeChunk } from '../../../shared/judge/chunk.ts';
import { coverSlots } from '../../../shared/judge/cover.ts';
import { referencesOf } from '../../../shared/judge/day/topology.ts';
import type { SiteCarry, SiteDocuments, WindowAsk } from '../../../shared/judge/day/types.ts';
import { openChunks } from '../../../shared/judge/judge.ts';
import type { DeviceWindow } from '../../../shared/judge/lists.ts';
import type { Seen, SeenRow } from '../../../shared/judge/observe/types.ts';
import type { SlotRun, StateInterval } from '../../../shared/judge/types.ts';
import { type DeviceKind, SWITCHED_OFF_KINDS } from '../../../shared/measure/codes.ts';
import type { IntervalRow, SeenStoreRow } from '../../store/rows-judgement.ts';
import type { JudgementReads } from '../../store/store-judgement.ts';
import { type Closed, lateReason } from '../closed.ts';
import { coverIntervals } from '../cover-intervals.ts';
import { newestOfEachHour } from '../read-slots.ts';
import type { SiteJudge } from '../site-judge.ts';
import { documentsUntil } from './documents.ts';

const HOUR_MS = 3_600_000;
/** As WindowAsk wants them before its begin. */
const STATES_BEFORE_MS = 2 * HOUR_MS;
const RUNS_BEFORE_MS = 70 * 60_000;
const SEEN_BEFORE_MS = 24 * HOUR_MS;
const VOTES_BEFORE_MS = 25 * HOUR_MS;
/** Key of rows that say when a paper was first seen: they count however long ago they were. */
const PAPER_SEEN = 'document_seen';

export interface WindowBounds {
  readonly from_ms: number;
  /** End of what is known. */
  readonly to_ms: number;
}

interface MaterialSource {
  readonly store: Pick<JudgementReads, 'intervals' | 'chunks' | 'seen'>;
  readonly judge: SiteJudge;
  /** Own windows of the site, of all time. */
  readonly windows: readonly DeviceWindow[];
  readonly closed: Closed;
  readonly documents: SiteDocuments;
  readonly sha256: (text: string) => string;
}

/**
 * What a window is judged from. Nothing in it says what came after `to_ms`: a day judged in time
 * and the same day judged a year later read the same.
 */
export async function readWindow(
  source: MaterialSource,
  bounds: WindowBounds,
  carry: SiteCarry | null,
): Promise<WindowAsk> {
  const { store, judge } = source;
  const { from_ms, to_ms } = bounds;
  const { site } = judge;
  const documents = documentsUntil(source.documents, to_ms);
  const closed = closedUntil(source.closed, to_ms);
  const windows = windowsUntil(source.windows, from_ms - VOTES_BEFORE_MS, to_ms);
  const known = { ...source, closed, windows, documents };
  const references = new Set(referencesOf(documents).map(({ device }) => device));
  const before_ms = references.size === 0 ? STATES_BEFORE_MS : VOTES_BEFORE_MS;
  const stored = await store.intervals(site, from_ms - before_ms, to_ms);
  const votes = stored.filter(({ device }) => references.has(device));
  const voters = windows.filter(({ device }) => references.has(device));
  const seen = await store.seen(site, from_ms - SEEN_BEFORE_MS, to_ms, PAPER_SEEN);
  const since_ms = from_ms - STATES_BEFORE_MS;
  return {
    site,
    from_ms,
    to_ms,
    carry,
    states: covered(stored, known, since_ms, to_ms),
    windows: windowsUntil(windows, since_ms, to_ms),
    runs: await readRuns(known, from_ms - RUNS_BEFORE_MS, to_ms),
    seen: seen.map(toSeen),
    references: covered(votes, { closed, windows: voters }, from_ms - VOTES_BEFORE_MS, to_ms),
    documents,
    sha256: source.sha256,
  };
}

/** Gap-free states of the owners, the first one of each window whole; what goes on has no end. */
function covered(
  stored: readonly IntervalRow[],
  { windows, closed }: Pick<MaterialSource, 'windows' | 'closed'>,
  from_ms: number,
  to_ms: number,
): StateInterval[] {
  const byOwner = Map.groupBy(stored, ({ agent, device }) => `${agent}/${device}`);
  return windows.flatMap((window) => {
    const { agent, device } = window;
    const rows = byOwner.get(`${agent}/${device}`) ?? [];
    const ask = { stored: rows, windows: [window], closed, from_ms, end: to_ms };
    return coverIntervals(ask).map((interval) => {
      const goesOn = interval.to_ms !== null && interval.to_ms >= to_ms;
      const shown = goesOn ? { ...interval, to_ms: null } : interval;
      if (interval.from_ms !== from_ms) return shown;
      const known_ms = closed.get(agent)?.ms ?? window.from_ms;
      const over = rows.find((row) => row.from_ms < from_ms && (row.to_ms ?? to_ms) > from_ms);
      const start_ms = known_ms <= from_ms ? known_ms : over?.from_ms;
      if (start_ms === undefined) return shown;
      return { ...shown, from_ms: Math.min(from_ms, Math.max(start_ms, window.from_ms)) };
    });
  });
}

/**
 * Slots of the devices that lost any: the others' are all answered, or say nothing. To endpoints an
 * answered ARP request is a reply (accounting §1), and many of them never answer anything else.
 */
async function readRuns(source: MaterialSource, from_ms: number, to_ms: number) {
  const { store, judge, windows, closed, documents } = source;
  const endpoints = endpointsOf(documents, to_ms);
  const rows = await store.chunks(judge.site, from_ms, to_ms);
  const stored = rows.map(({ body }) => decodeChunk(fromUtf8(body)));
  const open = openChunks(judge.state).filter(
    ({ hour_ms }) => hour_ms < to_ms && hour_ms + HOUR_MS > from_ms,
  );
  const chunks = newestOfEachHour([...stored, ...open]);
  const lost = new Set<string>();
  for (const { runs } of chunks) {
    for (const [device, list] of Object.entries(runs)) {
      const arp = !endpoints.has(device);
      if (list.some((run) => isLost(run.class, arp))) lost.add(device);
    }
  }
  const out: SlotRun[] = [];
  const byDevice = Map.groupBy(windows, ({ device }) => device);
  for (const device of [...lost].sort()) {
    const own = byDevice.get(device) ?? [];
    const late = lateReason(closed, own.at(-1)?.agent ?? '');
    out.push(...coverSlots({ device, chunks, windows: own, from_ms, to_ms, late }));
  }
  return out;
}

function isLost(name: SlotRun['class'], arp_is_lost: boolean): boolean {
  return name === 'no_reply' || (arp_is_lost && name === 'arp_only');
}

/** What people switch off, in all plans that a window which ends at `to_ms` is judged by. */
function endpointsOf({ versions }: SiteDocuments, to_ms: number): ReadonlySet<string> {
  const known = versions.filter(({ from_ms }, k) => k === 0 || from_ms <= to_ms);
  const devices = known.flatMap(({ document }) => document.devices);
  const isEndpoint = (kind: DeviceKind) => SWITCHED_OFF_KINDS.has(kind);
  // What was anything else before may have lost slots then.
  const others = new Set(devices.filter(({ kind }) => !isEndpoint(kind)).map(({ code }) => code));
  const endpoints = devices.filter(({ kind, code }) => isEndpoint(kind) && !others.has(code));
  return new Set(endpoints.map(({ code }) => code));
}

function windowsUntil(
  windows: readonly DeviceWindow[],
  from_ms: number,
  to_ms: number,
): DeviceWindow[] {
  return windows.flatMap((window) => {
    const end_ms = window.to_ms !== null && window.to_ms >= to_ms ? null : window.to_ms;
    const touches = window.from_ms < to_ms && (end_ms === null || end_ms > from_ms);
    return touches ? [{ ...window, to_ms: end_ms }] : [];
  });
}

function closedUntil(closed: Closed, to_ms: number): Closed {
  return new Map(
    [...closed].map(([agent, { ms, pending }]) => [
      agent,
      { ms: ms === null ? null : Math.min(ms, to_ms), pending },
    ]),
  );
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
