import type { AgentState, DeviceState } from '../../shared/judge/state.ts';
import type { CurrentState } from './read-types.ts';
import type { SiteJudge } from './site-judge.ts';

/** What is known of a device now; unknown when its agent is late by more than `late_ms`. */
export function currentOf(
  held: SiteJudge,
  agent: AgentState,
  device: DeviceState,
  now: { readonly at_ms: number; readonly late_ms: number },
): CurrentState {
  const closed_to_ms = agent.closed_ms;
  const age_ms = closed_to_ms === null ? null : now.at_ms - closed_to_ms;
  const late = age_ms === null || age_ms > now.late_ms;
  const said = device.said.findLast(({ reason }) => reason !== 'short_run');
  const { shown } = device;
  const common = {
    device: device.device,
    agent: agent.agent,
    closed_to_ms,
    age_ms,
    last_reply_ms: device.machine.last_reply_ms,
    rtt_us: held.rtt_us.get(device.device) ?? null,
  };
  if (late) {
    const reason = agent.pending.length > 0 ? 'clock_pending' : 'not_received';
    return { ...common, state: 'unknown', reason, since_ms: closed_to_ms };
  }
  if (shown?.reason === 'clock_pending') {
    return { ...common, state: 'unknown', reason: 'clock_pending', since_ms: closed_to_ms };
  }
  if (said === undefined) {
    return { ...common, state: 'unknown', reason: 'never_answered', since_ms: null };
  }
  return { ...common, state: said.state, reason: said.reason, since_ms: said.from_ms };
}
