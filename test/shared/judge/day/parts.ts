import { cutWindow, judgeWindow } from '../../../../shared/judge/day/judge-window.ts';
import type { JudgedWindow, SiteCarry } from '../../../../shared/judge/day/types.ts';
import { askOf, type Rows, T0 } from './world.ts';

const HOUR_MS = 3_600_000;

/** Judges as the collector does: each window an hour beyond its cut, then the tail. */
export function inParts(rows: Rows, cuts_ms: readonly number[]): JudgedWindow[] {
  const windows: JudgedWindow[] = [];
  let from_ms = T0;
  let carry: SiteCarry | null = null;
  for (const cut_ms of cuts_ms) {
    const ask = askOf(rows, from_ms, cut_ms + HOUR_MS, carry);
    const { kept, carry: next } = cutWindow(ask, cut_ms, judgeWindow(ask));
    windows.push(kept);
    // What is stored is plain JSON.
    carry = JSON.parse(JSON.stringify(next));
    from_ms = cut_ms;
  }
  windows.push(judgeWindow(askOf(rows, from_ms, rows.end_ms, carry)));
  return windows;
}
