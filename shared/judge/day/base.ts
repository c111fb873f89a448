import type { DeviceWindow } from '../lists.ts';
import type { BaseInterval } from '../site/material.ts';
import { clip, type Span, subtract, union } from '../spans.ts';
import type { StateInterval } from '../types.ts';
import type { WindowAsk } from './types.ts';

/** Base states, open at the window's end where they go on, unknown where nothing was said. */
export function probedBase(
  ask: WindowAsk,
  windows: readonly DeviceWindow[],
  states: readonly StateInterval[],
  from_ms: number,
): BaseInterval[] {
  const { to_ms } = ask;
  const expected = union(
    windows.map((one) => ({ from_ms: one.from_ms, to_ms: one.to_ms ?? Number.POSITIVE_INFINITY })),
  );
  const isProbed = windows.some(({ interval_ms }) => interval_ms !== null);
  const sorted = isProbed ? [...states].sort((a, b) => a.from_ms - b.from_ms) : [];
  const base: BaseInterval[] = [];
  for (const [k, state] of sorted.entries()) {
    if (state.from_ms >= to_ms) break;
    const end_ms = state.to_ms ?? knownTo(ask, windows);
    if (end_ms <= state.from_ms) continue;
    const next = sorted[k + 1];
    const adjoins = next !== undefined && next.from_ms === end_ms && stateOf(next) === 'up';
    base.push(baseOf(state, end_ms < to_ms ? end_ms : null, adjoins ? next.earliest_ms : null));
  }
  const said = base.map((one) => ({ from_ms: one.from_ms, to_ms: one.to_ms ?? to_ms }));
  const reason = isProbed ? 'not_received' : 'never_answered';
  for (const gap of subtract(clip(expected, from_ms, to_ms), union(said))) {
    const goesOn = gap.to_ms === to_ms && (expected.at(-1)?.to_ms ?? 0) > to_ms;
    base.push({ ...NOTHING, from_ms: gap.from_ms, to_ms: goesOn ? null : gap.to_ms, reason });
  }
  return base.sort((a, b) => a.from_ms - b.from_ms);
}

const NOTHING = {
  state: 'unknown',
  earliest_ms: null,
  latest_ms: null,
  around: null,
} as const;

/** To where an open state is known to last; infinite where nobody says. */
function knownTo(ask: WindowAsk, windows: readonly DeviceWindow[]): number {
  const last = [...windows].sort((a, b) => a.from_ms - b.from_ms).at(-1);
  const known = last === undefined ? undefined : ask.known_to_ms?.get(last.agent);
  if (known === undefined) return Number.POSITIVE_INFINITY;
  return known ?? Number.NEGATIVE_INFINITY;
}

function stateOf({ state }: StateInterval): BaseInterval['state'] {
  if (state === 'up' || state === 'degraded') return 'up';
  return state === 'unknown' || state === 'maintenance' ? 'unknown' : 'silent';
}

function baseOf(
  state: StateInterval,
  to_ms: number | null,
  latest_ms: number | null,
): BaseInterval {
  const what = stateOf(state);
  const isSilent = what === 'silent';
  return {
    from_ms: state.from_ms,
    to_ms,
    state: what,
    reason: what === 'unknown' ? (state.reason ?? 'not_received') : null,
    earliest_ms: isSilent ? state.earliest_ms : null,
    latest_ms: isSilent && to_ms !== null ? latest_ms : null,
    around: null,
  };
}

/** The same with an end in numbers. */
export function closed(
  base: readonly BaseInterval[],
  to_ms: number,
): (Span & Pick<BaseInterval, 'state' | 'reason'>)[] {
  return base.map((one) => ({ ...one, to_ms: one.to_ms ?? to_ms }));
}
