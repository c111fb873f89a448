import assert from 'node:assert/strict';
import type { FaultRecord } from './faults.ts';
import { INTERVAL_MS, TIMEOUT_MS } from './inventory.ts';
import type { Period, ToldSlot } from './session.ts';
import type { TruthSlot } from './truth.ts';

/** Consecutive lost slots that make an outage, and that are surely one (accounting §2). */
const OUTAGE_SLOTS_MIN = 3;
/** How far an edge may lie from the fault: one interval, the timeout and a logged send lag. */
export const EDGE_MS = INTERVAL_MS + TIMEOUT_MS + 100;

/** Classes that say nothing about a device. */
export const UNKNOWN: ReadonlySet<string> = new Set([
  'not_sent',
  'agent_link_down',
  'agent_off',
  'not_received',
  'dropped',
  'vantage_isolated',
  'clock_pending',
  'clock_invalid',
]);

/** A difference between what was told and what the wire saw. */
export interface Difference {
  readonly from: string;
  readonly told: string;
  readonly wire: string;
}

/** Whether the wire says that the device was asked and did not answer. */
export const isLost = ({ sent, answered, arp }: TruthSlot): boolean =>
  sent > 0 ? answered < sent : arp > 0;

/**
 * Compares each slot with the wire: answered is `r`, asked for and silent is `n`, nothing asked is
 * unknown. Empty when they agree. Within `unknown_ok` (the agent was deaf, or lost its memory)
 * everything may be unknown as well; nowhere may it be anything else.
 */
export function differences(
  told: readonly ToldSlot[],
  truth: readonly TruthSlot[],
  unknown_ok: readonly Period[] = [],
): Difference[] {
  assert.equal(told.length, truth.length, 'slots cover the period without a gap');
  return truth.flatMap((slot, k) => {
    const said = told[k];
    const excused = unknown_ok.some((p) => slot.from_ms >= p.from_ms && slot.from_ms < p.to_ms);
    if (said?.from_ms === slot.from_ms && fits(said, slot, excused)) return [];
    const from = new Date(slot.from_ms).toISOString();
    const wire = `${slot.answered} of ${slot.sent}, ${slot.arp} ARP`;
    return [{ from, told: `${said?.class} ${said?.code}`, wire }];
  });
}

function fits(said: ToldSlot, slot: TruthSlot, excused: boolean): boolean {
  const asked = slot.sent > 0 || slot.arp > 0;
  if (UNKNOWN.has(said.class)) return excused || !asked;
  if (!asked) return false;
  return isLost(slot)
    ? said.class === 'no_reply' && said.code === 'n'
    : said.class === 'reply' && said.code === 'r';
}

/** The time around a fault in which `unknown` is excused: an edge before, `after_ms` behind it. */
export const around = (fault: FaultRecord, before_ms = EDGE_MS, after_ms = EDGE_MS): Period => ({
  from_ms: fault.from_ms - before_ms,
  to_ms: fault.to_ms + after_ms,
});

/** Runs of at least `slots_min` consecutive slots that `bad` says are bad. */
export function runsOf<S extends { readonly from_ms: number }>(
  slots: readonly S[],
  interval_ms: number,
  bad: (slot: S) => boolean,
  slots_min = OUTAGE_SLOTS_MIN,
): Period[] {
  const runs: Period[] = [];
  let start: number | null = null;
  const end_ms = (slots.at(-1)?.from_ms ?? 0) + interval_ms;
  const close = (to_ms: number): void => {
    if (start !== null && to_ms - start >= slots_min * interval_ms) {
      runs.push({ from_ms: start, to_ms });
    }
    start = null;
  };
  for (const slot of slots) {
    if (!bad(slot)) close(slot.from_ms);
    else if (start === null) start = slot.from_ms;
  }
  close(end_ms);
  return runs;
}

/** Outages as the wire saw them: asked, and three times in a row without an answer. */
export const wireOutages = (truth: readonly TruthSlot[], interval_ms = INTERVAL_MS): Period[] =>
  runsOf(truth, interval_ms, isLost);

/** Outages as the product tells them. */
export const toldOutages = (told: readonly ToldSlot[], interval_ms = INTERVAL_MS): Period[] =>
  runsOf(told, interval_ms, (slot) => slot.class === 'no_reply');

/** The told run that belongs to the fault: its edges must lie within the budget. */
export function assertEdges(runs: readonly Period[], fault: FaultRecord, what: string): void {
  const near = runs.filter(
    (run) => run.from_ms < fault.to_ms + EDGE_MS && run.to_ms > fault.from_ms - EDGE_MS,
  );
  const shown = JSON.stringify({ near, fault });
  assert.equal(near.length, 1, `${what} is told once: ${shown}`);
  const [run] = near;
  assert.ok(run !== undefined);
  assert.ok(Math.abs(run.from_ms - fault.from_ms) <= EDGE_MS, `${what} begins: ${shown}`);
  assert.ok(Math.abs(run.to_ms - fault.to_ms) <= EDGE_MS, `${what} ends: ${shown}`);
}

/** Length of periods together, ms. */
export const total_ms = (periods: readonly Period[]): number =>
  periods.reduce((sum, { from_ms, to_ms }) => sum + to_ms - from_ms, 0);

export const within = (slots: readonly ToldSlot[], period: Period): ToldSlot[] =>
  slots.filter(({ from_ms }) => from_ms >= period.from_ms && from_ms + INTERVAL_MS <= period.to_ms);
