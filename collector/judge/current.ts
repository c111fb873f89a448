import { ownedNow } from '../../shared/judge/closed.ts';
import type { FinalInterval } from '../../shared/judge/final.ts';
import type { AgentState, DeviceState } from '../../shared/judge/state.ts';
import type { SiteNow, SitePlan } from './day/now.ts';
import type { CurrentState } from './read-types.ts';
import type { SiteJudge } from './site-judge.ts';

interface Moment {
  readonly at_ms: number;
  readonly late_ms: number;
}

const NO_CAUSE = { cause: null, confidence: null, incident: null } as const;

/** What is known of every judged device of a site now, by code. `now` null: the site is calm. */
export function currentStates(
  held: SiteJudge,
  plan: SitePlan,
  now: SiteNow | null,
  moment: Moment,
): CurrentState[] {
  const out = new Map<string, CurrentState>();
  for (const [agent, device] of ownedNow(held.state).values()) {
    const base = currentOf(held, agent, device, moment);
    out.set(base.device, now === null ? base : judgedOf(base, plan, now));
  }
  for (const one of plan.unmanaged) {
    const agent = held.state.agents[one.agent];
    if (agent === undefined || out.has(one.code)) continue;
    out.set(one.code, unmanagedOf(agent, one, out, now, moment));
  }
  return [...out.values()].sort((a, b) => (a.device < b.device ? -1 : 1));
}

/** What the slots alone say; unknown when the agent is late by more than `late_ms`. */
function currentOf(
  held: SiteJudge,
  agent: AgentState,
  device: DeviceState,
  moment: Moment,
): CurrentState {
  const said = device.said.findLast(({ reason }) => reason !== 'short_run');
  const { shown } = device;
  const common = {
    ...NO_CAUSE,
    device: device.device,
    agent: agent.agent,
    ...ageOf(agent, moment),
    last_reply_ms: device.machine.last_reply_ms,
    rtt_us: held.rtt_us.get(device.device) ?? null,
  };
  const { closed_to_ms } = common;
  if (isLate(common, moment)) {
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

/** The judged state stands, but slots that came after it are newer. */
function judgedOf(base: CurrentState, plan: SitePlan, now: SiteNow): CurrentState {
  const final = now.finals.get(base.device);
  const fresh = base.since_ms !== null && base.since_ms >= now.to_ms;
  if (fresh || base.state === 'unknown') {
    // Silence of what people switch off is off until something speaks against it.
    const state = base.state === 'down' && plan.endpoints.has(base.device) ? 'off' : base.state;
    const why = base.state === 'unknown' && final?.state === 'unknown' ? causeOf(final) : NO_CAUSE;
    return { ...base, ...why, state };
  }
  // That nothing was received was so when it was judged; the slots know better now.
  const owed = final?.reason === 'not_received' || final?.reason === 'clock_pending';
  return final === undefined || owed ? base : { ...base, ...shownOf(final) };
}

/** A switch without a probe: as it was judged, or up while anything behind it is. */
function unmanagedOf(
  agent: AgentState,
  { code, witnesses }: SitePlan['unmanaged'][number],
  states: ReadonlyMap<string, CurrentState>,
  now: SiteNow | null,
  moment: Moment,
): CurrentState {
  const common = {
    ...NO_CAUSE,
    device: code,
    agent: agent.agent,
    ...ageOf(agent, moment),
    last_reply_ms: null,
    rtt_us: null,
  };
  if (isLate(common, moment)) {
    const { closed_to_ms } = common;
    return { ...common, state: 'unknown', reason: 'not_received', since_ms: closed_to_ms };
  }
  const final = now?.finals.get(code);
  if (final !== undefined) return { ...common, ...shownOf(final) };
  const up = witnesses.flatMap((witness) => {
    const found = states.get(witness);
    return found?.state === 'up' && found.since_ms !== null ? [found.since_ms] : [];
  });
  if (up.length === 0) {
    const known = witnesses.flatMap((witness) => states.get(witness) ?? []);
    const first = known.find(({ reason }) => reason !== null && reason !== 'never_answered');
    const { reason = 'never_answered' as const, since_ms = null } = first ?? {};
    return { ...common, state: 'unknown', reason, since_ms };
  }
  return { ...common, state: 'up', reason: null, since_ms: Math.min(...up) };
}

function shownOf(final: FinalInterval) {
  const { state, reason, from_ms } = final;
  return { state, reason, since_ms: from_ms, ...causeOf(final) };
}

function causeOf({ cause, confidence, incident }: FinalInterval) {
  return { cause, confidence, incident };
}

function ageOf({ closed_ms }: AgentState, { at_ms }: Moment) {
  return { closed_to_ms: closed_ms, age_ms: closed_ms === null ? null : at_ms - closed_ms };
}

function isLate({ age_ms }: { readonly age_ms: number | null }, { late_ms }: Moment): boolean {
  return age_ms === null || age_ms > late_ms;
}
