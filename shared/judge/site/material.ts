import type { DeviceKind } from '../../measure/codes.ts';
import type { PoweredBy } from '../../measure/inventory-types.ts';
import type { Cause, Confidence } from '../cause-names.ts';
import type { FinalInterval } from '../final.ts';
import type { Span } from '../spans.ts';
import type { State, UnknownReason } from '../types.ts';
import type { Fact } from './facts.ts';
import type { SiteSettings } from './settings.ts';

/** Everything that judging one site over [from_ms, to_ms) reads; lists in any order. */
export interface SiteMaterial {
  readonly site: string;
  readonly from_ms: number;
  /** End of what is known; a whole UTC minute. */
  readonly to_ms: number;
  readonly versions: readonly TopologyVersion[];
  readonly devices: readonly DeviceMaterial[];
  readonly facts: readonly Fact[];
  readonly references: readonly Reference[];
  readonly settings: SiteSettings;
  /** SHA-256 of a text as hex: makes the ids. */
  readonly sha256: (text: string) => string;
  /** Facts on which incidents of the time before stand: they are no findings. */
  readonly used_facts?: readonly Fact[];
}

/** The site's plan from `from_ms` on; the earliest also holds before. */
export interface TopologyVersion {
  readonly from_ms: number;
  readonly nodes: readonly SiteNode[];
  readonly agents: readonly SiteAgent[];
  /** Adopted links beside the attachments; undirected. */
  readonly links: readonly (readonly [string, string])[];
}

export interface SiteNode {
  readonly code: string;
  readonly kind: DeviceKind;
  /** The owning agent's code. */
  readonly agent: string;
  readonly attached: Attached | null;
  readonly powered_by: PoweredBy;
  readonly witnesses: readonly string[];
  readonly groups: readonly string[];
  readonly rtt_limit_ms: number;
  /** Its uptime and ports are polled. */
  readonly snmp: boolean;
}

export interface SiteAgent {
  readonly code: string;
  readonly attached: Attached | null;
}

export interface Attached {
  readonly device: string;
  readonly port: string | null;
}

/** A device's slot interval from `from_ms` on; the earliest also holds before. */
export interface SlotGrid {
  readonly from_ms: number;
  /** Above 0. */
  readonly interval_ms: number;
}

export interface DeviceMaterial {
  readonly device: string;
  /** Newest slot interval; 0: nothing is probed (unmanaged switches). */
  readonly interval_ms: number;
  /** Slot intervals by time, ascending; absent: `interval_ms` always. */
  readonly grids?: readonly SlotGrid[];
  /** Disjoint; what they cover is what the final intervals cover. May begin before the window. */
  readonly base: readonly BaseInterval[];
  /** ICMP only: minutes from 4 minutes before the window on. */
  readonly minutes: readonly MinuteRow[];
  /** Only windows that were known in time. */
  readonly maintenance: readonly Span[];
  readonly working: readonly Span[];
  readonly carry: DeviceCarry | null;
}

/** What the slots alone say; `silent` is at least three lost slots in a row. */
export interface BaseInterval {
  readonly from_ms: number;
  /** Null: still so at the window's end. */
  readonly to_ms: number | null;
  readonly state: 'up' | 'silent' | 'unknown';
  readonly reason: UnknownReason | null;
  /** Of silence: last good send time before, first good send time after. */
  readonly earliest_ms: number | null;
  readonly latest_ms: number | null;
  /** Of silence: the 30 slots before and the 30 after together; null while they are not known. */
  readonly around: { readonly slots: number; readonly lost: number } | null;
}

/** One UTC minute of ICMP slots. `lost` leaves out what lies in silence; p95 in µs. */
export interface MinuteRow {
  readonly at_ms: number;
  readonly slots: number;
  readonly lost: number;
  readonly p95_us: number | null;
}

/** What the settled time before the window left behind. */
export interface DeviceCarry {
  /** The final state just before the window. */
  readonly state: State;
  /**
   * True start of the silence that goes on at the window's start, through all its states, with its
   * bound; else null. Of an unmanaged switch: start of the down and unreachable time as judged.
   */
  readonly silent_since_ms: number | null;
  readonly earliest_ms: number | null;
  /** Off, and no reply since: unknown time may lie between. */
  readonly off: boolean;
  /**
   * When it answered in the last 10 minutes before the window and, of an endpoint, around the fall
   * of the nodes above it that are silent still.
   */
  readonly answered: readonly Span[];
  /** The incident that is still open. `root` differs from the device for unreachable. */
  readonly incident: CarriedIncident | null;
  /** Device whose silence hides the one that goes on; absent or null: none. */
  readonly root?: string | null;
  /** Since when the silence that goes on has this state and this root; null: its start. */
  readonly piece_from_ms?: number | null;
  /** Of an unmanaged switch: start of the unknown time that goes on at the window's start. */
  readonly unknown_since_ms?: number | null;
  /** Of the 30 slots before the silence that goes on; null: nothing is said of them. */
  readonly before?: { readonly slots: number; readonly lost: number } | null;
  /** What happened shortly before the window: what follows may belong to its incident. */
  readonly troubles?: readonly CarriedTrouble[];
}

export type TroubleSort = 'outage' | 'lossy' | 'degraded' | 'flapping';

/** Troubles of one sort and incident as one: from the first one's start to the last one's end. */
export interface CarriedTrouble {
  readonly sort: TroubleSort;
  readonly from_ms: number;
  /** At most the window's start. */
  readonly to_ms: number;
  readonly incident: CarriedIncident;
}

export interface CarriedIncident {
  readonly id: string;
  readonly root: string;
  readonly from_ms: number;
  readonly earliest_ms: number | null;
  readonly cause: Cause;
  readonly confidence: Confidence;
}

/** An `upstream` target that may prove a WAN outage. */
export interface Reference {
  readonly device: string;
  readonly operator: string;
  /** It answered at least 95 % of the last 24 h; a function says it of those before an instant. */
  readonly may_vote: boolean | ((at_ms: number) => boolean);
}

export type IncidentPhase = 'open' | 'settling' | 'settled';
export type IncidentKind = 'outage' | 'degraded' | 'flapping';

export interface Incident {
  readonly id: string;
  readonly kind: IncidentKind;
  readonly phase: IncidentPhase;
  readonly cause: Cause;
  readonly confidence: Confidence;
  readonly roots: readonly string[];
  readonly unreachable: readonly string[];
  readonly started_at_ms: number;
  readonly started_earliest_ms: number | null;
  /** Null: goes on. */
  readonly ended_at_ms: number | null;
  readonly ended_latest_ms: number | null;
  /** What the cause stands on. */
  readonly facts: readonly Fact[];
}

/** Something that is worth repair but made no outage, or is not its cause. */
export interface Finding {
  readonly what: Fact['what'];
  readonly device: string;
  readonly port: string | null;
  readonly from_ms: number;
  readonly to_ms: number;
  readonly facts: readonly Fact[];
}

export interface SiteJudgement {
  /** By device, then time. */
  readonly intervals: readonly FinalInterval[];
  /** By start, then id. */
  readonly incidents: readonly Incident[];
  readonly findings: readonly Finding[];
  readonly marks: SiteMarks;
}

/** What the next window's carry is made of. */
export interface SiteMarks {
  readonly pieces: readonly PieceMark[];
  readonly troubles: readonly TroubleMark[];
  /** Unknown time of unmanaged switches, whole. */
  readonly gaps: readonly GapMark[];
}

export interface GapMark {
  readonly device: string;
  readonly from_ms: number;
  readonly to_ms: number;
}

/** Part of a silence, whole, also where maintenance covers it. */
export interface PieceMark {
  readonly device: string;
  readonly from_ms: number;
  readonly to_ms: number;
  readonly state: 'down' | 'unreachable' | 'off';
  readonly silence: { readonly from_ms: number; readonly earliest_ms: number | null };
  readonly root: string | null;
  readonly incident: string | null;
}

export interface TroubleMark {
  readonly device: string;
  readonly sort: TroubleSort;
  readonly from_ms: number;
  readonly to_ms: number;
  readonly incident: string;
}
