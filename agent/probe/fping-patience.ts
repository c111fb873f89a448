import { type FpingPlan, longestTimeout } from './fping-run.ts';

/** A verdict that is this late after the last time-out of its tick will not come. */
const GRACE_MS = 1000;
/** fping sends packets further apart than its `-i` says (measured: 1.1–1.33 ms for 1 ms). */
export const GAP_SLACK = 1.5;

/** Lines of ticks that lie further ahead are bursts after a step of the clock. */
export const EARLY_MS = 150;

/** How long after its nominal send time a tick may wait for verdicts, ms. */
export function tickPatience(plan: FpingPlan): number {
  const spread_ms = (plan.targets.length + 1) * plan.gap_ms * GAP_SLACK;
  return longestTimeout(plan.targets) + spread_ms + GRACE_MS;
}

/** How long a process may say nothing before it counts as hung, ms; the canary always speaks. */
export function silencePatience(plan: FpingPlan): number {
  return 2 * plan.interval_ms + longestTimeout(plan.targets) + GRACE_MS;
}
