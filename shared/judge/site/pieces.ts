import type { SiteSettings } from './settings.ts';
import type { Plan, Plans } from './topology.ts';
import type { Silence, Track } from './tracks.ts';
import { isEndpointAt, nearSpans, slack } from './tracks.ts';
import type { Tracks } from './witnesses.ts';

/** Part of a silence, as one thing: shadowed by a root, its own fault, or switched off. */
export interface Piece {
  readonly device: string;
  readonly silence: Silence;
  readonly from_ms: number;
  readonly to_ms: number;
  readonly open: boolean;
  readonly state: 'down' | 'unreachable' | 'off';
  /** The silence of the root that hides it; null: it is its own root. */
  readonly root: Silence | null;
  /** Its root came back just before: it belongs to that incident still. */
  readonly after: Silence | null;
  /** Nothing is known about where it hangs. */
  readonly unplaced: boolean;
  /** An endpoint that is down only because something always-on fell with it. */
  readonly follows: boolean;
}

/** What shadows a silence, part by part; `root` null where nothing does. */
export interface Shadow {
  readonly from_ms: number;
  readonly to_ms: number;
  readonly root: Silence | null;
}

/**
 * Cuts a silence where its root changes (accounting §4). The root is the first silent node on every
 * path from the agent; a node that begins to be silent within two slots counts as silent already,
 * and one slot grid later the device itself may come back.
 */
export function shadowsOf(silence: Silence, plans: Plans, tracks: Tracks): Shadow[] {
  const out: Shadow[] = [];
  let from_ms = silence.piece_ms;
  while (from_ms < silence.to_ms) {
    const look_ms = Math.max(from_ms, silence.look_ms);
    const held = from_ms === silence.piece_ms ? heldRoot(silence, look_ms, tracks) : null;
    const root = held ?? (silence.own ? null : rootAt(silence, look_ms, plans.at(look_ms), tracks));
    if (root === null) break;
    const slack_ms = slack(silence.interval_ms, root.interval_ms);
    const whole = silence.to_ms <= root.to_ms + slack_ms;
    const to_ms = whole ? silence.to_ms : root.to_ms;
    out.push({ from_ms, to_ms, root });
    from_ms = to_ms;
  }
  if (from_ms < silence.to_ms) out.push({ from_ms, to_ms: silence.to_ms, root: null });
  return out;
}

/** The root that hid it before the window, while it goes on to. */
function heldRoot(silence: Silence, at_ms: number, tracks: Tracks): Silence | null {
  const track = silence.hint === null ? undefined : tracks.get(silence.hint);
  if (track === undefined) return null;
  const slack_ms = slack(silence.interval_ms, track.interval_ms);
  const found = track.silences.findLast((root) => root.from_ms <= at_ms + slack_ms);
  if (found === undefined) return null;
  return found.to_ms > at_ms || silence.to_ms <= found.to_ms + slack_ms ? found : null;
}

function rootAt(
  silence: Silence,
  at_ms: number,
  plan: Plan | null,
  tracks: Tracks,
): Silence | null {
  for (const code of plan?.above(silence.device) ?? []) {
    const track = tracks.get(code);
    if (track === undefined) continue;
    const ahead_ms = slack(silence.interval_ms, track.interval_ms);
    // Only what fell before the device came back can have hidden it.
    const until_ms = Math.min(at_ms + ahead_ms + 1, silence.to_ms);
    const found = nearSpans(track.silences, at_ms, until_ms)[0];
    // People switch endpoints off: they are never the root of others.
    if (found !== undefined && !isEndpointAt(track, found.from_ms)) return found;
  }
  return null;
}

/** Pieces of something that is always on: unreachable behind its root, down by itself. */
export function piecesOf(
  track: Track,
  plans: Plans,
  tracks: Tracks,
  settings: SiteSettings,
): Piece[] {
  return track.silences.flatMap((silence): Piece[] => {
    if (isEndpointAt(track, silence.from_ms)) return [];
    let before: Silence | null = null;
    return shadowsOf(silence, plans, tracks).map((part): Piece => {
      const joins =
        part.root === null && before !== null && part.to_ms - before.to_ms <= settings.recover_ms;
      const piece: Piece = {
        ...pieceOf(silence, part),
        state: part.root === null ? 'down' : 'unreachable',
        after: joins ? before : null,
        unplaced: isUnplaced(silence, plans),
      };
      before = part.root ?? before;
      return piece;
    });
  });
}

export function isUnplaced(silence: Silence, plans: Plans): boolean {
  return (plans.at(silence.from_ms)?.above(silence.device) ?? null) === null;
}

export function pieceOf(silence: Silence, part: Shadow): Omit<Piece, 'state' | 'unplaced'> {
  return {
    device: silence.device,
    silence,
    from_ms: part.from_ms,
    to_ms: part.to_ms,
    open: silence.open && part.to_ms === silence.to_ms,
    root: part.root,
    after: null,
    follows: false,
  };
}
