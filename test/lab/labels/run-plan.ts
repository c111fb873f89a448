import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lasts } from '../wait.ts';
import type { FaultLab } from './fault-lab.ts';
import type { MadeFault, PlannedFault } from './labels.ts';
import { agentRuns, makerOf, prepare } from './make-fault.ts';

/** Behind the last fault: recovery, and polls that tell of it. */
const AFTER_MS = 16_000;

/** Timers of the first faults are set so long before. */
const LEAD_MS = 1_000;

/**
 * Makes every fault of a plan that begins at `start_ms` (a whole UTC minute). The plan with its
 * labels is written to `plan.json` before the first one, what was really made to `truth.jsonl`.
 */
export async function runPlan(
  lab: FaultLab,
  plan: readonly PlannedFault[],
  start_ms: number,
): Promise<MadeFault[]> {
  writeFileSync(join(lab.lan.dir, 'plan.json'), `${JSON.stringify(plan, null, 1)}\n`);
  await prepare(lab, plan, start_ms);
  await lasts(start_ms - Date.now() - LEAD_MS);
  const made = await Promise.all(plan.map((fault) => make(lab, fault, start_ms)));
  await lasts(AFTER_MS);
  await agentRuns(lab);
  return made;
}

async function make(lab: FaultLab, plan: PlannedFault, start_ms: number): Promise<MadeFault> {
  await lasts(start_ms + plan.at_ms - Date.now());
  const { begin, end } = makerOf(lab, plan);
  const from_ms = Date.now();
  await begin();
  await lasts(from_ms + plan.for_ms - Date.now());
  await end();
  const made = { plan, from_ms, to_ms: Date.now() };
  const { id, kind, target } = plan;
  const line = JSON.stringify({ id, kind, target, from_ms, to_ms: made.to_ms });
  appendFileSync(join(lab.lan.dir, 'truth.jsonl'), `${line}\n`);
  return made;
}
