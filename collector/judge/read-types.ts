/** Reading what the judge found; every figure a person sees begins here. */
import type { Cause, Confidence } from '../../shared/judge/cause-names.ts';
import type { Closed } from '../../shared/judge/closed.ts';
import type { SiteDocuments } from '../../shared/judge/day/types.ts';
import type { FinalInterval } from '../../shared/judge/final.ts';
import type { DeviceWindow } from '../../shared/judge/lists.ts';
import type { AsOf, Judged } from '../../shared/judge/period/judged.ts';
import type { Incident } from '../../shared/judge/site/material.ts';
import type { SlotRun, State, UnknownReason } from '../../shared/judge/types.ts';
import type { DaySumsRow, IntervalRow } from '../store/rows-judgement.ts';

/** What is known about a device now. */
export interface CurrentState {
  readonly device: string;
  readonly agent: string;
  /** `unknown` with reason `not_received` when the agent is late. */
  readonly state: State;
  readonly reason: UnknownReason | null;
  /** Of down, unreachable and explained unknown time. */
  readonly cause: Cause | null;
  readonly confidence: Confidence | null;
  /** Id of the incident that it is part of. */
  readonly incident: string | null;
  /** Null: never answered (display word `pending`). */
  readonly since_ms: number | null;
  /** End of what is known: the agent's closed_to; null before its first batch. */
  readonly closed_to_ms: number | null;
  /** now − closed_to: how old the knowledge is. */
  readonly age_ms: number | null;
  readonly last_reply_ms: number | null;
  /** Median round trip of the newest closed minute, µs. */
  readonly rtt_us: number | null;
}

interface Material {
  /** Whole state intervals that touch the period, each by the word of its agent. */
  readonly stored: readonly IntervalRow[];
  /**
   * When devices were expected, and of whom; those of one device are disjoint and ascending.
   * Outside of them a device has no figures.
   */
  readonly windows: readonly DeviceWindow[];
  readonly closed: Closed;
  readonly as_of: AsOf;
}

/** Sums of complete days of several sites, for overviews. */
export interface DaysOfSites {
  /** By site and day; `sums` is read with `decodeSums`. */
  readonly rows: readonly DaySumsRow[];
  readonly sites: ReadonlyMap<string, DaysKnown>;
}

/** What rows of days of one site are a function of. */
export interface DaysKnown {
  /** End of its last complete day; null: none yet. */
  readonly to_ms: number | null;
  readonly documents: SiteDocuments;
  readonly as_of: AsOf;
}

export interface JudgeReader {
  /**
   * Runs that cover [from_ms, to_ms) without a gap, as far as `as_of.to_ms` reaches; slots that
   * nothing was received for are `not_received`. Both ends are whole UTC minutes (RangeError).
   */
  slots(
    site: string,
    device: string,
    from_ms: number,
    to_ms: number,
  ): Promise<{ readonly runs: SlotRun[]; readonly as_of: AsOf }>;
  /** Final states that touch the period, clipped to it and to `as_of.to_ms`, gap-free. */
  intervals(
    site: string,
    from_ms: number,
    to_ms: number,
    device?: string,
  ): Promise<{ readonly intervals: readonly FinalInterval[]; readonly as_of: AsOf }>;
  /** What figures, incidents and documents of a period are made of. Whole UTC minutes. */
  judged(site: string, from_ms: number, to_ms: number): Promise<Judged>;
  /** Sums of the complete days that lie wholly in the period. */
  dayRows(
    sites: readonly string[],
    from_ms: number,
    to_ms: number,
    hours: 'all' | 'working',
  ): Promise<DaysOfSites>;
  /** What the slots alone say of a period, all read at one moment. */
  material(site: string, from_ms: number, to_ms: number, device?: string): Promise<Material>;
  /** Current state of every device that is judged, by device code. */
  current(site: string): Promise<CurrentState[]>;
  /** An incident by its id, of the days that touch [from_ms, to_ms) or later; null: none. */
  incident(site: string, id: string, from_ms: number, to_ms: number): Promise<Incident | null>;
  /** Incidents of the site that are open or settling now. */
  incidentsNow(site: string): Promise<{
    readonly incidents: readonly Incident[];
    /** Every version of the site's document, where there is an incident. */
    readonly versions: SiteDocuments['versions'];
  }>;
}
