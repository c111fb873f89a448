import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { joinWindows } from '../../../../shared/judge/day/join.ts';
import { judgeWindow } from '../../../../shared/judge/day/judge-window.ts';
import type { JudgedWindow } from '../../../../shared/judge/day/types.ts';
import type { FinalInterval } from '../../../../shared/judge/final.ts';
import { cutsOf, history } from './histories.ts';
import { inParts } from './parts.ts';
import { askOf, at, type History, rowsOf, T0 } from './world.ts';

const HOUR_MS = 3_600_000;

type Shape = (one: FinalInterval, over: ReadonlySet<string>) => unknown[];
/** `over`: incidents that no window saw whole. */
function differ(told: History, cuts: readonly number[], shape: Shape): void {
  const rows = rowsOf(told);
  const whole = judgeWindow(askOf(rows, T0, rows.end_ms, null));
  const parts = joinWindows(inParts(rows, cuts.map(at)));
  const over = new Set(
    whole.incidents
      .filter(({ started_at_ms, ended_at_ms }) =>
        cuts
          .map((s) => at(s) - HOUR_MS)
          .some((ms) => started_at_ms - 300_000 < ms && (ended_at_ms ?? ms) >= ms),
      )
      .map(({ id }) => id),
  );
  for (const device of new Set(rows.windows.map((one) => one.device))) {
    const own = (list: readonly FinalInterval[]) =>
      joined(
        list.filter((one) => one.device === device).map((one) => [one.from_ms, shape(one, over)]),
      );
    assert.deepEqual(own(parts.intervals), own(whole.intervals), device);
  }
}
/** Neighbours that look the same as one: [from s, shape]. */
function joined(list: (readonly [from_ms: number, unknown[]])[]): unknown[] {
  return list
    .filter(([, what], k) => JSON.stringify(list[k - 1]?.[1]) !== JSON.stringify(what))
    .map(([from_ms, what]) => [seconds(from_ms), ...what]);
}
const seconds = (ms: number | null) => (ms === null ? null : (ms - T0) / 1000);
const numRuns = Number(process.env['RUNS'] ?? 80);

test('windows judged one after the other say the same states as all time at once', () => {
  fc.assert(
    fc.property(history, cutsOf, (told, cuts) => {
      differ(told, cuts, ({ state }) => [state]);
    }),
    { numRuns },
  );
});

test('the same bounds, incidents, causes and what is settled', () => {
  fc.assert(
    fc.property(history, cutsOf, (story, cuts) => {
      // Maintenance that ends what it covers takes its explanation with it: not over a cut here.
      const maintenance = (story.maintenance ?? []).filter(
        (one) => !cuts.map(at).some((ms) => one.from_ms <= ms && ms <= one.to_ms),
      );
      const told = { ...story, maintenance };
      differ(told, cuts, (one, over) => [
        one.state,
        one.reason,
        seconds(one.earliest_ms),
        seconds(one.latest_ms),
        one.incident?.slice(0, 6) ?? null,
        ...(over.has(one.incident ?? '') ? [] : [one.cause, one.confidence]),
        one.settled,
      ]);
    }),
    { numRuns },
  );
});

test('the same incidents with their members', () => {
  fc.assert(
    fc.property(history, cutsOf, (told, cuts) => {
      const rows = rowsOf(told);
      const shape = ({ incidents }: JudgedWindow) =>
        incidents.map((one) => [
          one.id.slice(0, 6),
          one.kind,
          one.phase,
          one.roots,
          one.unreachable,
          seconds(one.started_at_ms),
          seconds(one.started_earliest_ms),
          seconds(one.ended_at_ms),
          seconds(one.ended_latest_ms),
        ]);
      const whole = judgeWindow(askOf(rows, T0, rows.end_ms, null));
      assert.deepEqual(shape(joinWindows(inParts(rows, cuts.map(at)))), shape(whole));
    }),
    { numRuns },
  );
});
