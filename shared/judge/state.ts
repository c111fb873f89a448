import type { RawCode } from '../measure/codes.ts';
import type { HourRun } from './chunk.ts';
import type { PlanState, UnseenLeaf } from './observe/plan.ts';
import { createObserve, type ObserveState } from './observe/state.ts';
import type { Machine } from './states.ts';
import type { SlotClass, State, StateInterval, UnknownReason } from './types.ts';

/**
 * What the judge remembers of a site between inputs: plain JSON, so that a store can keep it and
 * go on from it. It is bounded: per agent by its targets (TARGETS_MAX), LISTS_KEPT, GAPS_MAX and
 * PENDING_TICKS_MAX; per device by the slots of the hours that are not finished yet, joined into
 * runs, of which at most ITEMS_MAX may wait for a verdict.
 */
export const JUDGE_STATE_VERSION = 2;
/** Lists that an agent was given and did not apply yet; a backlog may still use an old one. */
export const LISTS_KEPT = 64;
/** Holes in time that a long slot may still lie in; more are joined to the last. */
export const GAPS_MAX = 64;
/** Joined ticks of runs without a synchronised clock; beyond them slots stay clock_pending. */
export const PENDING_TICKS_MAX = 100_000;
/** Items of one device that wait for the end of a silence; beyond them they count as no_reply. */
export const ITEMS_MAX = 10_000;

export interface JudgeState {
  readonly v: typeof JUDGE_STATE_VERSION;
  /** Last leaf that was folded; earlier ones are passed over. −1 before the first. */
  leaf: number;
  /** What observing needs of the newest site document; null before the first. */
  plan: PlanState | null;
  /** Ordinal of the newest revocation that its batches were read with; absent: none. */
  revoked_to?: number;
  /** Maintenance whose leaf no agent of the site is known to have seen. */
  unseen: UnseenLeaf[];
  /** By agent code. */
  readonly agents: Record<string, AgentState>;
}

export interface AgentState {
  readonly agent: string;
  epoch: number;
  seq: number;
  /** From a conflict leaf until a higher epoch. */
  conflict: boolean;
  /** Every slot that ends before this UTC ms is classified; null before the first list. */
  closed_ms: number | null;
  run: RunState | null;
  /** Why the time from closed_ms on has no ticks; ends at the next placed tick. */
  gap: SlotClass | null;
  /** Ended gaps that a slot which is still open may lie in. */
  gaps: Gap[];
  pending: Segment[];
  pending_ticks: number;
  lists: KeptList[];
  list: { readonly version: number; readonly hash: string; readonly from_ms: number } | null;
  /** list_applied of a list that no batch used yet. */
  applied: { readonly version: number; readonly utc_ms: number } | null;
  /** By target index of the list in force; null: not own, or nothing to probe. */
  devices: (DeviceState | null)[];
  /** Devices of earlier lists whose last slots are not finished. */
  leaving: DeviceState[];
  /** Own targets without a probe: their time is unknown. */
  unprobed: { readonly device: string; readonly from_ms: number }[];
  /** Placed send time of the newest answer of any own target. */
  answered_ms: number | null;
  /** First UTC hour whose chunk was not handed out. */
  hour_ms: number | null;
  /** Ticks that found no slot: closed, filled or in the future. */
  discarded: number;
  readonly observe: ObserveState;
}

export interface RunState {
  readonly id: string;
  readonly boot: string;
  offset_ms: number | null;
  synchronised: boolean;
}

/** Slots that begin before `to_ms`, were open when it was found and get no tick have the reason. */
export interface Gap {
  readonly to_ms: number;
  readonly reason: SlotClass;
}

/** The little of a target list that the judge needs. */
export interface KeptList {
  readonly version: number;
  readonly hash: string;
  readonly issued_ms: number;
  readonly targets: readonly KeptTarget[];
}
export interface KeptTarget {
  readonly device: string;
  readonly own: boolean;
  readonly probe: string;
  readonly interval_ms: number | null;
}

/** Ticks of one code in a row: tick k was sent at mono_ms + k × interval_ms. */
export interface TickRun {
  readonly target: number;
  readonly probe: string;
  readonly mono_ms: number;
  readonly interval_ms: number;
  readonly ticks: number;
  readonly code: RawCode;
  readonly seq: number;
}

/** Batches of one run without a synchronised clock: in monotonic time, placed when it has one. */
export interface Segment {
  readonly epoch: number;
  readonly run: string;
  readonly list: { readonly version: number; readonly hash: string };
  /** list_applied in the agent's unsynchronised time, as monotonic ms. */
  applied: { readonly version: number; readonly mono_ms: number } | null;
  /** Gap before the segment. */
  readonly gap: SlotClass | null;
  readonly fault: boolean;
  readonly conflict: boolean;
  closed_mono_ms: number | null;
  /** Receive times of the segment's first and newest batch. */
  readonly list_recv_ms: number;
  recv_ms: number;
  ticks: TickRun[];
  /** By target index: position of its newest entry in `ticks`, which a later batch may join. */
  newest: Record<string, number>;
}

/** Slots s … s+n−1 of a device: ticks of one code and phase, or nothing (`code` null). */
export interface Item {
  readonly s: number;
  readonly n: number;
  /** Null: follows from the code. */
  readonly cls: SlotClass | null;
  readonly code: RawCode | null;
  /** Send time of slot k is k × interval + phase, ms. */
  readonly phase_ms: number;
  readonly epoch: number | null;
  readonly seq: number | null;
}

export interface DeviceState {
  readonly device: string;
  readonly probe: string;
  readonly interval_ms: number;
  /** The list's first minute. */
  readonly from_ms: number;
  /** The next list's first minute, if that has the device no more or probes it otherwise. */
  until_ms: number | null;
  /** First slot that is not closed: ticks for earlier ones come too late. */
  next: number;
  /** First slot whose class is not final. */
  done: number;
  /** Slots from `done` on, ascending, disjoint. */
  items: Item[];
  /** Whether the newest tick up to answered_ms was answered. */
  answered_at_gap: boolean;
  /** Whether an `n` was sent between answered_ms and closed_ms. */
  lost_in_gap: boolean;
  /** Whether the newest tick before closed_ms was answered. */
  answered_last: boolean;
  machine: Machine;
  /** What was said of the time from the machine's interval on and may still change. */
  said: StateInterval[];
  shown: { readonly state: State; readonly reason: UnknownReason | null } | null;
  /** Final runs of the hours that were not handed out. */
  runs: HourRun[];
}

/** An agent of which nothing is known yet. */
export function createAgent(code: string): AgentState {
  return {
    agent: code,
    epoch: 0,
    seq: 0,
    conflict: false,
    closed_ms: null,
    run: null,
    gap: null,
    gaps: [],
    pending: [],
    pending_ticks: 0,
    lists: [],
    list: null,
    applied: null,
    devices: [],
    leaving: [],
    unprobed: [],
    answered_ms: null,
    hour_ms: null,
    discarded: 0,
    observe: createObserve(),
  };
}
