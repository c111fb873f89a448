import { hostEvidence, openRestart, type Said, tell } from './evidence.ts';
import type { CountersState, ScalarsState } from './state.ts';
import { drift, TICK_MS, TICKS_WRAP, TOLERANCE_MS } from './ticks.ts';
import type { PlacedReading, RestartEvidence } from './types.ts';

/** A quartz that is 1 ‰ wrong is broken; over long silences it would look like a restart. */
const DRIFT = 0.001;
/** Devices that keep answers for a moment say an older sysUpTime; none restarts that fast, ms. */
const JITTER_MS = 2_000;
/** Whole seconds of some devices, and an offset of the agent's clock that moved a little, ms. */
const BOUND_MS = 1_000;

interface Clock {
  readonly at_ms: number;
  readonly response_ms: number;
  readonly ticks: number;
}

type Verdict = 'ran_on' | 'wrapped' | 'ahead' | 'frozen' | 'uptime_fell' | 'uptime_behind';

function verdictOf(before: Clock, now: Clock): Verdict {
  const elapsed_ms = now.at_ms - before.at_ms;
  const slack_ms = Math.max(before.response_ms, now.response_ms);
  const off_ms = drift(before.ticks, now.ticks, elapsed_ms);
  const tolerance_ms = TOLERANCE_MS + slack_ms + elapsed_ms * DRIFT;
  const near = Math.abs(off_ms) <= tolerance_ms;
  if (now.ticks < before.ticks) {
    const due = before.ticks + (elapsed_ms + tolerance_ms) / TICK_MS >= TICKS_WRAP;
    if (near && due) return 'wrapped';
    return Math.abs(off_ms) <= JITTER_MS + slack_ms && elapsed_ms <= JITTER_MS + slack_ms
      ? 'ran_on'
      : 'uptime_fell';
  }
  // What began after the reading before, plainly began anew, however short the time was.
  const began_ms = now.at_ms - now.ticks * TICK_MS;
  const stands = now.ticks === before.ticks && (now.ticks === 0 || !near);
  if (stands && elapsed_ms > JITTER_MS + slack_ms) return 'frozen';
  if (began_ms > before.at_ms + before.response_ms + BOUND_MS) return 'uptime_behind';
  if (near) return 'ran_on';
  // A whole turn in a silence of 497 days cannot be told from a restart: `near` says it ran on.
  return off_ms < 0 ? 'uptime_behind' : 'ahead';
}

/**
 * Takes the clocks of a reading in: a restart or a wrap since the reading before, and what the
 * scalars tell of the newest one. A new epoch begins wherever counters may have begun anew.
 * True where sysUpTime proves the epoch of this reading.
 */
export function feedClocks(state: CountersState, reading: PlacedReading, said: Said): boolean {
  const { at_ms, response_ms, sys_uptime_ticks: ticks } = reading;
  let sure = false;
  const before = state.clock;
  if (ticks !== null) {
    const now = { at_ms, response_ms, ticks };
    state.clock = now;
    sure = ticks > 0;
    if (before !== null) sure = judge(state, before, now, said) && sure;
  }
  feedScalars(state, reading, sure, said);
  return sure;
}

/** False where the clock proves nothing. */
function judge(state: CountersState, before: Clock, now: Clock, said: Said): boolean {
  const verdict = verdictOf(before, now);
  if (verdict === 'ran_on') return true;
  if (verdict === 'frozen') return false;
  if (verdict === 'ahead') {
    // Another device, or another clock: no restart, but no run of its counters either.
    newEpoch(state, 'discontinuity');
    state.open = null;
    return true;
  }
  const evidence: RestartEvidence = verdict === 'wrapped' ? 'uptime_wrapped' : verdict;
  const kind = verdict === 'wrapped' ? 'wrap' : 'restart';
  const restart = {
    kind,
    seen_ms: now.at_ms,
    last_ms: before.at_ms,
    ...bounds(before, now),
    evidence: [evidence],
  } as const;
  if (kind === 'wrap') {
    tell(said, restart);
    state.wrapped_ms = now.at_ms;
    return true;
  }
  newEpoch(state, 'reboot');
  openRestart(state, restart, said);
  return true;
}

function newEpoch(state: CountersState, why: CountersState['broken']): void {
  state.epoch += 1;
  state.broken = why;
}

/** When uptime was zero, by the new uptime itself, but never outside of the two readings. */
function bounds(before: Clock, now: Clock): { earliest_ms: number; latest_ms: number } {
  const uptime_ms = now.ticks * TICK_MS;
  const end_ms = now.at_ms + now.response_ms;
  const slack_ms = BOUND_MS + Math.ceil(uptime_ms * DRIFT);
  const earliest_ms = Math.max(before.at_ms, now.at_ms - uptime_ms - slack_ms);
  const latest_ms = Math.min(end_ms, end_ms - uptime_ms + slack_ms);
  if (earliest_ms <= latest_ms) return { earliest_ms, latest_ms };
  return { earliest_ms: before.at_ms, latest_ms: end_ms };
}

function feedScalars(
  state: CountersState,
  reading: PlacedReading,
  sure: boolean,
  said: Said,
): void {
  const { at_ms, scalars } = reading;
  if (scalars === null) return;
  const before = state.scalars;
  const now = scalars === 'ran_on' ? runOn(before, at_ms) : scalarsOf(at_ms, scalars);
  if (now === null) return;
  state.scalars = now;
  if (hostEvidence(state, now, scalars !== 'ran_on', said)) return;
  if (before === null || scalars === 'ran_on') return;
  const end_ms = at_ms + reading.response_ms;
  const span = { seen_ms: at_ms, last_ms: before.at_ms, earliest_ms: before.at_ms };
  const grew = before.boots !== null && now.boots !== null && now.boots > before.boots;
  if (sure) {
    // Only the SNMP engine counts a new start; a device that ran on did not begin anew.
    if (grew) {
      const evidence = ['uptime_ran_on', 'boots_grew'] as const;
      tell(said, { kind: 'agent_restart', ...span, latest_ms: end_ms, evidence });
    }
    return;
  }
  const host_fell = fell(before, now);
  if (!grew && !host_fell) return;
  newEpoch(state, 'reboot');
  const evidence: RestartEvidence[] = [];
  if (grew) evidence.push('boots_grew');
  if (host_fell) evidence.push('host_uptime_fell');
  tell(said, { kind: host_fell ? 'reboot' : 'restart', ...span, latest_ms: end_ms, evidence });
}

/** hrSystemUptime fell, and not because it wrapped, which it does as sysUpTime does. */
function fell(before: ScalarsState, now: ScalarsState): boolean {
  if (before.host_ticks === null || now.host_ticks === null) return false;
  if (now.host_ticks >= before.host_ticks) return false;
  const elapsed_ms = now.at_ms - before.at_ms;
  const off_ms = drift(before.host_ticks, now.host_ticks, elapsed_ms);
  return Math.abs(off_ms) > TOLERANCE_MS + elapsed_ms * DRIFT;
}

function scalarsOf(
  at_ms: number,
  scalars: Readonly<Record<string, number | string>>,
): ScalarsState {
  const read = (name: string): number | null => {
    const value = Number(scalars[name] ?? Number.NaN);
    return Number.isSafeInteger(value) && value >= 0 ? value : null;
  };
  return {
    at_ms,
    boots: read('snmpEngineBoots'),
    engine_s: read('snmpEngineTime'),
    host_ticks: read('hrSystemUptime'),
  };
}

function runOn(before: ScalarsState | null, at_ms: number): ScalarsState | null {
  if (before === null) return null;
  const elapsed_ms = at_ms - before.at_ms;
  const { boots, engine_s, host_ticks } = before;
  return {
    at_ms,
    boots,
    engine_s: engine_s === null ? null : engine_s + Math.round(elapsed_ms / 1_000),
    host_ticks:
      host_ticks === null ? null : (host_ticks + Math.round(elapsed_ms / TICK_MS)) % TICKS_WRAP,
  };
}
