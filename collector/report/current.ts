import { STATES } from '../../shared/judge/types.ts';
import { SWITCHED_OFF_KINDS } from '../../shared/measure/codes.ts';
import type { Device } from '../../shared/measure/inventory-types.ts';
import type { CollectorDeps } from '../deps.ts';
import type { CurrentState } from '../judge/read-types.ts';

/**
 * A state, or a display word: `pending` never answered, its time is unknown; `not_measured`:
 * nothing can be said, as of an unmanaged switch that no always-on device stands witness for.
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

/** A device's state with the word that is shown for it; `current` undefined: nothing is said of it. */
export interface Shown {
  readonly device: Device;
  readonly state: ShownState;
  readonly current: CurrentState | undefined;
}

/** The words that are shown for the devices of a whole inventory, by code and in its order. */
export function shownDevices(
  devices: readonly Device[],
  current: ReadonlyMap<string, CurrentState>,
): Map<string, Shown> {
  const steady = new Set(
    devices.flatMap(({ code, kind }) => (SWITCHED_OFF_KINDS.has(kind) ? [] : [code])),
  );
  return new Map(
    devices.map((device) => {
      const own = current.get(device.code);
      const state = wordOf(device, own, steady);
      const never = state === 'unknown' && !hasReplied(device, current);
      const shown = never ? 'pending' : state;
      // Where nothing can be said there is no since and no reason either.
      const known = shown === 'not_measured' ? undefined : own;
      return [device.code, { device, state: shown, current: known }];
    }),
  );
}

function wordOf(
  { reachability, kind, witnesses }: Device,
  current: CurrentState | undefined,
  steady: ReadonlySet<string>,
): ShownState {
  if (reachability === 'none') {
    if (kind !== 'unmanaged-switch' || witnesses.length === 0) return 'not_measured';
    // Computers alone prove that it works, never that it does not (accounting §2).
    if (!witnesses.some((code) => steady.has(code))) {
      return current?.state === 'up' ? 'up' : 'not_measured';
    }
  }
  if (current === undefined || current.reason === 'never_answered') return 'pending';
  return current.state;
}

/** Whether it ever answered; for a switch without a probe its witnesses do. */
function hasReplied(
  { code, reachability, witnesses }: Device,
  current: ReadonlyMap<string, CurrentState>,
): boolean {
  const asked = reachability === 'none' ? witnesses : [code];
  return asked.some((one) => (current.get(one)?.last_reply_ms ?? null) !== null);
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
export function groupComputers(shown: ReadonlyMap<string, Shown>): GroupCount[] {
  const groups = new Map<string, ShownState[]>();
  for (const { device, state } of shown.values()) {
    if (device.kind !== 'pc') continue;
    for (const group of device.groups.length === 0 ? [''] : device.groups) {
      const states = groups.get(group) ?? [];
      states.push(state);
      groups.set(group, states);
    }
  }
  return [...groups].map(([group, states]) => ({
    group,
    total: states.length,
    states: countStates(states),
  }));
}

/** What is shown of the devices of a site now. */
export async function shownNow(
  deps: Pick<CollectorDeps, 'judge'>,
  site: string,
  devices: readonly Device[],
): Promise<Map<string, Shown>> {
  const current = await deps.judge.current(site);
  return shownDevices(devices, new Map(current.map((state) => [state.device, state])));
}
