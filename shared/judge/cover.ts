import { HOUR_MS, type SlotChunk } from './chunk.ts';
import type { SlotClass, SlotRun } from './types.ts';

export interface CoverAsk {
  readonly device: string;
  /** Chunks that touch the period, final and open, in any order. */
  readonly chunks: readonly SlotChunk[];
  /** Windows of the device, see DeviceWindow; those without an interval have no slots. */
  readonly windows: readonly {
    readonly agent: string;
    readonly from_ms: number;
    readonly to_ms: number | null;
    readonly interval_ms: number | null;
  }[];
  readonly from_ms: number;
  /** End of the period, already not later than as_of. */
  readonly to_ms: number;
  /** Class of slots that nothing is known of; default `not_received`. */
  readonly late?: SlotClass;
}

/**
 * The slots of one device in a period without a gap: every slot of a window's grid that begins in
 * the period and the window, as runs. Slots that no chunk holds are `late`.
 */
export function coverSlots(ask: CoverAsk): SlotRun[] {
  const out: SlotRun[] = [];
  const windows = [...ask.windows].sort((a, b) => a.from_ms - b.from_ms);
  let at = Number.NEGATIVE_INFINITY;
  for (const window of windows) {
    const i = window.interval_ms;
    if (i === null) continue;
    const from = Math.max(ask.from_ms, Math.floor(window.from_ms / i) * i, at);
    const to = Math.min(ask.to_ms, window.to_ms ?? ask.to_ms);
    at = coverWindow(ask, window.agent, i, Math.ceil(from / i), Math.ceil(to / i), out) * i;
  }
  return out;
}

function coverWindow(
  ask: CoverAsk,
  agent: string,
  i: number,
  first: number,
  end: number,
  out: SlotRun[],
): number {
  const known = ask.chunks
    .filter((chunk) => chunk.agent === agent)
    .flatMap((chunk) => runsOf(chunk, ask.device, i))
    .sort((a, b) => a.from_ms - b.from_ms);
  let at = first;
  for (const run of known) {
    const s = Math.max(at, run.from_ms / i);
    const e = Math.min(end, run.from_ms / i + run.slots);
    if (e <= s) continue;
    if (s > at) push(out, lateRun(ask, agent, i, at, s));
    push(out, { ...run, from_ms: s * i, slots: e - s });
    at = e;
  }
  if (at < end) push(out, lateRun(ask, agent, i, at, end));
  return Math.max(at, end);
}

function runsOf(chunk: SlotChunk, device: string, i: number): readonly SlotRun[] {
  const { agent, hour_ms, fill } = chunk;
  if (fill === null) return chunk.runs[device]?.filter((run) => run.interval_ms === i) ?? [];
  const slots = HOUR_MS / i;
  const nothing = { code: null, agent, epoch: null, seq: null };
  return [{ device, from_ms: hour_ms, interval_ms: i, slots, class: fill, ...nothing }];
}

function lateRun(ask: CoverAsk, agent: string, i: number, s: number, e: number): SlotRun {
  const { device } = ask;
  const nothing = { code: null, agent, epoch: null, seq: null };
  const cls = ask.late ?? 'not_received';
  return { device, from_ms: s * i, interval_ms: i, slots: e - s, class: cls, ...nothing };
}

/** Runs of one class and code that touch are one run of the first one's batch. */
function push(out: SlotRun[], run: SlotRun): void {
  const last = out.at(-1);
  const touches =
    last !== undefined &&
    last.class === run.class &&
    last.code === run.code &&
    last.agent === run.agent &&
    last.interval_ms === run.interval_ms &&
    last.from_ms + last.slots * last.interval_ms === run.from_ms;
  if (touches) out[out.length - 1] = { ...last, slots: last.slots + run.slots };
  else out.push(run);
}
