import { STATES } from '../../shared/judge/types.ts';
import type { Device } from '../../shared/measure/inventory-types.ts';
import type { CollectorDeps } from '../deps.ts';
import type { CurrentState } from '../judge/read-types.ts';

/**
 * A state, or a display word: `pending` never answered, its time is unknown; `not_measured` cannot
 * be asked at all, as an unmanaged switch.
 */
export const SHOWN_STATES = [...STATES, 'pending', 'not_measured'] as const;
export type ShownState = (typeof SHOWN_STATES)[number];

/** Computers of one group by state; those without a group stand under the empty name. */
export interface GroupCount {
  readonly group: string;
  readonly total: number;
  readonly states: CountsByState;
}

/** Worst first: what a tile shows for a whole site. Off is people's own doing. */
const WORST_FIRST: readonly ShownState[] = [
  'down',
  'unreachable',
  'degraded',
  'unknown',
  'pending',
  'maintenance',
  'up',
  'off',
  'not_measured',
];

export type CountsByState = Record<ShownState, number>;

/** The word that is shown for a device. */
export function shownState(
  { reachability }: Pick<Device, 'reachability'>,
  current: CurrentState | undefined,
): ShownState {
  if (reachability === 'none') return 'not_measured';
  if (current === undefined || current.reason === 'never_answered') return 'pending';
  return current.state === 'unknown' && current.last_reply_ms === null ? 'pending' : current.state;
}

export function countStates(states: Iterable<ShownState>): CountsByState {
  const counts = Object.fromEntries(SHOWN_STATES.map((state) => [state, 0])) as CountsByState;
  for (const state of states) counts[state] += 1;
  return counts;
}

export function worstState(counts: CountsByState): ShownState {
  return WORST_FIRST.find((state) => counts[state] > 0) ?? 'pending';
}

/** Computers by group and state; one that is in two groups counts in both. */
export function groupComputers(
  devices: readonly Device[],
  current: ReadonlyMap<string, CurrentState>,
): GroupCount[] {
  const groups = new Map<string, ShownState[]>();
  for (const device of devices) {
    if (device.kind !== 'pc') continue;
    for (const group of device.groups.length === 0 ? [''] : device.groups) {
      const states = groups.get(group) ?? [];
      states.push(shownState(device, current.get(device.code)));
      groups.set(group, states);
    }
  }
  return [...groups].map(([group, states]) => ({
    group,
    total: states.length,
    states: countStates(states),
  }));
}

/** Current states by device code. */
export async function currentStates(
  deps: Pick<CollectorDeps, 'judge'>,
  site: string,
): Promise<Map<string, CurrentState>> {
  return new Map((await deps.judge.current(site)).map((state) => [state.device, state]));
}
