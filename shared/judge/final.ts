import type { Cause, Confidence } from './cause-names.ts';
import type { State, UnknownReason } from './types.ts';

/** Time in which a device was in one state, as the site judge says it and figures read it. */
export interface FinalInterval {
  readonly device: string;
  /** UTC ms, [from_ms, to_ms). */
  readonly from_ms: number;
  /** Null: still in this state at the end of what is known. */
  readonly to_ms: number | null;
  readonly state: State;
  /** Only for unknown. */
  readonly reason: UnknownReason | null;
  /** For down, off and unreachable: earliest bound of the start (last good send time). */
  readonly earliest_ms: number | null;
  /** For down, off and unreachable: latest bound of the end (first good send time). */
  readonly latest_ms: number | null;
  /** Id of the incident that it is part of. */
  readonly incident: string | null;
  /** Of down, unreachable, and of unknown time that a later fact explains. */
  readonly cause: Cause | null;
  readonly confidence: Confidence | null;
  /** No later fact can change it. */
  readonly settled: boolean;
}
