import { buildChunk, HOUR_MS, type HourRun, hourOf, type SlotChunk } from './chunk.ts';
import { type BatchSaid, devicesOf, foldBatch } from './fold-batch.ts';
import { carriersOf, type DeviceWindow, keepList } from './lists.ts';
import { noteHole, observeBatch } from './observe/observe.ts';
import { foldPaper } from './observe/plan.ts';
import type { SeenRow } from './observe/types.ts';
import { giveUp, resume, segmentOf, suspend, ticksOf } from './pending.ts';
import { useClock } from './run-clock.ts';
import type { LiveChange } from './say.ts';
import { itemClass, strongerClass } from './slots.ts';
import {
  type AgentState,
  createAgent,
  type DeviceState,
  JUDGE_STATE_VERSION,
  type JudgeState,
} from './state.ts';
import type { JudgeInput, SlotClass, SlotRun, StateInterval } from './types.ts';

/**
 * What an input changed. Everything overwrites: a slot run what was stored for its device in its
 * span, a chunk its (agent, hour), a window its (device, agent, from_ms). A state interval deletes
 * the device's stored ones that begin in [from_ms, to_ms) (null: from from_ms on) and ends an
 * earlier one that reaches beyond from_ms there: it never splits one in two. Folding the same
 * inputs again from an older state gives the same output, byte for byte.
 */
export interface JudgeOutput {
  /**
   * Newly closed slots, and those said before that are still open to a later answer. Empty where
   * they were not asked for: chunks carry them as well.
   */
  readonly slots: readonly SlotRun[];
  /** Only what changed: a device steadily up adds nothing. */
  readonly states: readonly StateInterval[];
  readonly live: readonly LiveChange[];
  /** Hours that are final. The hours after them: {@link openChunks}. */
  readonly chunks: readonly SlotChunk[];
  readonly windows: readonly DeviceWindow[];
  readonly agents: readonly AgentSummary[];
  /** What batches say beside their slots; overwrites by key. */
  readonly seen: readonly SeenRow[];
}

export interface AgentSummary {
  readonly agent: string;
  /** What is said reaches to here; later time is `not_received`, or `clock_pending` if so. */
  readonly closed_to_ms: number | null;
  readonly last_seq: number;
  readonly epoch: number;
  readonly run: string | null;
  readonly list_version: number | null;
  /** Batches wait for a synchronised clock. */
  readonly clock_pending: boolean;
  /** Ticks that found no slot since the beginning (clock_invalid, doubled). */
  readonly discarded_ticks: number;
}

type Batch = Extract<JudgeInput, { kind: 'batch' }>;

export function createJudgeState(): JudgeState {
  return { v: JUDGE_STATE_VERSION, leaf: -1, plan: null, unseen: [], agents: {} };
}

/**
 * Folds one input into `state`, which it changes. In leaf order; old ones are skipped. `wants`: a
 * collector takes slots out of chunks and spares itself those of each minute.
 */
export function foldInput(
  state: JudgeState,
  input: JudgeInput,
  wants: { readonly slots: boolean } = { slots: true },
): JudgeOutput {
  const slots: SlotRun[] | null = wants.slots ? [] : null;
  const out: BatchSaid = { slots, states: [], live: [], chunks: [], windows: [] };
  const said = { ...out, slots: slots ?? [] };
  if (input.leaf <= state.leaf) return { ...said, agents: [], seen: [] };
  state.leaf = input.leaf;
  if (input.kind === 'site' || input.kind === 'maintenance') {
    foldPaper(state, input);
    return { ...said, agents: [], seen: [] };
  }
  const agent = agentOf(state, input.agent);
  let seen: readonly SeenRow[] = [];
  switch (input.kind) {
    case 'enrol':
      enrol(agent, input.epoch);
      break;
    case 'targets':
      keepList(agent, input.hash, input.list);
      break;
    case 'hole':
      if (input.epoch !== agent.epoch || input.to_seq <= agent.seq) break;
      agent.seq = input.to_seq;
      noteHole(agent.observe, input.reason);
      miss(agent, input.reason === 'lost_disk' ? 'not_received' : 'dropped');
      break;
    case 'conflict':
      if (input.epoch === agent.epoch) agent.conflict = true;
      break;
    case 'batch':
      seen = foldOne(state, agent, input, out);
  }
  return { ...said, agents: [summary(agent)], seen };
}

/** Chunks of the hours that are not final, as they stand now: they overwrite like final ones. */
export function openChunks(state: JudgeState, agentCode?: string): SlotChunk[] {
  const out: SlotChunk[] = [];
  for (const agent of Object.values(state.agents)) {
    if (agentCode !== undefined && agent.agent !== agentCode) continue;
    if (agent.hour_ms === null || agent.closed_ms === null) continue;
    const devices = devicesOf(agent);
    const runs = new Map(devices.map((device) => [device, withOpen(device)]));
    for (let hour = agent.hour_ms; hour <= hourOf(agent.closed_ms); hour += HOUR_MS) {
      const chunk = buildChunk(agent.agent, hour, devices, (device) => runs.get(device) ?? []);
      if (chunk.fill !== null || Object.keys(chunk.runs).length > 0) out.push(chunk);
    }
  }
  return out;
}

function withOpen(device: DeviceState): HourRun[] {
  const open = device.items.filter((item) => item.s < device.next);
  const per_hour = HOUR_MS / device.interval_ms;
  const runs = [...device.runs];
  for (const item of open) {
    for (let s = item.s; s < item.s + item.n; ) {
      const n = Math.min(item.s + item.n - s, per_hour - (s % per_hour));
      const { code, epoch, seq } = item;
      runs.push({ s, n, cls: itemClass(item), code, epoch, seq });
      s += n;
    }
  }
  return runs;
}

function agentOf(state: JudgeState, code: string): AgentState {
  const known = state.agents[code];
  if (known !== undefined) return known;
  const agent = createAgent(code);
  state.agents[code] = agent;
  return agent;
}

function enrol(agent: AgentState, epoch: number): void {
  if (epoch <= agent.epoch) return;
  giveUp(agent);
  agent.epoch = epoch;
  agent.seq = 0;
  agent.conflict = false;
  agent.run = null;
}

/** Time until the next placed tick has no ticks, for `reason` at least. */
function miss(agent: AgentState, reason: SlotClass): void {
  agent.gap = strongerClass(agent.gap, reason);
}

function foldOne(
  state: JudgeState,
  agent: AgentState,
  input: Batch,
  out: BatchSaid,
): readonly SeenRow[] {
  if (input.epoch > agent.epoch) enrol(agent, input.epoch);
  if (input.epoch < agent.epoch || input.seq <= agent.seq) return [];
  // Acceptance lets no gap through without a hole; if one is here, nothing is known of it.
  if (input.seq > agent.seq + 1) miss(agent, 'not_received');
  agent.seq = input.seq;
  // A revocation has no end inside an epoch, as a conflict has none.
  if (input.revoked === true) agent.conflict = true;
  const { header, recv_ms } = input;
  if (header === null) {
    miss(agent, 'unreadable');
    return [];
  }
  const clock = useClock(agent, header);
  // Lists are forgotten once they are in force: what it names its targets by is noted before.
  const observed = observeBatch(state, agent, { ...input, header }, clock);
  for (const event of header.events) {
    if (event.code === 'list_applied' && event.value !== undefined && event.utc_ms !== undefined) {
      agent.applied = { version: event.value, utc_ms: event.utc_ms };
    }
  }
  const fault = input.fault !== null;
  const ticks = ticksOf(input.sections, input.seq, carriersOf(agent, header.list));
  if (!clock.synchronised) {
    // Monotonic time stands still while a machine sleeps: what came before cannot be placed.
    const slept = header.events.some(({ code }) => code === 'suspend');
    if (slept) giveUp(agent);
    suspend(agent, segmentOf(agent, header, slept ? [] : ticks, { recv_ms, fault }));
    if (slept) miss(agent, 'clock_pending');
    showPending(agent, out);
    return [];
  }
  const { applied } = agent;
  resume(agent, clock.offset_ms, out);
  foldBatch(
    agent,
    {
      epoch: input.epoch,
      list: header.list,
      applied_ms: applied?.version === header.list.version ? applied.utc_ms : null,
      list_recv_ms: recv_ms,
      recv_ms,
      offset_ms: clock.offset_ms,
      ticks,
      closed_ms: header.closed_to_ms,
      fault,
      conflict: agent.conflict,
    },
    out,
  );
  return observed();
}

/** Until the clock is known nothing is said of the slots, but a viewer must not see old states. */
function showPending(agent: AgentState, out: BatchSaid): void {
  for (const device of agent.devices) {
    if (device === null || device.shown?.reason === 'clock_pending') continue;
    device.shown = { state: 'unknown', reason: 'clock_pending' };
    out.live.push({
      device: device.device,
      agent: agent.agent,
      state: 'unknown',
      reason: 'clock_pending',
      since_ms: agent.closed_ms ?? device.from_ms,
      last_reply_ms: device.machine.last_reply_ms,
    });
  }
}

function summary(agent: AgentState): AgentSummary {
  return {
    agent: agent.agent,
    closed_to_ms: agent.closed_ms,
    last_seq: agent.seq,
    epoch: agent.epoch,
    run: agent.run?.id ?? null,
    list_version: agent.list?.version ?? null,
    clock_pending: agent.pending.length > 0,
    discarded_ticks: agent.discarded,
  };
}
