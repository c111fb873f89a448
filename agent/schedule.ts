import type { SnmpPlan } from './lists/plan.ts';
import { Gate } from './probe/gate.ts';
import { DeviceMemory } from './snmp/device-memory.ts';
import { type Pace, type PollCost, paceAfter, startPace } from './snmp/pace.ts';
import { type DevicePoll, pollDevice } from './snmp/poll.ts';
import { openSession, type SnmpSession } from './snmp/session.ts';
import type { SessionCounts } from './snmp/tally.ts';

/** Devices polled at the same time: one core and a 10 Mb/s uplink stay free. */
export const POLLS_AT_ONCE = 8;
/** Octets and packets of all ports: every five minutes, aligned to UTC (evidence §1). */
const TRAFFIC_MS = 5 * 60_000;
/** Names of devices and ports are read once a day. */
const IDENTITY_MS = 86_400_000;

export interface ScheduleDeps {
  readonly monotonic_ms: () => number;
  readonly utc_ms: () => number;
  /** 0 ≤ x < 1 */
  readonly random: () => number;
  /** Resolves after `ms` or when the signal aborts, whichever is first. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly onPoll: (target: number, poll: DevicePoll, list_version: number) => void;
  readonly onProblem: (plan: SnmpPlan, error: unknown) => void;
  /** From now on this device is polled at another interval, ms; the list's own again at the end. */
  readonly onPace?: (target: number, interval_ms: number) => void;
  /** Opens a session; tests and the demo may give their own. */
  readonly open?: (plan: SnmpPlan) => SnmpSession;
}

interface DeviceState {
  traffic_window: number;
  identity_ms: number;
  /** ifIndexes of the uplinks, once their names were read. */
  uplinks: readonly number[];
  readonly memory: DeviceMemory;
  pace: Pace;
}

/**
 * Polls devices by SNMP on own monotonic ticks, spread over the interval by a random start. A
 * device is never asked while its last poll still runs, and ends its poll before the next tick. One
 * that answers late or seldom is polled at longer intervals until it recovers (snmp/pace.ts).
 */
export class SnmpSchedule {
  readonly #deps: ScheduleDeps;
  readonly #gate = new Gate(POLLS_AT_ONCE);
  #stopping = new AbortController();
  #stopped = false;
  #running: Promise<void>[] = [];
  /** By index; they mean the same devices as long as the list does. */
  #states: { readonly list_version: number; readonly of: Map<number, DeviceState> } = {
    list_version: 0,
    of: new Map(),
  };

  constructor(deps: ScheduleDeps) {
    this.#deps = deps;
  }

  /**
   * Ends the polls of the old list and begins those of a new one at `from_mono_ms`. With the same
   * version only addresses changed: what is known of the devices, their pace too, goes on.
   */
  async apply(
    plans: readonly SnmpPlan[],
    list_version: number,
    from_mono_ms: number,
  ): Promise<void> {
    this.#stopping.abort();
    const stopping = new AbortController();
    this.#stopping = stopping;
    await Promise.allSettled(this.#running);
    // Meanwhile a newer plan, or the end, may have come.
    if (this.#stopped || stopping.signal.aborted) return;
    if (this.#states.list_version !== list_version) this.#states = { list_version, of: new Map() };
    this.#running = plans.map((plan) =>
      this.#device(plan, list_version, from_mono_ms, stopping.signal),
    );
  }

  /** Ends all polls for good. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#stopping.abort();
    await Promise.allSettled(this.#running);
    this.#running = [];
  }

  async #device(
    plan: SnmpPlan,
    list_version: number,
    from_mono_ms: number,
    signal: AbortSignal,
  ): Promise<void> {
    const { monotonic_ms, random, sleep, onPoll, onProblem } = this.#deps;
    const session = this.#open(plan);
    const state = this.#stateOf(plan);
    let due_ms = Math.max(from_mono_ms, monotonic_ms()) + random() * state.pace.interval_ms;
    try {
      while (!signal.aborted) {
        await sleep(Math.max(0, due_ms - monotonic_ms()), signal);
        if (signal.aborted) return;
        try {
          const poll = await this.#gate.run(() => this.#poll(plan, session, state, due_ms, signal));
          if (poll !== undefined) onPoll(plan.index, poll, list_version);
        } catch (error) {
          onProblem(plan, error);
        }
        // Ticks that passed meanwhile are skipped: a slow device is asked less often, not denser.
        const { interval_ms } = state.pace;
        const missed = Math.floor((monotonic_ms() - due_ms) / interval_ms);
        due_ms += (Math.max(0, missed) + 1) * interval_ms;
      }
    } finally {
      session.close();
    }
  }

  #stateOf({ index, interval_ms }: SnmpPlan): DeviceState {
    const known = this.#states.of.get(index);
    if (known !== undefined) return known;
    const state: DeviceState = {
      traffic_window: -1,
      identity_ms: -IDENTITY_MS,
      uplinks: [],
      memory: new DeviceMemory(),
      pace: startPace(interval_ms),
    };
    this.#states.of.set(index, state);
    return state;
  }

  #open(plan: SnmpPlan): SnmpSession {
    const { open, monotonic_ms } = this.#deps;
    return open?.(plan) ?? openSession(plan.target, { now_ms: monotonic_ms });
  }

  async #poll(
    plan: SnmpPlan,
    session: SnmpSession,
    state: DeviceState,
    due_ms: number,
    signal: AbortSignal,
  ): Promise<DevicePoll | undefined> {
    const { monotonic_ms, utc_ms } = this.#deps;
    const left_ms = due_ms + state.pace.interval_ms - monotonic_ms();
    if (left_ms <= 0 || signal.aborted) return undefined;
    const window = Math.floor(utc_ms() / TRAFFIC_MS);
    const identity = monotonic_ms() - state.identity_ms >= IDENTITY_MS;
    const all = window !== state.traffic_window;
    const some = state.uplinks.length > 0 ? state.uplinks : (false as const);
    const wants = {
      status: true,
      traffic: all ? ('all' as const) : some,
      identity,
      memory: state.memory,
    };
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(Math.ceil(left_ms))]);
    const before = session.counts;
    const poll = await pollDevice(session, wants, deadline);
    // Nobody will write it down, so what it brought is asked again.
    if (signal.aborted) return undefined;
    this.#judgePace(plan, state, costOf(before, session.counts));
    if (poll.traffic?.ok === true) state.traffic_window = window;
    // They are found again by name: until then their old numbers may be other ports.
    if (poll.restarted === true) state.uplinks = [];
    if (poll.identity?.ok === true) {
      state.identity_ms = monotonic_ms();
      state.uplinks = uplinksOf(plan.uplinks, poll);
    }
    return poll;
  }

  #judgePace(plan: SnmpPlan, state: DeviceState, cost: PollCost): void {
    const before_ms = state.pace.interval_ms;
    state.pace = paceAfter(state.pace, cost);
    const { interval_ms } = state.pace;
    if (interval_ms !== before_ms) this.#deps.onPace?.(plan.index, interval_ms);
  }
}

function costOf(before: SessionCounts, after: SessionCounts): PollCost {
  return {
    answers: after.answers - before.answers,
    timeouts: after.timeouts - before.timeouts,
    answer_ms: after.answer_ms - before.answer_ms,
  };
}

/** Ports as people name them: ifName, ifDescr or ifIndex. */
function uplinksOf(names: readonly string[], poll: DevicePoll): number[] {
  if (poll.identity?.ok !== true) return [];
  const wanted = new Set(names);
  return [...poll.identity.ports]
    .filter(
      ([index, texts]) =>
        wanted.has(String(index)) ||
        wanted.has(texts.if_name?.text ?? '') ||
        wanted.has(texts.if_descr?.text ?? ''),
    )
    .map(([index]) => index);
}
