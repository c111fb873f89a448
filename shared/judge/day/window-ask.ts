import { type DeviceKind, SWITCHED_OFF_KINDS } from '../../measure/codes.ts';
import type { SlotChunk } from '../chunk.ts';
import { type Closed, lateReason } from '../closed.ts';
import { coverSlots } from '../cover.ts';
import type { DeviceWindow } from '../lists.ts';
import type { SeenRow } from '../observe/types.ts';
import type { SlotRun, StateInterval } from '../types.ts';
import { coverIntervals, type SaidInterval } from './cover-intervals.ts';
import { documentsUntil } from './documents-until.ts';
import { referencesOf } from './topology.ts';
import type { SiteCarry, SiteDocuments, WindowAsk } from './types.ts';

const HOUR_MS = 3_600_000;
/** As WindowAsk wants them before its begin. */
const STATES_BEFORE_MS = 2 * HOUR_MS;
const RUNS_BEFORE_MS = 70 * 60_000;
export const SEEN_BEFORE_MS = 24 * HOUR_MS;
const VOTES_BEFORE_MS = 25 * HOUR_MS;

export interface WindowBounds {
  readonly from_ms: number;
  /** End of what is known. */
  readonly to_ms: number;
}

/** What is known of a site, of all time. */
export interface WindowKnown {
  readonly site: string;
  /** Own windows. */
  readonly windows: readonly DeviceWindow[];
  readonly closed: Closed;
  readonly documents: SiteDocuments;
  readonly sha256: (text: string) => string;
}

/** Spans of rows that {@link windowAsk} is made of. */
export interface WindowReach {
  /** Base states that touch it. */
  readonly states: WindowBounds;
  /** Hours of slots that touch it. */
  readonly chunks: WindowBounds;
  /** Facts that touch it, and all papers that were ever seen. */
  readonly seen: WindowBounds;
}

/** Rows of level 1 over a reach; more of them change nothing. */
export interface WindowRows {
  readonly states: readonly SaidInterval[];
  /** One chunk of each agent and hour. */
  readonly chunks: readonly SlotChunk[];
  readonly seen: readonly SeenRow[];
}

/** Which rows the question about a window needs. */
export function windowReach(
  known: Pick<WindowKnown, 'documents'>,
  bounds: WindowBounds,
): WindowReach {
  const { from_ms, to_ms } = bounds;
  const isVoted = referencesOf(documentsUntil(known.documents, to_ms)).length > 0;
  const before_ms = isVoted ? VOTES_BEFORE_MS : STATES_BEFORE_MS;
  return {
    states: { from_ms: from_ms - before_ms, to_ms },
    chunks: { from_ms: from_ms - RUNS_BEFORE_MS, to_ms },
    seen: { from_ms: from_ms - SEEN_BEFORE_MS, to_ms },
  };
}

/**
 * What a window is judged from. Nothing in it says what came after `to_ms`: a day judged in time
 * and the same day judged a year later ask the same.
 */
export function windowAsk(
  all: WindowKnown,
  bounds: WindowBounds,
  carry: SiteCarry | null,
  rows: WindowRows,
): WindowAsk {
  const { from_ms, to_ms } = bounds;
  const documents = documentsUntil(all.documents, to_ms);
  const closed = closedUntil(all.closed, to_ms);
  const windows = windowsUntil(all.windows, from_ms - VOTES_BEFORE_MS, to_ms);
  const known = { windows, closed, documents };
  const references = new Set(referencesOf(documents).map(({ device }) => device));
  const votes = rows.states.filter(({ device }) => references.has(device));
  const voters = windows.filter(({ device }) => references.has(device));
  const since_ms = from_ms - STATES_BEFORE_MS;
  return {
    site: all.site,
    from_ms,
    to_ms,
    carry,
    states: covered(rows.states, known, since_ms, to_ms),
    windows: windowsUntil(windows, since_ms, to_ms),
    runs: lostRuns(known, rows.chunks, from_ms - RUNS_BEFORE_MS, to_ms),
    seen: rows.seen,
    references: covered(votes, { closed, windows: voters }, from_ms - VOTES_BEFORE_MS, to_ms),
    documents,
    sha256: all.sha256,
  };
}

/** Gap-free states of the owners, the first one of each window whole; what goes on has no end. */
function covered(
  stored: readonly SaidInterval[],
  { windows, closed }: Pick<WindowKnown, 'windows' | 'closed'>,
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
function lostRuns(
  { windows, closed, documents }: Pick<WindowKnown, 'windows' | 'closed' | 'documents'>,
  chunks: readonly SlotChunk[],
  from_ms: number,
  to_ms: number,
): SlotRun[] {
  const endpoints = endpointsOf(documents, to_ms);
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
