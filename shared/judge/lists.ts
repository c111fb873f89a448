import type { SeriesProbe } from '../measure/codes.ts';
import { slotIntervalMs, type TargetList } from '../measure/targets.ts';
import { hourOf } from './chunk.ts';
import { FUTURE_MAX_MS } from './place.ts';
import {
  type AgentState,
  type DeviceState,
  type KeptList,
  type KeptTarget,
  LISTS_KEPT,
} from './state.ts';
import { createMachine, feed } from './states.ts';
import type { StateInterval } from './types.ts';

export const MINUTE_MS = 60_000;
/** A list holds at most this long before it was issued: agent and collector differ by no more. */
const ISSUED_EARLY_MAX_MS = 24 * 60 * MINUTE_MS;

/** When a device was expected: from the minute a list with it held to the one it no longer did. */
export interface DeviceWindow {
  readonly device: string;
  readonly agent: string;
  readonly from_ms: number;
  /** Null: still expected. */
  readonly to_ms: number | null;
  /** Slot grid; null: nothing can be probed. */
  readonly interval_ms: number | null;
}

/** What changes with a list. Windows overwrite by (device, agent, from_ms). */
export interface ListSaid {
  readonly windows: DeviceWindow[];
  readonly states: StateInterval[];
}

/** What says from which minute a list holds. */
export interface ListMoment {
  /** Placed send time of the first tick under it; counts where no minute was signed. */
  readonly first_ms: number;
  readonly recv_ms: number;
  /** UTC ms of list_applied, if it was signed. */
  readonly applied_ms: number | null;
}

/** Remembers a list that was given to the agent; the oldest gives way beyond LISTS_KEPT. */
export function keepList(agent: AgentState, hash: string, list: TargetList): void {
  if (agent.lists.some((kept) => kept.hash === hash)) return;
  const targets: KeptTarget[] = list.targets.map((target) => ({
    device: target.code,
    own: target.own,
    probe: target.reachability,
    interval_ms: slotIntervalMs(target),
  }));
  agent.lists.push({ version: list.version, hash, issued_ms: list.issued_ms, targets });
  if (agent.lists.length > LISTS_KEPT) agent.lists.shift();
}

/** The list that a header names, if the agent was given it and it is not older than in force. */
export function findList(
  agent: AgentState,
  named: { readonly version: number; readonly hash: string },
): KeptList | 'in_force' | null {
  if (agent.list?.hash === named.hash) return 'in_force';
  const kept = agent.lists.find((list) => list.hash === named.hash);
  if (kept === undefined || kept.version !== named.version) return null;
  return agent.list === null || kept.version > agent.list.version ? kept : null;
}

/**
 * Says of the targets of a list whether a probe (its check 0) carries their state. Of a list that
 * the agent was never given nothing is known: nothing is sorted out then.
 */
export function carriersOf(
  agent: AgentState,
  named: { readonly version: number; readonly hash: string },
): (target: number, probe: SeriesProbe) => boolean {
  const list = findList(agent, named);
  if (list === null) return () => true;
  if (list === 'in_force') return (target, probe) => agent.devices[target]?.probe === probe;
  return (target, probe) => list.targets[target]?.probe === probe;
}

/**
 * Puts a list in force from the UTC minute that the agent signed. No slot that was classified
 * under the old list changes: an earlier minute counts as the next whole one.
 */
export function applyList(
  agent: AgentState,
  kept: KeptList,
  when: ListMoment,
  out: ListSaid,
): void {
  const apply_ms = applyMinute(agent, kept, when);
  agent.closed_ms ??= apply_ms;
  agent.hour_ms ??= hourOf(apply_ms);
  const before = new Map<string, DeviceState>();
  for (const device of agent.leaving) before.set(device.device, device);
  for (const device of agent.devices) if (device !== null) before.set(device.device, device);
  const unprobed = new Map(agent.unprobed.map((entry) => [entry.device, entry]));
  const stay = new Set<DeviceState>();
  agent.unprobed = [];
  const current = kept.targets.map((target) => {
    if (!target.own) return null;
    if (target.interval_ms === null) {
      const known = unprobed.get(target.device);
      agent.unprobed.push(known ?? { device: target.device, from_ms: apply_ms });
      if (known === undefined) sayUnprobed(agent, target.device, apply_ms, null, out);
      unprobed.delete(target.device);
      return null;
    }
    const old = before.get(target.device);
    if (old !== undefined && old.until_ms === null && sameProbe(old, target)) {
      stay.add(old);
      return old;
    }
    return addDevice(agent, target, target.interval_ms, apply_ms, old, out);
  });
  for (const entry of unprobed.values()) {
    sayUnprobed(agent, entry.device, entry.from_ms, apply_ms, out);
  }
  for (const device of agent.devices) {
    if (device === null || stay.has(device)) continue;
    device.until_ms = apply_ms;
    agent.leaving.push(device);
    out.windows.push(windowOf(agent, device));
  }
  agent.devices = current;
  agent.list = { version: kept.version, hash: kept.hash, from_ms: apply_ms };
  agent.lists = agent.lists.filter((list) => list.version > kept.version);
  if (agent.applied !== null && agent.applied.version <= kept.version) agent.applied = null;
}

function applyMinute(agent: AgentState, kept: KeptList, when: ListMoment): number {
  let apply_ms = floorMinute(when.applied_ms ?? when.first_ms);
  if (apply_ms > when.recv_ms + FUTURE_MAX_MS) apply_ms = floorMinute(when.recv_ms);
  if (agent.closed_ms !== null) {
    if (apply_ms < agent.closed_ms) apply_ms = -floorMinute(-agent.closed_ms);
    return Math.max(apply_ms, agent.list?.from_ms ?? apply_ms);
  }
  // A clock that stands in 1970 must not open decades of gaps.
  return Math.max(apply_ms, floorMinute(kept.issued_ms) - ISSUED_EARLY_MAX_MS);
}

export function floorMinute(ms: number): number {
  return Math.floor(ms / MINUTE_MS) * MINUTE_MS;
}

function sameProbe(device: DeviceState, target: KeptTarget): boolean {
  return device.probe === target.probe && device.interval_ms === target.interval_ms;
}

function addDevice(
  agent: AgentState,
  target: KeptTarget,
  interval_ms: number,
  from_ms: number,
  old: DeviceState | undefined,
  out: ListSaid,
): DeviceState {
  const oldEnd_ms =
    old === undefined
      ? 0
      : Math.ceil((old.until_ms ?? from_ms) / old.interval_ms) * old.interval_ms;
  const next = Math.max(Math.floor(from_ms / interval_ms), Math.ceil(oldEnd_ms / interval_ms));
  // Another interval is still the same device; one that comes back later starts as unknown.
  const last_reply_ms = old?.until_ms === null ? old.machine.last_reply_ms : null;
  const device: DeviceState = {
    device: target.device,
    probe: target.probe,
    interval_ms,
    from_ms,
    until_ms: null,
    next,
    done: next,
    items: [],
    answered_at_gap: false,
    lost_in_gap: false,
    answered_last: false,
    machine: { ...createMachine(), last_reply_ms },
    said: [],
    shown: null,
    runs: [],
  };
  if (next * interval_ms > from_ms) {
    // A new, longer grid begins a little later: that time is nobody's slot and stays unknown.
    const none = { first_sent_ms: 0, last_sent_ms: 0 };
    feed(device.machine, { class: 'not_sent', from_ms, slots: 1, ...none }, []);
  }
  out.windows.push(windowOf(agent, device));
  return device;
}

function windowOf(agent: AgentState, device: DeviceState): DeviceWindow {
  const { from_ms, until_ms, interval_ms } = device;
  return { device: device.device, agent: agent.agent, from_ms, to_ms: until_ms, interval_ms };
}

function sayUnprobed(
  agent: AgentState,
  device: string,
  from_ms: number,
  to_ms: number | null,
  out: ListSaid,
): void {
  out.windows.push({ device, agent: agent.agent, from_ms, to_ms, interval_ms: null });
  const [state, reason] = ['unknown', 'never_answered'] as const;
  out.states.push({ device, from_ms, to_ms, state, reason, earliest_ms: null });
}
