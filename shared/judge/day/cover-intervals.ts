import { type Closed, lateReason } from '../closed.ts';
import type { DeviceWindow } from '../lists.ts';
import type { StateInterval } from '../types.ts';

/** A state by the word of one agent: two that had a device never overwrite each other. */
export interface SaidInterval extends StateInterval {
  readonly agent: string;
}

/**
 * The states of each device while it was expected, by its owner's word (windows of a device are
 * disjoint), clipped to [from_ms, end) and without a gap:
 * time that the agent did not close, or that nothing is stored for, is unknown.
 */
export function coverIntervals(ask: {
  readonly stored: readonly SaidInterval[];
  readonly windows: readonly DeviceWindow[];
  readonly closed: Closed;
  readonly from_ms: number;
  readonly end: number;
}): StateInterval[] {
  const byDevice = new Map<string, SaidInterval[]>();
  for (const row of ask.stored) {
    const key = `${row.agent}/${row.device}`;
    const list = byDevice.get(key);
    if (list === undefined) byDevice.set(key, [row]);
    else list.push(row);
  }
  return ask.windows.flatMap((window) =>
    coverWindow(ask, window, byDevice.get(`${window.agent}/${window.device}`) ?? []),
  );
}

function coverWindow(
  ask: { readonly closed: Closed; readonly from_ms: number; readonly end: number },
  window: DeviceWindow,
  stored: readonly SaidInterval[],
): StateInterval[] {
  const { device, agent } = window;
  const from = Math.max(ask.from_ms, window.from_ms);
  const end = Math.min(ask.end, window.to_ms ?? ask.end);
  const known_ms = ask.closed.get(agent)?.ms ?? window.from_ms;
  const out: StateInterval[] = [];
  let at = from;
  const unknown = (to_ms: number): void => {
    if (to_ms <= at) return;
    const reason = lateReason(ask.closed, agent);
    out.push({ device, from_ms: at, to_ms, state: 'unknown', reason, earliest_ms: null });
    at = to_ms;
  };
  for (const row of stored) {
    const to_ms = Math.min(row.to_ms ?? known_ms, end);
    if (to_ms <= at) continue;
    unknown(Math.min(Math.max(row.from_ms, at), end));
    if (row.from_ms >= end) break;
    const { state, reason, earliest_ms } = row;
    out.push({ device, from_ms: at, to_ms, state, reason, earliest_ms });
    at = to_ms;
  }
  unknown(end);
  return out;
}
