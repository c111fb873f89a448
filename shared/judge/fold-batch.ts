import { buildChunk, HOUR_MS, type SlotChunk } from './chunk.ts';
import { applyList, type DeviceWindow, findList } from './lists.ts';
import { FUTURE_MAX_MS, place } from './place.ts';
import { type Said, sayDevice } from './say.ts';
import { addGap, closedSlot, closeSlots, forgetGaps, strongerClass } from './slots.ts';
import type { AgentState, DeviceState, TickRun } from './state.ts';
import { lookAround } from './vantage.ts';

/** An agent that says "closed" later than this behind its newest tick is not waited for, ms. */
export const CLOSE_LAG_MAX_MS = HOUR_MS;

export interface BatchSaid extends Said {
  readonly windows: DeviceWindow[];
  readonly chunks: SlotChunk[];
}

/** A batch whose ticks can be placed. */
export interface PlacedBatch {
  readonly epoch: number;
  readonly list: { readonly version: number; readonly hash: string };
  /** UTC ms of list_applied for that list, if it was signed. */
  readonly applied_ms: number | null;
  /** When the first batch that may change the list was received. */
  readonly list_recv_ms: number;
  readonly recv_ms: number;
  readonly offset_ms: number;
  readonly ticks: readonly TickRun[];
  /** The header's promise; null: none. */
  readonly closed_ms: number | null;
  readonly fault: boolean;
  readonly conflict: boolean;
}

/** place → close → look around → say, for one agent. Changes `agent`, appends to `out`. */
export function foldBatch(agent: AgentState, batch: PlacedBatch, out: BatchSaid): void {
  const known = useList(agent, batch, out);
  const before_ms = agent.closed_ms;
  if (before_ms === null) return;
  const placed = place(agent, known ? batch.ticks : [], batch);
  if (placed.refused > 0) agent.gap = strongerClass(agent.gap, 'clock_invalid');
  const closed_ms = frontier(before_ms, batch, placed.last_ms);
  if (batch.fault || !known) addGap(agent, { to_ms: closed_ms, reason: 'unreadable' });
  if (batch.conflict) addGap(agent, { to_ms: closed_ms, reason: 'conflict' });
  if (agent.gap !== null && placed.first_ms !== null) {
    addGap(agent, { to_ms: placed.first_ms, reason: agent.gap });
    agent.gap = null;
  }
  const { gap } = agent;
  const gaps = gap === null ? agent.gaps : [...agent.gaps, { to_ms: closed_ms, reason: gap }];
  const devices = devicesOf(agent);
  for (const device of devices) closeSlots(device, closed_ms, gaps);
  agent.closed_ms = closed_ms;
  forgetGaps(agent, closed_ms);
  const vantage = lookAround(devices, agent.answered_ms, closed_ms);
  agent.answered_ms = vantage.answered_ms;
  for (const device of devices) sayDevice(agent, device, vantage, out);
  handOut(agent, devices, out.chunks);
}

/** Devices with slots, those of earlier lists included. */
export function devicesOf(agent: AgentState): DeviceState[] {
  const out = [...agent.leaving];
  for (const device of agent.devices) if (device !== null) out.push(device);
  return out;
}

/** False: the list is unknown, so the batch's indexes mean nothing. */
function useList(agent: AgentState, batch: PlacedBatch, out: BatchSaid): boolean {
  const list = findList(agent, batch.list);
  if (list === 'in_force') return true;
  if (list === null) return false;
  const { list_recv_ms: recv_ms, applied_ms } = batch;
  let first_ms = Number.POSITIVE_INFINITY;
  for (const run of batch.ticks) first_ms = Math.min(first_ms, run.mono_ms + batch.offset_ms);
  // Neither a signed minute nor a tick: the list before it stays until there is one.
  if (applied_ms === null && batch.ticks.length === 0) return true;
  applyList(agent, list, { first_ms, recv_ms, applied_ms }, out);
  return true;
}

function frontier(before_ms: number, batch: PlacedBatch, last_ms: number | null): number {
  const said_ms = batch.closed_ms ?? before_ms;
  // A promise about the future would close slots whose ticks are still to come.
  const believed_ms = said_ms > batch.recv_ms + FUTURE_MAX_MS ? before_ms : said_ms;
  return Math.max(before_ms, believed_ms, (last_ms ?? before_ms) - CLOSE_LAG_MAX_MS);
}

/** Hands out the hours in which nothing can change any more and forgets what left. */
function handOut(agent: AgentState, devices: readonly DeviceState[], chunks: SlotChunk[]): void {
  if (agent.hour_ms === null || agent.closed_ms === null) return;
  let hour_ms = agent.hour_ms;
  while (agent.closed_ms >= hour_ms + HOUR_MS) {
    const end_ms = hour_ms + HOUR_MS;
    if (!devices.every((device) => doneUntil(device, end_ms))) break;
    const chunk = buildChunk(agent.agent, hour_ms, devices, (device) => device.runs);
    if (chunk.fill !== null || Object.keys(chunk.runs).length > 0) chunks.push(chunk);
    hour_ms = end_ms;
  }
  if (hour_ms === agent.hour_ms) return;
  agent.hour_ms = hour_ms;
  for (const device of devices) {
    device.runs = device.runs.filter((run) => (run.s + run.n) * device.interval_ms > hour_ms);
  }
  const { answered_ms } = agent;
  // The number of own targets at the start of a silence counts those that left since.
  agent.leaving = agent.leaving.filter(({ until_ms }) => {
    const end_ms = until_ms ?? Number.POSITIVE_INFINITY;
    return hour_ms < end_ms || (answered_ms !== null && answered_ms < end_ms);
  });
}

function doneUntil(device: DeviceState, end_ms: number): boolean {
  if (device.from_ms >= end_ms) return true;
  return device.done >= closedSlot(device, end_ms);
}
