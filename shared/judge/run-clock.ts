import type { BatchHeader } from '../measure/batch.ts';
import { nextOffset } from '../measure/clock.ts';
import { giveUp } from './pending.ts';
import type { AgentState } from './state.ts';

/** Follows runs and boots, and their one offset. */
export function useClock(
  agent: AgentState,
  header: BatchHeader,
): { offset_ms: number; synchronised: boolean } {
  const before = agent.run;
  if (before?.boot !== header.boot) giveUp(agent);
  let run = before;
  if (run === null || run.id !== header.run || run.boot !== header.boot) {
    // With a hole or worse before it, "no batch" would be a guess: the known reason stays.
    if (agent.gap === null) agent.gap = 'agent_off';
    run = { id: header.run, boot: header.boot, offset_ms: null, synchronised: false };
    agent.run = run;
  }
  const { offset_ms, synchronised } = run;
  const known = offset_ms === null ? null : { offset_ms, synchronised };
  const next = nextOffset(known, header.clock);
  if (next !== null) {
    run.offset_ms = next.offset_ms;
    run.synchronised = next.synchronised;
  }
  return { offset_ms: run.offset_ms ?? 0, synchronised: run.synchronised };
}
