import type { FinalInterval } from '../final.ts';
import { clip, type Span, union } from '../spans.ts';
import type { UnknownReason } from '../types.ts';
import { spansOf, type Window } from './device.ts';
import { endOf } from './outages.ts';

/** The states of one device in time, as deviceFigures takes them. */
export interface Track {
  readonly device: string;
  readonly intervals: readonly FinalInterval[];
  readonly windows: readonly Window[];
  readonly known_to_ms: number | null;
  /** Default `not_received`. */
  readonly late_reason?: UnknownReason;
}

/** What holds at a moment, without its bounds in time. */
export type Verdict = Pick<
  FinalInterval,
  'state' | 'reason' | 'incident' | 'cause' | 'confidence' | 'settled'
>;

/** What each track says at a moment, in the order of the tracks; null: not expected then. */
export type Moment = readonly (Verdict | null)[];

/**
 * One timeline of many: `decide` is asked once for every stretch of `over` in which no track
 * changes; equal neighbours join. The stretch that reaches as_of_to_ms stays open. Intervals name
 * `name` as their device. Cost: changes × tracks.
 */
export function sweep(
  name: string,
  tracks: readonly Track[],
  over: readonly Span[],
  as_of_to_ms: number,
  decide: (moment: Moment) => Verdict,
): FinalInterval[] {
  const spans = clip(over, -Infinity, as_of_to_ms);
  const pieces = tracks.map((track) => piecesOf(track, as_of_to_ms));
  const at = pieces.map(() => 0);
  const out: FinalInterval[] = [];
  for (const span of spans) {
    let from_ms = span.from_ms;
    while (from_ms < span.to_ms) {
      let to_ms = span.to_ms;
      const moment = pieces.map((list, track) => {
        let i = at[track] ?? 0;
        while ((list[i]?.to_ms ?? Infinity) <= from_ms) i += 1;
        at[track] = i;
        const piece = list[i];
        if (piece === undefined) return null;
        to_ms = Math.min(to_ms, piece.from_ms > from_ms ? piece.from_ms : piece.to_ms);
        return piece.from_ms > from_ms ? null : piece.says;
      });
      push(out, name, decide(moment), from_ms, to_ms);
      from_ms = to_ms;
    }
  }
  const last = out.at(-1);
  if (last?.to_ms === as_of_to_ms) out[out.length - 1] = { ...last, to_ms: null };
  return out;
}

/** All time in which one of the tracks was expected, open ends included. */
export function expectedOf(tracks: readonly Track[]): Span[] {
  return union(tracks.flatMap((track) => spansOf(track.windows)));
}

interface Piece extends Span {
  readonly says: Verdict;
}

/** The track without a gap inside its windows. */
function piecesOf(track: Track, as_of_to_ms: number): Piece[] {
  const late = unknownFor(track.late_reason ?? 'not_received');
  const out: Piece[] = [];
  let next = 0;
  for (const window of clip(spansOf(track.windows), -Infinity, as_of_to_ms)) {
    let at_ms = window.from_ms;
    for (let i = next; ; i += 1) {
      const interval = track.intervals[i];
      if (interval === undefined || interval.from_ms >= window.to_ms) break;
      const end_ms = endOf(interval, track.known_to_ms);
      if (end_ms <= window.from_ms) {
        if (i === next) next += 1;
        continue;
      }
      const from_ms = Math.max(at_ms, interval.from_ms);
      const to_ms = Math.min(window.to_ms, end_ms);
      if (to_ms <= from_ms) continue;
      if (from_ms > at_ms) out.push({ from_ms: at_ms, to_ms: from_ms, says: late });
      out.push({ from_ms, to_ms, says: interval });
      at_ms = to_ms;
    }
    if (at_ms < window.to_ms) out.push({ from_ms: at_ms, to_ms: window.to_ms, says: late });
  }
  return out;
}

function push(
  out: FinalInterval[],
  device: string,
  verdict: Verdict,
  from_ms: number,
  to_ms: number,
): void {
  const { state, reason, incident, cause, confidence, settled } = verdict;
  const last = out.at(-1);
  if (
    last?.to_ms === from_ms &&
    last.state === state &&
    last.reason === reason &&
    last.incident === incident &&
    last.cause === cause &&
    last.confidence === confidence &&
    last.settled === settled
  ) {
    out[out.length - 1] = { ...last, to_ms };
    return;
  }
  const bounds = { earliest_ms: null, latest_ms: null };
  const what = { state, reason, incident, cause, confidence, settled };
  out.push({ device, from_ms, to_ms, ...bounds, ...what });
}

const PLAIN = { reason: null, incident: null, cause: null, confidence: null, settled: true };

export function plain(state: 'up' | 'off' | 'maintenance'): Verdict {
  return { ...PLAIN, state };
}

export function unknownFor(reason: UnknownReason): Verdict {
  return { ...PLAIN, state: 'unknown', reason };
}

export function isUp(says: Verdict): boolean {
  return says.state === 'up' || says.state === 'degraded';
}

export function isBad(says: Verdict): boolean {
  return says.state === 'down' || says.state === 'unreachable';
}

/** Set aside: planned work, or switched off by people. Neither up, nor down, nor unknown. */
export function isResting(says: Verdict): boolean {
  return says.state === 'maintenance' || says.state === 'off';
}
