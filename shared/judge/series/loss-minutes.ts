import type { SlotRun } from '../types.ts';
import { DAY_MINUTES, type LossMinutes, MINUTE_MS } from './types.ts';

/** Loss of each minute of a day, and in which minutes a slot was answered. */
export interface SlotMinutes {
  readonly loss: LossMinutes | null;
  /** One per minute: 1 where a slot that touches it was answered. */
  readonly answered: Uint8Array;
}

/** Counts the slots of one device that begin in each minute of the day; runs in any order. */
export function slotMinutes(runs: readonly SlotRun[], day_ms: number): SlotMinutes {
  const [slots, lost, arp] = [counter(), counter(), counter()];
  const answered = new Uint8Array(DAY_MINUTES);
  let any = false;
  for (const run of runs) {
    const { class: cls } = run;
    if (cls !== 'reply' && cls !== 'no_reply' && cls !== 'arp_only') continue;
    const odd = cls === 'no_reply' ? lost : cls === 'arp_only' ? arp : null;
    for (const { minute, count } of perMinute(run, day_ms)) {
      slots[minute] = (slots[minute] ?? 0) + count;
      if (odd !== null) odd[minute] = (odd[minute] ?? 0) + count;
      any = true;
    }
    if (cls !== 'reply') continue;
    const end = Math.ceil((run.from_ms + run.slots * run.interval_ms - day_ms) / MINUTE_MS);
    const first = Math.floor((run.from_ms - day_ms) / MINUTE_MS);
    answered.fill(1, Math.max(0, first), Math.max(0, Math.min(DAY_MINUTES, end)));
  }
  if (!any) return { loss: null, answered };
  const known = (counts: Int32Array): (number | null)[] =>
    Array.from(counts, (count, minute) => (slots[minute] === 0 ? null : count));
  return { loss: { slots: known(slots), lost: known(lost), arp: known(arp) }, answered };
}

function counter(): Int32Array {
  return new Int32Array(DAY_MINUTES);
}

/** The run's slots by the minute of the day in which they begin. */
function* perMinute(
  { from_ms, interval_ms, slots }: SlotRun,
  day_ms: number,
): Generator<{ minute: number; count: number }> {
  const day_end_ms = day_ms + DAY_MINUTES * MINUTE_MS;
  for (let k = Math.max(0, Math.ceil((day_ms - from_ms) / interval_ms)); k < slots; ) {
    const at_ms = from_ms + k * interval_ms;
    if (at_ms >= day_end_ms) return;
    const minute = Math.floor((at_ms - day_ms) / MINUTE_MS);
    const next = Math.ceil((day_ms + (minute + 1) * MINUTE_MS - from_ms) / interval_ms);
    const end = Math.min(slots, next);
    yield { minute, count: end - k };
    k = end;
  }
}
