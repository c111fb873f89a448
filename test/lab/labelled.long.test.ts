import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { FaultLab } from './labels/fault-lab.ts';
import type { PlannedFault } from './labels/labels.ts';
import { failuresOf, type Judged, judge, scoreOf } from './labels/match.ts';
import { planOf } from './labels/plan.ts';
import { readTold } from './labels/read-told.ts';
import { runPlan } from './labels/run-plan.ts';
import { confusionTable } from './labels/table.ts';
import { writeSection } from './labels/write-section.ts';
import { wholeMinute } from './session.ts';
import { DISK_PROGRAMS, labSkip } from './shell.ts';

/** LABEL_SEEDS=1 runs one; LABEL_WRITE=1 writes the table into docs/faults.md. */
const SEEDS = (process.env.LABEL_SEEDS ?? '1,2,7').split(',').map(Number);
const WRITE = process.env.LABEL_WRITE === '1';
/** Polls that a busy machine slows down, and the scaled `off_provisional_ms`, tell by then. */
const SETTLE_MS = 40_000;
const MINUTE_MS = 60_000;
/** Counters that shall wrap are set by a leap; its polls are over before the first fault. */
const READY_MS = 25_000;
/** The agent reads the packets of all ports when such a time begins. */
const COUNTED_MS = 5 * MINUTE_MS;

interface Office {
  readonly lab: FaultLab;
  readonly name: string;
  readonly seed: number;
  readonly part: 'lanes' | 'whole';
}

/** The first minute from which a minute that is divisible by 5 lies one to four minutes ahead. */
function startAfter(ms: number): { start_ms: number; counted_ms: number } {
  let start_ms = wholeMinute(ms);
  if (start_ms % COUNTED_MS === 0) start_ms += MINUTE_MS;
  return { start_ms, counted_ms: COUNTED_MS - (start_ms % COUNTED_MS) };
}

async function openOffices(t: TestContext): Promise<Office[]> {
  const out: Office[] = [];
  for (const seed of SEEDS) {
    for (const part of ['lanes', 'whole'] as const) {
      const name = `${seed}${part === 'lanes' ? 'a' : 'b'}`;
      out.push({ lab: await FaultLab.open(t, name), name, seed, part });
    }
  }
  return out;
}

async function judgeOffice(
  { lab, name }: Office,
  plan: readonly PlannedFault[],
  start_ms: number,
): Promise<Judged> {
  const made = await runPlan(lab, plan, start_ms);
  const over_ms = Math.max(...made.map(({ to_ms }) => to_ms));
  const to_ms = await lab.session.recorded(over_ms + SETTLE_MS);
  const told = await readTold(lab, start_ms - 60_000, to_ms);
  const judged = judge(made, told);
  const file = join(lab.lan.dir, 'judged.json');
  writeFileSync(file, `${JSON.stringify({ name, start_ms, told, judged }, null, 1)}\n`);
  return judged;
}

test('labelled faults: what the product says of each', {
  skip: labSkip(DISK_PROGRAMS),
}, async (t) => {
  const offices = await openOffices(t);
  await Promise.all(offices.map(({ lab }) => lab.session.steady()));
  const { start_ms, counted_ms } = startAfter(Date.now() + READY_MS);
  const all = await Promise.all(
    offices.map((office) =>
      judgeOffice(office, planOf(office.seed, counted_ms)[office.part], start_ms),
    ),
  );
  for (const { verdicts, invented } of all) {
    for (const { fault, grade, all: words } of verdicts) {
      const { id, kind, target, expected } = fault.plan;
      const said = words.length === 0 ? 'none' : words.join(' + ');
      t.diagnostic(`${grade} ${id} ${kind} at ${target}: expected ${expected.said}, said ${said}`);
    }
    for (const { said, about } of invented) t.diagnostic(`invented ${said}: ${about}`);
  }
  const score = scoreOf(all);
  t.diagnostic(JSON.stringify(score));
  for (const line of confusionTable(all).split('\n')) t.diagnostic(line);
  if (WRITE) writeSection({ all, score, seeds: SEEDS, start_ms });
  assert.deepEqual(failuresOf(score), []);
});
