import type { Reference } from '../site/material.ts';
import type { StateInterval } from '../types.ts';
import { referencesOf } from './topology.ts';
import type { SiteDocuments } from './types.ts';

/** A reference votes by what it answered so long before. */
const VOTE_MS = 24 * 3_600_000;
/** It votes if it answered at least 95 % of the known time (accounting §4), in whole percent. */
const VOTE_PERCENT = 95;

/**
 * The upstream targets that may prove a WAN outage. Who may vote is asked for the 24 h before each
 * incident: afterwards a long outage would take the vote from those that saw it.
 */
export function votersOf(
  documents: Pick<SiteDocuments, 'versions'>,
  states: readonly StateInterval[],
): Reference[] {
  const byDevice = new Map<string, StateInterval[]>();
  for (const state of states) {
    const list = byDevice.get(state.device) ?? [];
    list.push(state);
    byDevice.set(state.device, list);
  }
  return referencesOf(documents).map(({ device, operator }) => {
    const own = byDevice.get(device) ?? [];
    return { device, operator, may_vote: (at_ms) => mayVote(own, at_ms) };
  });
}

/** Nothing known: it may not vote. */
function mayVote(states: readonly StateInterval[], at_ms: number): boolean {
  let up_ms = 0;
  let known_ms = 0;
  for (const { from_ms, to_ms, state } of states) {
    if (state === 'unknown') continue;
    const part_ms = Math.min(to_ms ?? at_ms, at_ms) - Math.max(from_ms, at_ms - VOTE_MS);
    if (part_ms <= 0) continue;
    known_ms += part_ms;
    if (state === 'up' || state === 'degraded') up_ms += part_ms;
  }
  return known_ms > 0 && up_ms * 100 >= known_ms * VOTE_PERCENT;
}
