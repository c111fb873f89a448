import type { Span } from '../spans.ts';
import { heldAt } from './held.ts';
import type { SiteNode } from './material.ts';
import type { SiteSettings } from './settings.ts';
import type { Plans } from './topology.ts';
import { nodeAt, type Track } from './tracks.ts';
import { judgeUnmanaged, type Tracks } from './witnesses.ts';

/** Time in which a device was the same as far as witnesses go. */
interface Era extends Span {
  readonly node: SiteNode | null;
}

/**
 * A device by its witnesses wherever it was an unmanaged switch, else as it was measured. Cut where
 * it became or ceased to be one, or got other witnesses: what witnesses say of one time they do
 * not say of another.
 */
export function unmanagedOf(
  track: Track,
  plans: Plans,
  tracks: Tracks,
  settings: SiteSettings,
): Track {
  const eras = erasOf(track);
  if (eras.every(({ node }) => node?.kind !== 'unmanaged-switch')) return track;
  const parts = eras.map((era, k): Track => {
    const part = partOf(track, era, k === 0);
    const at_ms = era.to_ms - 1;
    // The newest plan that holds it: one that no longer does knows nothing of its place.
    const plan = plans.at(heldAt(track.nodes, at_ms)?.from_ms ?? at_ms);
    if (era.node?.kind !== 'unmanaged-switch' || plan === null) return part;
    return judgeUnmanaged(part, era.node, plan, tracks, settings, at_ms);
  });
  return {
    ...track,
    interval_ms: Math.max(...parts.map((part) => part.interval_ms)),
    base: parts.flatMap((part) => part.base),
    silences: parts.flatMap((part) => part.silences),
    up: parts.flatMap((part) => part.up),
  };
}

function erasOf(track: Track): Era[] {
  const begin_ms = track.base[0]?.from_ms ?? 0;
  const end_ms = track.base.at(-1)?.to_ms ?? 0;
  const starts = track.nodes
    .map(({ from_ms }) => from_ms)
    .filter((from_ms) => from_ms > begin_ms && from_ms < end_ms);
  const out: Era[] = [];
  for (const from_ms of begin_ms < end_ms ? [begin_ms, ...starts] : []) {
    const last = out.at(-1);
    const node = nodeAt(track, from_ms);
    if (last === undefined) out.push({ from_ms, to_ms: end_ms, node });
    else if (roleOf(last.node) !== roleOf(node)) {
      out[out.length - 1] = { ...last, to_ms: from_ms };
      out.push({ from_ms, to_ms: end_ms, node });
    }
  }
  return out;
}

/** As far as witnesses go. */
function roleOf(node: SiteNode | null): string {
  return node?.kind === 'unmanaged-switch' ? JSON.stringify([...node.witnesses].sort()) : '';
}

/** The track in one era; only the first one goes on from before the window. */
function partOf(track: Track, era: Era, isFirst: boolean): Track {
  const inside = <T extends Span & { readonly open: boolean }>(list: readonly T[]): T[] =>
    list
      .filter((one) => one.to_ms > era.from_ms && one.from_ms < era.to_ms)
      .map((one) => ({
        ...one,
        from_ms: isFirst ? one.from_ms : Math.max(one.from_ms, era.from_ms),
        to_ms: Math.min(one.to_ms, era.to_ms),
        open: one.open && one.to_ms <= era.to_ms,
      }));
  const { carry } = track.material;
  return {
    ...track,
    base: inside(track.base),
    silences: inside(track.silences),
    up: track.up
      .filter(
        (one) =>
          one.to_ms > (isFirst ? Number.NEGATIVE_INFINITY : era.from_ms) && one.from_ms < era.to_ms,
      )
      .map((one) => ({
        from_ms: isFirst ? one.from_ms : Math.max(one.from_ms, era.from_ms),
        to_ms: Math.min(one.to_ms, era.to_ms),
      })),
    material: { ...track.material, carry: isFirst ? carry : null },
  };
}
