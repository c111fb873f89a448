import { asOf } from './as-of.ts';
import { isLater } from './owners.ts';
import type { AgentState, DeviceState, JudgeState } from './state.ts';

/** What each agent of a site closed, and whether later batches wait for a synchronised clock. */
export type Closed = ReadonlyMap<string, { readonly ms: number | null; readonly pending: boolean }>;

export function closedOf({ agents }: JudgeState): Closed {
  return new Map(
    Object.values(agents).map((agent) => [
      agent.agent,
      { ms: agent.closed_ms, pending: agent.pending.length > 0 },
    ]),
  );
}

/** Why time that the agent did not close is unknown. */
export function lateReason(closed: Closed, agent: string): 'clock_pending' | 'not_received' {
  return closed.get(agent)?.pending === true ? 'clock_pending' : 'not_received';
}

/** Every device with the agent that has it now, by device code. */
export function ownedNow({ agents }: JudgeState): Map<string, [AgentState, DeviceState]> {
  const owned = new Map<string, [AgentState, DeviceState]>();
  for (const agent of Object.values(agents)) {
    for (const device of agent.devices) {
      if (device === null) continue;
      const known = owned.get(device.device);
      const began = { agent: agent.agent, from_ms: device.from_ms };
      if (known !== undefined) {
        const [{ agent: other }, { from_ms }] = known;
        if (!isLater(began, { agent: other, from_ms })) continue;
      }
      owned.set(device.device, [agent, device]);
    }
  }
  return owned;
}

/** End of what figures of a site may speak of: `as_of.to_ms` at `at_ms`. */
export function knownTo(state: JudgeState, closed: Closed, at_ms: number): number {
  const owners = new Set([...ownedNow(state).values()].map(([{ agent }]) => agent));
  const closed_to_ms = [...owners].map((agent) => closed.get(agent)?.ms ?? null);
  return asOf({ at_ms, closed_to_ms });
}
