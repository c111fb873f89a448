import type { RawCode } from '../measure/codes.ts';
import type { AgentState, DeviceState, Item, TickRun } from './state.ts';

/** Ticks placed further than this after the batch was received belong to a wrong clock, ms. */
export const FUTURE_MAX_MS = 60_000;

/** Ticks this long before the list they name was in force are those of a wrong clock, ms. */
const BEFORE_LIST_MAX_MS = 3_600_000;

/**
 * Strength of codes when two ticks of one batch fall into one slot: the worse one stays. It is the
 * order of the classes (accounting §1, "the first that fits"): what says nothing (`l`, `x`) stands
 * above what accuses (`n`), so that unknown never becomes down, and `n` above `a` and `r`, so that
 * nothing unknown or lost becomes up. For whoever claims good figures each step is the worse one.
 */
const WORSE: readonly RawCode[] = ['l', 'x', 'n', 'a', 'r'];

export function worseCode(a: RawCode, b: RawCode): RawCode {
  return WORSE.indexOf(a) < WORSE.indexOf(b) ? a : b;
}

/** How and by which batch ticks are placed. */
export interface Placement {
  readonly offset_ms: number;
  readonly epoch: number;
  readonly recv_ms: number;
  readonly conflict: boolean;
}

export interface Placed {
  /** Placed send time of the first and last tick that found a slot; null if none did. */
  readonly first_ms: number | null;
  readonly last_ms: number | null;
  /** Ticks refused for their time: their slot was closed, or lies in the future. */
  readonly refused: number;
}

/**
 * Puts the ticks of a batch into slots of its agent's devices (accounting §1). A slot filled by a
 * lower (epoch, seq), and a slot that closed_to left behind, is never changed: such ticks are
 * counted in `agent.discarded` and fill nothing. So are ticks of targets that have no slots.
 */
export function place(agent: AgentState, ticks: readonly TickRun[], how: Placement): Placed {
  let first_ms: number | null = null;
  let last_ms: number | null = null;
  let refused = 0;
  for (const run of ticks) {
    const device = agent.devices[run.target];
    if (device === undefined || device === null) continue;
    const i = device.interval_ms;
    if (run.interval_ms !== i || run.probe !== device.probe) continue;
    const sent_ms = run.mono_ms + how.offset_ms;
    const slot = Math.floor(sent_ms / i);
    const late = Math.min(run.ticks, Math.max(0, device.next - slot));
    const room = Math.floor((how.recv_ms + FUTURE_MAX_MS - sent_ms) / i) + 1;
    const end = Math.max(late, Math.min(run.ticks, room));
    // Just before the list's first minute nobody expects a slot: those ticks are no bad clock's.
    const early = sent_ms < device.from_ms - BEFORE_LIST_MAX_MS;
    const expected = early ? slot : Math.max(slot, Math.ceil(device.from_ms / i));
    refused += run.ticks - end;
    refused += Math.max(0, slot + late - expected);
    agent.discarded += run.ticks - (end - late);
    if (end <= late) continue;
    insert(agent, device, {
      s: slot + late,
      n: end - late,
      cls: how.conflict ? 'conflict' : null,
      code: run.code,
      phase_ms: sent_ms - slot * i,
      epoch: how.epoch,
      seq: run.seq,
    });
    const from_ms = sent_ms + late * i;
    const to_ms = sent_ms + (end - 1) * i;
    if (first_ms === null || from_ms < first_ms) first_ms = from_ms;
    if (last_ms === null || to_ms > last_ms) last_ms = to_ms;
  }
  return { first_ms, last_ms, refused };
}

function insert(agent: AgentState, device: DeviceState, item: Item): void {
  const newest = device.items.at(-1);
  if (newest === undefined) {
    // A list that grows takes room for 17; nearly every minute of a device is this one item.
    device.items = [item];
    return;
  }
  if (newest.s + newest.n <= item.s) {
    device.items.push(item);
    return;
  }
  const merged: Item[] = [];
  let rest: Item | null = item;
  for (const held of device.items) {
    if (rest !== null && rest.s < held.s) {
      const before = Math.min(rest.n, held.s - rest.s);
      merged.push(cut(rest, rest.s, before));
      rest = tail(rest, before);
    }
    const shared = rest === null ? 0 : Math.min(rest.n, held.s + held.n - rest.s);
    if (rest === null || shared <= 0) {
      merged.push(held);
      continue;
    }
    merged.push(...clash(agent, held, cut(rest, rest.s, shared)));
    rest = tail(rest, shared);
  }
  if (rest !== null) merged.push(rest);
  device.items = merged;
}

/** `late` lies inside `held`: the same batch's worse tick wins, another batch's is discarded. */
function clash(agent: AgentState, held: Item, late: Item): Item[] {
  const same = held.epoch === late.epoch && held.seq === late.seq;
  if (!same || held.code === null || late.code === null) {
    agent.discarded += late.n;
    return [held];
  }
  const out: Item[] = [];
  if (late.s > held.s) out.push(cut(held, held.s, late.s - held.s));
  const worse = worseCode(held.code, late.code) === held.code ? held : late;
  out.push(cut(worse, late.s, late.n));
  const after = held.s + held.n - (late.s + late.n);
  if (after > 0) out.push(cut(held, late.s + late.n, after));
  return out;
}

/** The part of an item from slot `s` on, `n` slots. */
export function cut(item: Item, s: number, n: number): Item {
  return { ...item, s, n };
}

function tail(item: Item, used: number): Item | null {
  return item.n > used ? cut(item, item.s + used, item.n - used) : null;
}
