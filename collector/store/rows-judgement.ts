/** What the judge keeps: everything here can be recomputed from the ledger. */
import type { DeviceWindow } from '../../shared/judge/lists.ts';
import type { StateInterval } from '../../shared/judge/types.ts';
import type { Position } from './rows.ts';

/** The judge's whole state of one site after the input at `position`. */
export interface JudgeStateRow extends Position {
  readonly site: string;
  /** Version of the serialised form; another one is recomputed. */
  readonly version: number;
  /** JSON. */
  readonly state: string;
  readonly saved_ms: number;
}

/** An input that the judge could not fold: it was counted and passed over. */
export interface JudgeFaultRow extends Position {
  readonly site: string;
  readonly code: string;
  readonly message: string;
  readonly at_ms: number;
}

export interface IntervalRow extends StateInterval {
  readonly site: string;
  /** Who says so: two agents that had a device one after another never overwrite each other. */
  readonly agent: string;
}

/** Slots of one agent's devices in one UTC hour. */
export interface ChunkRow {
  readonly site: string;
  readonly agent: string;
  /** Start of the UTC hour. */
  readonly hour_ms: number;
  readonly body: Uint8Array;
}

/** A change that viewers, metrics and alerts hear of, in the order of `id`. */
export interface OutboxRow {
  /** Increases; there may be gaps. */
  readonly id: number;
  readonly site: string;
  readonly at_ms: number;
  readonly kind: string;
  /** JSON. */
  readonly detail: string;
}

/** When a device was expected by whom; figures speak of this time only. */
export interface WindowRow extends DeviceWindow {
  readonly site: string;
}

/** What a batch said beside its slots; a later row of the same key stands over the earlier one. */
export interface SeenStoreRow {
  readonly site: string;
  readonly key: string;
  /** It tells of [from_ms, to_ms]. */
  readonly from_ms: number;
  readonly to_ms: number;
  /** JSON. */
  readonly body: string;
}

/** One complete, judged local day [day_ms, end_ms) of a site. */
export interface DayStoreRow extends Position {
  readonly site: string;
  readonly day_ms: number;
  readonly end_ms: number;
  /** Version of the accounting rules. */
  readonly rules: number;
  /** The sums carry what later days said of this one; the rest of the row never does. */
  readonly later_word: boolean;
  /** Text of shared/judge/day/sums.ts; by every hour, and by working hours. */
  readonly sums_all: string;
  readonly sums_working: string;
  /** Deflated JSON: kept for years and read seldom. */
  readonly intervals: Uint8Array;
  readonly incidents: Uint8Array;
  readonly findings: Uint8Array;
  readonly carry: Uint8Array;
}

/** Which day was judged, and what it is a function of. */
export type DayMark = Pick<DayStoreRow, 'site' | 'day_ms' | 'end_ms' | 'log' | 'leaf' | 'rules'>;

/** The little of a day that overviews add up. */
export interface DaySumsRow {
  readonly site: string;
  readonly day_ms: number;
  readonly end_ms: number;
  readonly rules: number;
  readonly sums: string;
}
