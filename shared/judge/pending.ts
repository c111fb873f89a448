import type { BatchHeader, CodeRun, ResultSection } from '../measure/batch.ts';
import type { SeriesProbe } from '../measure/codes.ts';
import { decodeRuns } from '../measure/runs.ts';
import { type BatchSaid, foldBatch } from './fold-batch.ts';
import { strongerClass } from './slots.ts';
import { type AgentState, PENDING_TICKS_MAX, type Segment, type TickRun } from './state.ts';

/**
 * The ticks of a batch's sections that can carry a state: series that only corroborate causes (the
 * large echo, names, pages, further ports, probes beside the reachability) are passed over, so
 * that they neither fill a slot nor move the moment from which a list holds.
 */
export function ticksOf(
  sections: readonly ResultSection[],
  seq: number,
  carries: (target: number, probe: SeriesProbe) => boolean,
): TickRun[] {
  const out: TickRun[] = [];
  for (const section of sections) {
    for (const { probe, check, t0, n0, i, targets, s } of section.series) {
      if (check !== undefined && check !== 0) continue;
      // Nearly all targets of a series went alike: the text of one is read for those after it too.
      let text = '';
      let runs: readonly CodeRun[] = [];
      for (let k = 0; k < targets.length; k++) {
        const target = targets[k];
        if (target === undefined || !carries(target, probe)) continue;
        const said = s[k] ?? '';
        if (said !== text) runs = decodeRuns(said);
        text = said;
        let mono_ms = t0 + n0 * i;
        for (const { code, ticks } of runs) {
          out.push({ target, probe, mono_ms, interval_ms: i, ticks, code, seq });
          mono_ms += ticks * i;
        }
      }
    }
  }
  return out;
}

/** What stays of a batch whose run has no synchronised clock. */
export function segmentOf(
  agent: AgentState,
  header: BatchHeader,
  ticks: TickRun[],
  how: { readonly recv_ms: number; readonly fault: boolean },
): Segment {
  const offset_ms = agent.run?.offset_ms ?? null;
  const newest: Record<string, number> = {};
  for (const [at, run] of ticks.entries()) newest[run.target] = at;
  const { applied } = agent;
  const named = applied?.version === header.list.version && offset_ms !== null ? applied : null;
  return {
    epoch: agent.epoch,
    run: header.run,
    list: header.list,
    applied:
      named === null || offset_ms === null
        ? null
        : { version: named.version, mono_ms: named.utc_ms - offset_ms },
    gap: null,
    conflict: agent.conflict,
    closed_mono_ms: offset_ms === null ? null : header.closed_to_ms - offset_ms,
    list_recv_ms: how.recv_ms,
    ...how,
    ticks,
    newest,
  };
}

/** Keeps a batch of a run without a synchronised clock until its boot has one. */
export function suspend(agent: AgentState, segment: Segment): void {
  if (agent.pending_ticks + segment.ticks.length > PENDING_TICKS_MAX) giveUp(agent);
  const last = agent.pending.at(-1);
  if (last === undefined || agent.gap !== null || !joins(last, segment)) {
    agent.pending.push({ ...segment, gap: agent.gap });
    agent.gap = null;
    agent.pending_ticks += segment.ticks.length;
    return;
  }
  for (const run of segment.ticks) {
    const at = last.newest[run.target];
    const held = at === undefined ? undefined : last.ticks[at];
    if (at !== undefined && held !== undefined && follows(held, run)) {
      last.ticks[at] = { ...held, ticks: held.ticks + run.ticks };
      continue;
    }
    last.newest[run.target] = last.ticks.push(run) - 1;
    agent.pending_ticks++;
  }
  last.recv_ms = Math.max(last.recv_ms, segment.recv_ms);
  last.closed_mono_ms = segment.closed_mono_ms ?? last.closed_mono_ms;
}

/** The boot ended, or slept, before its clock was known: nobody can place its ticks any more. */
export function giveUp(agent: AgentState): void {
  agent.observe.pending = [];
  if (agent.pending.length === 0) return;
  agent.pending = [];
  agent.pending_ticks = 0;
  agent.gap = strongerClass(agent.gap, 'clock_pending');
}

/** Places what waited, in order, with the offset that its boot turned out to have. */
export function resume(agent: AgentState, offset_ms: number, out: BatchSaid): void {
  const segments = agent.pending;
  const gap = agent.gap;
  agent.pending = [];
  agent.pending_ticks = 0;
  let before = segments.length === 0 ? gap : null;
  for (const segment of segments) {
    agent.gap = segment.gap === null ? before : strongerClass(before, segment.gap);
    const { epoch, list, recv_ms, list_recv_ms, ticks, fault, conflict } = segment;
    const { applied, closed_mono_ms } = segment;
    const utc = (mono_ms: number | null | undefined) =>
      mono_ms === null || mono_ms === undefined ? null : mono_ms + offset_ms;
    foldBatch(
      agent,
      {
        ...{ epoch, list, list_recv_ms, recv_ms, offset_ms, ticks, fault, conflict },
        applied_ms: utc(applied?.mono_ms),
        closed_ms: utc(closed_mono_ms),
      },
      out,
    );
    before = agent.gap;
  }
  agent.gap = gap === null ? before : strongerClass(before, gap);
}

function joins(last: Segment, next: Segment): boolean {
  return (
    last.run === next.run &&
    last.list.hash === next.list.hash &&
    next.applied === null &&
    // The first tick under a list may say when it begins: what closed before must stay before.
    (last.ticks.length > 0 || next.ticks.length === 0) &&
    !last.fault &&
    !next.fault &&
    last.conflict === next.conflict
  );
}

function follows(held: TickRun, run: TickRun): boolean {
  return (
    held.code === run.code &&
    held.probe === run.probe &&
    held.interval_ms === run.interval_ms &&
    held.mono_ms + held.ticks * held.interval_ms === run.mono_ms
  );
}
